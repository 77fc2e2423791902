"""``tallystick audit``: verify the audit logs, keep signed heads elsewhere."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tallystick.bootstrap.database import database, migrate_in_child
from tallystick.bootstrap.setup import setup
from tallystick.cli.say import say

BAD = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", metavar="verify|heads|key", required=True)
    verifying = acts.add_parser("verify", help="read every chain again; writes nothing")
    verifying.add_argument("--heads", type=Path, metavar="FILE", help="and what these heads say")
    verifying.add_argument("--public-key", default="", help="theirs; this server's if not said")
    verifying.add_argument("--only", type=int, metavar="NUMBER", help="of one organisation")
    writing = acts.add_parser("heads", help="sign the ends of all chains now")
    writing.add_argument("file", type=Path, nargs="?", help="where the worker writes if not said")
    acts.add_parser("key", help="the public key that verifies heads")


def run(arguments: argparse.Namespace) -> int:
    """1 when a record is not as it was written, or the heads cannot be believed."""
    if arguments.act == "key":
        setup(log_level="WARNING")
        from tallystick.bootstrap.audit_heads import audit_key

        print(audit_key().public.text())
        return 0
    with database(say=say):
        if arguments.act == "heads":
            return _heads(arguments)
        return _verify(arguments)


def _heads(arguments: argparse.Namespace) -> int:
    migrate_in_child()
    setup(log_level="WARNING")
    from tallystick.audit.heads import WrongHeads
    from tallystick.bootstrap.audit_heads import heads_file, write_now

    try:
        written = write_now(arguments.file)
    except (OSError, WrongHeads) as error:
        return _refused(f"nothing was written: {error}")
    say(f"{written} heads were signed in {arguments.file or heads_file()}")
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    """The database is not brought to this version: nothing is written to it."""
    setup(log_level="WARNING")
    from tallystick.audit.heads import WrongHeads
    from tallystick.bootstrap.audit_heads import verify_now

    bad = records = heads = 0
    try:
        found = verify_now(arguments.heads, public=arguments.public_key, only=arguments.only)
        for one in found:
            records, heads = records + one.records, heads + one.heads
            if one.bad is not None:
                bad += 1
                print(f"organisation {one.tenant_id}: {one.bad.words}")
    except (OSError, WrongHeads) as error:
        return _refused(f"the heads cannot be believed: {error}")
    if bad:
        return BAD
    against = f", compared with {heads} signed heads" if arguments.heads else ""
    print(f"{records} audit logs are as they were written{against}")
    if not arguments.heads:
        say("Without --heads nobody can tell whether the end was cut off or all was written anew")
    return 0


def _refused(words: str) -> int:
    print(f"tallystick: {words}", file=sys.stderr)
    return BAD
