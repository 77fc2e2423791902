"""``tallystick create-admin``."""

from __future__ import annotations

import argparse
import getpass
import os
import sys

from tallystick.bootstrap.database import database, migrate_in_child
from tallystick.bootstrap.setup import setup
from tallystick.cli.say import say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("email", help="the address they sign in with")
    parser.add_argument("--name", default="", help="shown in the audit log")
    parser.add_argument("--organisation", help="your company; made when there is none yet")
    parser.add_argument("--time-zone", default="UTC", help="for a new organisation, Europe/Berlin")
    parser.add_argument(
        "--password-stdin", action="store_true", help="read the password's line from standard input"
    )


def run(arguments: argparse.Namespace) -> int:
    """The password is asked for, read from standard input, or from TALLYSTICK_PASSWORD: never an
    argument, which everybody on the machine could read."""
    password = _password(from_stdin=arguments.password_stdin)
    with database(say=say):
        migrate_in_child()
        setup(log_level="WARNING")
        from tallystick.bootstrap.accounts import create_admin

        _, made = create_admin(
            email=arguments.email,
            password=password,
            name=arguments.name,
            organisation=arguments.organisation,
            time_zone=arguments.time_zone,
        )
    if made:
        say(f"Made the organisation {arguments.organisation or 'My organisation'}")
    say(f"{arguments.email} can sign in as administrator")
    return 0


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if given := os.environ.get("TALLYSTICK_PASSWORD"):
        return given
    if not sys.stdin.isatty():
        raise SystemExit("tallystick: give the password by --password-stdin or TALLYSTICK_PASSWORD")
    first = getpass.getpass("Password (at least 12 characters): ")
    if first != getpass.getpass("Again: "):
        raise SystemExit("tallystick: the two are not the same; nothing was stored")
    return first
