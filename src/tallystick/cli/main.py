"""The ``tallystick`` command: each command is a module with ``add_arguments`` and ``run``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from tallystick.bootstrap.binaries import CannotStart
from tallystick.bootstrap.database import DatabaseGone, NotMigrated
from tallystick.kit.problem import InvalidInput, Problem

COMMANDS = {
    "up": ("tallystick.cli.up", "database, web server and worker, all in one"),
    "web": ("tallystick.cli.web", "the web server: pages and API"),
    "worker": ("tallystick.cli.worker", "a worker: sends what is pending to Autotask"),
    "migrate": ("tallystick.cli.migrate", "bring the database to this version"),
    "create-admin": ("tallystick.cli.create_admin", "make an administrator who can sign in"),
    "users": ("tallystick.cli.users", "who may sign in: invite, change roles, deactivate"),
    "create-token": ("tallystick.cli.create_token", "make a token for the REST API"),
    "doctor": ("tallystick.cli.doctor", "test a connection to Autotask, check by check"),
    "import": (
        "tallystick.cli.import_command",
        "import subscriptions, mappings, prices, Azure costs",
    ),
    "export": ("tallystick.cli.export_command", "write a mapping list to a CSV file"),
    "connections": ("tallystick.cli.connections", "connect, change, pause, delete a connection"),
    "mappings": ("tallystick.cli.mappings", "map customers, offers and subscriptions"),
    "contracts": ("tallystick.cli.contracts", "what bills, what follows it, a later last day"),
    "operations": ("tallystick.cli.operations", "what happens to a subscription, or preview it"),
    "policies": (
        "tallystick.cli.policies",
        "how changes of one customer or subscription are billed",
    ),
    "approvals": ("tallystick.cli.approvals", "what waits for approval: list, approve, reject"),
    "resellers": ("tallystick.cli.resellers", "make, rename, move a customer to another one"),
    "prices": ("tallystick.cli.prices", "apply the lists of a day, read a source's sheet"),
    "drift": ("tallystick.cli.drift", "what differs in Autotask: list, compare now, decide"),
    "renewals": ("tallystick.cli.renewals", "which terms end, and what is decided by then"),
    "status": ("tallystick.cli.status", "is all well, may one post: with an exit code"),
    "months": ("tallystick.cli.months", "close a month: ordered beside what Autotask shows"),
    "notifications": ("tallystick.cli.notifications", "who is told what is wrong, and how"),
    "sync": ("tallystick.cli.sync", "ask again for what waits, oldest first"),
    "runs": ("tallystick.cli.runs", "what became of a sync"),
    "audit": ("tallystick.cli.audit", "verify the audit logs, sign the ends of their chains"),
    "backup": ("tallystick.cli.backup", "write the database to one file"),
    "restore": ("tallystick.cli.restore", "put a backup in place"),
    "keys": ("tallystick.cli.keys", "the keys that seal credentials: list, rotate, remove"),
    "simulator": ("tallystick.simulator.command", "a stand-in for Autotask, to try things with"),
    "demo": ("tallystick.cli.demo", "everything, with a made-up company and the simulator"),
    "story": ("tallystick.cli.story", "one refused change and its repair, told step by step"),
}
FAILED = 1
WRONG_USE = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tallystick.settings")
    parser = argparse.ArgumentParser(
        prog="tallystick",
        description="Keeps subscriptions and the Autotask contracts that bill them matched.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, words) in COMMANDS.items():
        one = commands.add_parser(name, help=words, description=words.capitalize() + ".")
        if given and given[0] == name:
            command = import_module(module)
            command.add_arguments(one)
            one.set_defaults(run=command.run)
    parsed = parser.parse_args(given)
    try:
        return int(parsed.run(parsed))
    except InvalidInput as problem:
        for error in problem.errors:
            print(f"tallystick: {error.field}: {error.message}", file=sys.stderr)
        return WRONG_USE
    except (CannotStart, DatabaseGone, NotMigrated, Problem) as problem:
        print(f"tallystick: {problem}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("· Stopped", file=sys.stderr, flush=True)
        return INTERRUPTED
