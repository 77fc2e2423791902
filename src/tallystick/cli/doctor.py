"""``tallystick doctor``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.bootstrap.database import database, migrate_in_child
from tallystick.bootstrap.setup import setup
from tallystick.cli.say import say
from tallystick.kit.problem import InvalidInput

if TYPE_CHECKING:
    from tallystick.connections.checks import Check
    from tallystick.connections.recorded import Recorded

ACCESS = frozenset({"stored", "reachable", "zone", "code", "secret"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("connection", help="its name, or its number")
    parser.add_argument("--organisation", help="needed only when there are several")
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="also write what Autotask says of its fields and lists, redacted, to a new file",
    )
    parser.add_argument(
        "--source",
        action="store_true",
        help="the name is a source's: --record writes a few of its answers, redacted",
    )
    parser.add_argument(
        "--with-udf-names",
        action="store_true",
        help="in that file, names and labels of user defined fields too",
    )


def run(arguments: argparse.Namespace) -> int:
    """1 when something does not work."""
    if arguments.with_udf_names and arguments.record is None:
        raise InvalidInput.one(
            "with-udf-names", "is about a recording: name its file with --record"
        )
    if arguments.source and arguments.record is None:
        raise InvalidInput.one("source", "is recorded here: name the file with --record")
    with database(say=say):
        migrate_in_child()
        setup(log_level="WARNING")
        if arguments.source:
            return _record_source(arguments)
        from tallystick.bootstrap.accounts import check_named_connection, record_named_connection

        checks = check_named_connection(arguments.connection, organisation=arguments.organisation)
        wrong = _tell(checks)
        if arguments.record is not None and not _let_in(checks):
            print("Nothing was recorded: Autotask did not let us in. No file was written.")
        elif arguments.record is not None:
            recorded = record_named_connection(
                arguments.connection,
                organisation=arguments.organisation,
                target=arguments.record,
                with_udf_names=arguments.with_udf_names,
            )
            _tell_recorded(arguments.record, recorded, with_udf_names=arguments.with_udf_names)
    return 1 if wrong else 0


def _record_source(arguments: argparse.Namespace) -> int:
    from tallystick.bootstrap.accounts import record_named_source

    number = record_named_source(
        arguments.connection, organisation=arguments.organisation, target=arguments.record
    )
    print(
        f"{number} answers recorded to {arguments.record}, which only you can read.\n"
        "Names of fields, the vendor's own words and the way days and ids are written are in it; "
        "texts, ids and numbers are made up, and no sign-in was recorded. It is plain text: look "
        "at it before you share it."
    )
    return 0


def _tell(checks: Sequence[Check]) -> int:
    """Answers how many did not pass."""
    for check in checks:
        print(f"{'ok  ' if check.ok else 'FAIL'}  {check.title}: {check.words}")
        if check.todo:
            print(f"      {check.todo}")
    wrong = sum(1 for check in checks if not check.ok)
    print(f"{wrong} of {len(checks)} checks did not pass." if wrong else "Everything works.")
    return wrong


def _let_in(checks: Sequence[Check]) -> bool:
    """Wrong credentials are tried once, not once more for a recording."""
    return all(check.ok for check in checks if check.name in ACCESS)


def _tell_recorded(file: Path, recorded: Recorded, *, with_udf_names: bool) -> None:
    names = "with" if with_udf_names else "without"
    print(
        f"\nRecorded to {file}, which only you can read:\n"
        f"  {recorded.fields} fields of {recorded.entities} kinds of record, with the API user's "
        "rights to each\n"
        f"  {recorded.lists} lists: {recorded.labels_kept} labels of Autotask's own kept, "
        f"{recorded.labels_left_out} others replaced by numbers\n"
        f"  {recorded.user_defined_fields} user defined fields, {names} their names\n"
        "  the versions of the API, the hourly limit, and whether costs are shown"
    )
    for about, words in recorded.not_read.items():
        print(f"  not read: {about}: {words}")
    print(
        "No record was read but the costs of some services, and no cost is in it. It is plain "
        "text: look at it before you share it, Autotask's own words on refusals first."
    )
