"""``tallystick restore``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tallystick.bootstrap.database import database, migrate_in_child
from tallystick.bootstrap.setup import setup
from tallystick.cli.keys import tell_missing
from tallystick.cli.say import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="written by tallystick backup")
    parser.add_argument("--replace", action="store_true", help="although the database is not empty")


def run(arguments: argparse.Namespace) -> int:
    from tallystick.bootstrap.backup import BackupFailed, look_first, restore

    with database(say=say) as found:
        say(f"Restoring {arguments.file}")
        try:
            restore(found.url, arguments.file, replace=arguments.replace)
        except BackupFailed as problem:
            print(f"tallystick: {problem}", file=sys.stderr)
            return 1
        migrate_in_child(anew=True)
        os.environ.pop("TALLYSTICK_DATABASE_AS", None)
        setup(log_level="WARNING")
        from tallystick.bootstrap.keys import show

        held = look_first()
        missing = show().missing
    say("Restored")
    if held:
        say(
            f"{held} connection(s) are paused: Autotask may be ahead of the backup. The worker "
            "reads and compares first; look at the differences, then resume each connection"
        )
    tell_missing(missing)
    return 0
