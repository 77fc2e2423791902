"""``tallystick runs``."""

from __future__ import annotations

import argparse

from tallystick.cli.house import add_house
from tallystick.cli.sync import show_run as run

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_number", metavar="run", type=int, help="the number sync answered")
    add_house(parser)
