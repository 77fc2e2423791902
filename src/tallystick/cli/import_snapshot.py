"""``tallystick import snapshot``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tallystick.bootstrap.database import database, migrate_in_child
from tallystick.bootstrap.setup import setup
from tallystick.cli.house import add_house
from tallystick.cli.say import say
from tallystick.kit.days import parse_day

if TYPE_CHECKING:
    from tallystick.sources.snapshot.take_snapshot import SnapshotTaken

WORDS = "compare a list of what a source has; what differs becomes operations"
REFUSED = 2
SHOWN = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV or JSON; see docs/sources.md")
    parser.add_argument("--source", metavar="NAME", default="", help="else one called Files")
    parser.add_argument("--dry-run", action="store_true", help="show what would be; store nothing")
    parser.add_argument(
        "--effective-on", metavar="DAY", type=_day, help="of changes, like 2026-05-03; else today"
    )
    parser.add_argument(
        "--complete", action="store_true", help="it shows everything that the source has"
    )
    parser.add_argument(
        "--absent",
        choices=["nothing", "cancelled"],
        default="nothing",
        help="what a complete list does not show: nothing (the default), or it has ended",
    )
    parser.add_argument(
        "--accept-many-absent", action="store_true", help="also when it is a large part"
    )
    add_house(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0; 2 when the list was refused, and then nothing was stored."""
    from tallystick.sources.csv_errors import ImportRefused

    try:
        taken = _take(arguments)
    except ImportRefused as refused:
        for line in str(refused).splitlines():
            print(f"tallystick: {line}", file=sys.stderr)
        print("tallystick: nothing was stored", file=sys.stderr)
        if arguments.format == "json":
            errors = [asdict(error) for error in refused.errors]
            print(json.dumps({"stored": False, "errors": errors, "more_errors": refused.more}))
        return REFUSED
    print(json.dumps(_as_json(taken)) if arguments.format == "json" else "\n".join(_said(taken)))
    return 0


def _take(arguments: argparse.Namespace) -> SnapshotTaken:
    with database(say=say):
        migrate_in_child()
        setup(log_level="WARNING")
        from tallystick.audit.record import Actor
        from tallystick.bootstrap.accounts import tenant_for
        from tallystick.bootstrap.desk import desk
        from tallystick.identity.context import Context
        from tallystick.identity.roles import Role
        from tallystick.kit.ids import correlation_id
        from tallystick.kit.problem import InvalidInput
        from tallystick.sources.add_source import files_source
        from tallystick.sources.snapshot.take_snapshot import SnapshotAsked, take_snapshot

        tenant_id = tenant_for(arguments.organisation)
        if tenant_id is None:
            raise InvalidInput.one("organisation", "there is none yet: tallystick create-admin")
        actor = Actor(ref="command/import", name="tallystick import")
        context = Context(tenant_id, None, Role.OPERATOR, actor)
        now, correlation = desk().now(), correlation_id()
        asked = SnapshotAsked(
            taken_at=now,
            complete=arguments.complete,
            absent_is_cancelled=arguments.absent == "cancelled",
            accept_many_absent=arguments.accept_many_absent,
            effective_on=arguments.effective_on,
        )
        return take_snapshot(
            arguments.file,
            asked,
            source_id=files_source(
                arguments.source, context=context, now=now, correlation_id=correlation
            ),
            context=context,
            now=now,
            wake=desk().wake,
            correlation_id=correlation,
            dry_run=arguments.dry_run,
        )


def _said(taken: SnapshotTaken) -> list[str]:
    """What a person reads at the end."""
    begins = "Compared" if taken.stored else "Dry run, nothing was stored; compared"
    lines = [
        f"{begins} {taken.rows} subscriptions: {taken.as_before} as before, "
        f"{taken.differences} differences",
        *(f"  {many} {answer.label.lower()}" for answer, many in sorted(taken.answers.items())),
    ]
    if taken.told_just_before:
        lines.append(f"{taken.told_just_before} changed just now: looked at with the next list")
    if taken.absent:
        lines.append(f"{taken.absent} are live here and not in the list")
    for one in taken.found[:SHOWN]:
        after = ", ".join(f"{name} {value}" for name, value in one.after.items())
        kind = one.type.removeprefix("subscription.").replace("_", " ")
        lines.append(f"  {one.subject}: {kind} ({after}) {one.because}".rstrip())
    if taken.differences > SHOWN:
        lines.append(f"  and {taken.differences - SHOWN} more (--format json lists the first 200)")
    if taken.unknown_columns:
        lines.append(f"Columns passed by: {', '.join(taken.unknown_columns)}")
    return lines


def _as_json(taken: SnapshotTaken) -> dict[str, Any]:
    answers = {answer.value: many for answer, many in taken.answers.items()}
    return {**asdict(taken), "answers": answers, "unknown_columns": list(taken.unknown_columns)}


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
