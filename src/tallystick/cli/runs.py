"""``tallystick runs``."""

from __future__ import annotations

import argparse

from tallystick.cli.house import add_house
from tallystick.cli.sync import show_run as run

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run_number",
        metavar="run",
        type=int,
        nargs="?",
        help="of one subscription",
    )
    parser.add_argument("--round", type=int, metavar="NUMBER", help="of all asked at once")
    add_house(parser)
