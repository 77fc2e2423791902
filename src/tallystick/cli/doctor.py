"""``tallystick doctor``."""

from __future__ import annotations

import argparse

from tallystick.bootstrap.database import database, migrate_in_child
from tallystick.bootstrap.setup import setup
from tallystick.cli.say import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("connection", help="its name, or its number")
    parser.add_argument("--organisation", help="needed only when there are several")


def run(arguments: argparse.Namespace) -> int:
    """1 when something does not work."""
    with database(say=say):
        migrate_in_child()
        setup(log_level="WARNING")
        from tallystick.bootstrap.accounts import check_named_connection

        checks = check_named_connection(arguments.connection, organisation=arguments.organisation)
    for check in checks:
        print(f"{'ok  ' if check.ok else 'FAIL'}  {check.title}: {check.words}")
        if check.todo:
            print(f"      {check.todo}")
    wrong = sum(1 for check in checks if not check.ok)
    print(f"{wrong} of {len(checks)} checks did not pass." if wrong else "Everything works.")
    return 1 if wrong else 0
