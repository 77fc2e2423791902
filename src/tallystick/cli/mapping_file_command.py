"""``tallystick export`` and ``tallystick import`` of the mapping lists."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.cli.house import JSON, add_house, house

if TYPE_CHECKING:
    from tallystick.mappings.kinds import Ours
    from tallystick.sources.mapping_carry_out import ImportedMappings

REFUSED = 2
KINDS = ("customer-mappings", "offer-mappings", "subscription-mappings")
LINES_SHOWN = 200


def add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=KINDS)
    parser.add_argument("connection", help="its name, or its number")
    parser.add_argument("file", type=Path, nargs="?", help="else standard output")
    parser.add_argument(
        "--organisation", "--tenant", metavar="NAME", help="needed only when there are several"
    )


def add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("connection", help="its name, or its number")
    parser.add_argument("file", type=Path, help="CSV in UTF-8; see docs/import.md")
    parser.add_argument("--dry-run", action="store_true", help="show what would be; store nothing")
    parser.add_argument(
        "--rows-that-fit", action="store_true", help="leave what is wrong, import the rest"
    )
    parser.add_argument(
        "--seen",
        metavar="FINGERPRINT",
        default="",
        help="of a dry run: refuse when anything is another now",
    )
    add_house(parser)


def export(arguments: argparse.Namespace) -> int:
    """Writes a new file: one that is there is not written over."""
    with house(arguments, command="export") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.kit.problem import InvalidInput
        from tallystick.sources.mapping_sheets import mappings_sheet

        pieces = mappings_sheet(
            _kind(arguments.what),
            connection_named(asker, arguments.connection).id,
            context=asker.context,
            now=asker.now,
            today=asker.today,
        )
        if arguments.file is None:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            return 0
        try:
            with arguments.file.open("xb") as file:
                for piece in pieces:
                    file.write(piece)
        except OSError as error:
            raise InvalidInput.one("file", f"cannot be written: {error.strerror}") from None
    return 0


def run_import(arguments: argparse.Namespace) -> int:
    """Exit code 0; 2 when the file was refused, and then nothing was stored.

    With ``--rows-that-fit``: 1 when a row was left as it was.
    """
    from tallystick.sources.csv_errors import ImportRefused

    try:
        done = _import(arguments)
    except ImportRefused as refused:
        for line in str(refused).splitlines():
            print(f"tallystick: {line}", file=sys.stderr)
        print("tallystick: nothing was imported", file=sys.stderr)
        if arguments.format == JSON:
            errors = [asdict(error) for error in refused.errors]
            print(json.dumps({"stored": False, "errors": errors, "more_errors": refused.more}))
        return REFUSED
    if arguments.format == JSON:
        counts = {name: getattr(done, name) for name in ("changed", "unchanged", "wrong")}
        print(json.dumps(asdict(done) | counts, ensure_ascii=False))
    else:
        print("\n".join(_summary(done, dry_run=arguments.dry_run)))
    return 1 if done.wrong else 0


def _import(arguments: argparse.Namespace) -> ImportedMappings:
    with house(arguments, command="import") as asker:
        from tallystick.bootstrap.asker import connection_named
        from tallystick.bootstrap.mapping_files import import_mappings
        from tallystick.sources.mapping_carry_out import How

        return import_mappings(
            _kind(arguments.what),
            arguments.file,
            connection_named(asker, arguments.connection).id,
            how=How(
                dry_run=arguments.dry_run,
                rows_that_fit=arguments.rows_that_fit,
                seen=arguments.seen,
            ),
            today=asker.today,
            asked=asker.asked(),
        )


def _kind(what: str) -> Ours:
    from tallystick.mappings.kinds import Ours

    return Ours(what.removesuffix("-mappings"))


def _summary(done: ImportedMappings, *, dry_run: bool) -> list[str]:
    """What a person reads at the end: what changes, what is wrong, how many."""
    from tallystick.sources.mapping_decide import Act

    lines = []
    for row in done.rows:
        if row.errors:
            lines += [f"line {row.line}, {error.field}: {error.message}" for error in row.errors]
        elif row.act is not Act.NOTHING:
            lines.append(f"line {row.line}, {row.ours}: {row.words}")
    if len(lines) > LINES_SHOWN:
        lines[LINES_SHOWN:] = [f"and {len(lines) - LINES_SHOWN} more (--format json lists all)"]
    begins = "Dry run, nothing was stored; would change" if dry_run else "Changed"
    lines.append(f"{begins} {done.changed}; {done.unchanged} unchanged, {done.wrong} wrong")
    if dry_run and done.changed:
        lines.append(f"To import exactly this: --seen {done.fingerprint}")
    return lines
