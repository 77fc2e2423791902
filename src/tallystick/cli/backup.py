"""``tallystick backup``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tallystick.bootstrap.database import database
from tallystick.cli.say import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a new file; it must not exist yet")


def run(arguments: argparse.Namespace) -> int:
    from tallystick.bootstrap.backup import BackupFailed, back_up
    from tallystick.kit.home import home

    with database(say=say) as found:
        say(f"Backing up to {arguments.file}")
        try:
            size = back_up(found.url, arguments.file)
        except BackupFailed as problem:
            print(f"tallystick: {problem}", file=sys.stderr)
            return 1
    say(f"Done: {size:,} bytes")
    say(
        f"Keep {home() / 'secret.key'} (or TALLYSTICK_SECRET_KEY) in another safe place: without "
        "it the credentials in the backup cannot be opened"
    )
    return 0
