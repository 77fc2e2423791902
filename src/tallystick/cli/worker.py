"""``tallystick worker``."""

from __future__ import annotations

import argparse
import os
import sys

from tallystick.bootstrap.database import database
from tallystick.bootstrap.durable import refuse_unsafe_database
from tallystick.bootstrap.rights import WORKER
from tallystick.bootstrap.safe_role import refuse_unsafe_role
from tallystick.bootstrap.setup import setup
from tallystick.bootstrap.version import refuse_other_version
from tallystick.cli.say import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--turns", type=int, help="lanes worked on at the same time")


def run(arguments: argparse.Namespace) -> int:
    os.environ["TALLYSTICK_DATABASE_AS"] = WORKER
    with database(say=say):
        refuse_unsafe_database()
        refuse_other_version()
        refuse_unsafe_role(WORKER)
        setup()
        from tallystick.bootstrap.worker import run as work

        replaced = work(turns=arguments.turns, ready=lambda: say("Worker ready"))
    if replaced:
        print(f"tallystick: {replaced}", file=sys.stderr)
        return 1
    return 0
