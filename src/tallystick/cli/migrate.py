"""``tallystick migrate``."""

from __future__ import annotations

import argparse
import os
import sys

from tallystick.bootstrap.database import database
from tallystick.bootstrap.setup import setup
from tallystick.cli.say import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quiet", action="store_true", help="say nothing when all is well")


def run(arguments: argparse.Namespace) -> int:
    os.environ["TALLYSTICK_DATABASE_AS"] = "owner"
    with database(say=say):
        setup()
        from tallystick.bootstrap.migrate import CannotMigrate, migrate

        try:
            migrate(verbose=not arguments.quiet)
        except CannotMigrate as problem:
            print(f"tallystick: {problem}", file=sys.stderr)
            return 1
    if not arguments.quiet:
        say("The database is at this version")
    return 0
