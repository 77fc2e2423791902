"""``tallystick web``."""

from __future__ import annotations

import argparse
import os

from tallystick.bootstrap.database import database
from tallystick.bootstrap.durable import refuse_unsafe_database
from tallystick.bootstrap.ports import free_or_raise
from tallystick.bootstrap.rights import WEB
from tallystick.bootstrap.safe_role import refuse_unsafe_role
from tallystick.cli.say import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; loopback unless said otherwise"
    )


def run(arguments: argparse.Namespace) -> int:
    from tallystick.bootstrap.web import serve

    os.environ["TALLYSTICK_DATABASE_AS"] = WEB
    free_or_raise(arguments.host, arguments.port)
    with database(say=say):
        refuse_unsafe_database()
        refuse_unsafe_role(WEB)
        serve(host=arguments.host, port=arguments.port)
    return 0
