"""``tallystick create-token``."""

from __future__ import annotations

import argparse

from tallystick.bootstrap.database import database, migrate_in_child
from tallystick.bootstrap.setup import setup
from tallystick.cli.say import say

ROLES = ("administrator", "operator", "viewer", "auditor")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="what it is for; shown in the audit log")
    parser.add_argument("--role", choices=ROLES, default="operator")
    parser.add_argument("--organisation", help="needed only when there are several")


def run(arguments: argparse.Namespace) -> int:
    """The token is printed once, alone, on standard output; only its hash is stored."""
    with database(say=say):
        migrate_in_child()
        setup(log_level="WARNING")
        from tallystick.bootstrap.accounts import make_token

        token = make_token(
            name=arguments.name, role=arguments.role, organisation=arguments.organisation
        )
    print(token)
    say("This is the only time it is shown")
    return 0
