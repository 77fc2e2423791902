"""``tallystick up``: what most installations run."""

from __future__ import annotations

import argparse

from tallystick.bootstrap.database import database, migrate_in_child
from tallystick.bootstrap.durable import refuse_unsafe_database
from tallystick.bootstrap.ports import answers, free_or_raise
from tallystick.bootstrap.setup import setup
from tallystick.bootstrap.supervise import Part, Supervisor
from tallystick.cli.say import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; loopback unless said otherwise"
    )


def run(arguments: argparse.Namespace) -> int:
    """Until Ctrl-C or SIGTERM; turns under way are finished first."""
    host, port = arguments.host, arguments.port
    free_or_raise(host, port)
    with database(say=say) as found, Supervisor(say=say) as supervisor:
        refuse_unsafe_database()
        say("Bringing the database to this version")
        migrate_in_child()
        worker = Part("the worker", ["worker"])
        web = Part("the web server", ["web", "--host", host, "--port", str(port)], patience=15.0)
        say("Starting the worker and the web server")
        supervisor.start(worker)
        supervisor.start(web)
        if supervisor.wait_until(lambda: answers(host, port), web, seconds=60):
            _hint_first_person()
            say(f"Tallystick is at http://{host}:{port}/  (Ctrl-C stops it)")
        supervisor.keep(found.must_run)
    say("Stopped")
    return 0


def _hint_first_person() -> None:
    setup(log_level="WARNING")
    from django.db import OperationalError

    from tallystick.bootstrap.accounts import nobody_can_sign_in

    try:
        nobody = nobody_can_sign_in()
    except OperationalError:
        return  # the database is away for a moment; the hint is not worth stopping for
    if nobody:
        say("Nobody can sign in yet. In another window: tallystick create-admin you@example.com")
