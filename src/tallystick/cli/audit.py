"""``tallystick audit``: the audit logs listed, exported and verified; signed heads elsewhere."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tallystick.bootstrap.database import database, migrate_in_child
from tallystick.bootstrap.setup import setup
from tallystick.cli import audit_logs
from tallystick.cli.say import say

BAD = 1
RUNS_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    audit_logs.add_acts(acts)
    verifying = acts.add_parser("verify", help="read every chain again; writes nothing")
    verifying.add_argument("--heads", type=Path, metavar="FILE", help="and what these heads say")
    verifying.add_argument("--public-key", default="", help="theirs; this server's if not said")
    verifying.add_argument(
        "--file", type=Path, metavar="EXPORT", help="of an export as JSON instead; no database"
    )
    verifying.add_argument("--only", type=int, metavar="NUMBER", help="of one organisation")
    writing = acts.add_parser("heads", help="sign the ends of all chains now")
    writing.add_argument("file", type=Path, nargs="?", help="where the worker writes if not said")
    acts.add_parser("key", help="the public key that verifies heads")


def run(arguments: argparse.Namespace) -> int:
    """1 when a record is not as it was written, or the heads cannot be believed."""
    if callable(arguments.act):
        code: int = arguments.act(arguments)
        return code
    if arguments.act == "verify" and arguments.file is not None:
        return _verify_file(arguments)
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


def _verify_file(arguments: argparse.Namespace) -> int:
    """With nothing but the file, and the heads."""
    setup(log_level="WARNING")
    from tallystick.audit.heads import WrongHeads
    from tallystick.audit.verify_file import NotAnExport
    from tallystick.bootstrap.audit_heads import verify_export

    try:
        done = verify_export(arguments.file, arguments.heads, public=arguments.public_key)
    except NotAnExport as error:
        return _refused(f"{arguments.file}, {error}")
    except (OSError, WrongHeads) as error:
        return _refused(f"the export or the heads cannot be read: {error}")
    if done.bad:
        print(f"{arguments.file}: {done.bad}")
        return BAD
    runs = ", ".join(f"{first} to {last}" for first, last in done.runs[:RUNS_SHOWN])
    more = f" and {len(done.runs) - RUNS_SHOWN} more" if len(done.runs) > RUNS_SHOWN else ""
    against = f", compared with {done.heads} signed heads" if arguments.heads else ""
    print(f"{done.records} audit logs are as they were written{against}")
    if done.records:
        print(f"Without a gap: records {runs}{more} of organisation {done.tenant_id}")
    if not done.heads:
        say("No signed head is of a record of it: nobody can tell whether all was written anew")
    return 0


def _refused(words: str) -> int:
    print(f"tallystick: {words}", file=sys.stderr)
    return BAD
