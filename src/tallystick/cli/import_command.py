"""``tallystick import``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.bootstrap.database import database, migrate_in_child
from tallystick.bootstrap.setup import setup
from tallystick.cli import import_reconciliation, import_sheets, import_snapshot
from tallystick.cli.house import add_house
from tallystick.cli.mapping_file_command import KINDS, add_import, run_import
from tallystick.cli.say import say
from tallystick.cli.several import add_operations, run_operations
from tallystick.kit.days import parse_day

if TYPE_CHECKING:
    from tallystick.sources.csv_subscriptions import Imported

REFUSED = 2
SAY_EVERY = 1000
LINES_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    whats = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    for what in KINDS:
        words = f"import {what.replace('-', ' ')} of a connection, after a look"
        one = whats.add_parser(what, help=words, description=words.capitalize() + ".")
        add_import(one)
        one.set_defaults(act=run_import)
    words = "import customers, offers and subscriptions"
    one = whats.add_parser("subscriptions", help=words, description=words.capitalize() + ".")
    _add_subscriptions(one)
    one.set_defaults(act=_run_subscriptions)
    words = "import operations: one row, one act of one subscription"
    one = whats.add_parser("operations", help=words, description=words.capitalize() + ".")
    add_operations(one)
    one.set_defaults(act=run_operations)
    words = import_snapshot.WORDS
    one = whats.add_parser("snapshot", help=words, description=words.capitalize() + ".")
    import_snapshot.add_arguments(one)
    one.set_defaults(act=import_snapshot.run)
    words = import_reconciliation.WORDS
    one = whats.add_parser("reconciliation", help=words, description=words.capitalize() + ".")
    import_reconciliation.add_arguments(one)
    one.set_defaults(act=import_reconciliation.run)
    for what, words in import_sheets.SHEETS.items():
        one = whats.add_parser(what, help=words, description=words.capitalize() + ".")
        import_sheets.add_arguments(one, what)
        one.set_defaults(act=import_sheets.run)


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.act(arguments)
    return code


def _add_subscriptions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV in UTF-8; see docs/import.md")
    parser.add_argument("--dry-run", action="store_true", help="show what would be; store nothing")
    parser.add_argument(
        "--effective-on",
        metavar="DAY",
        type=_day,
        help="of quantity changes and cancellations, like 2026-05-03; else today",
    )
    add_house(parser)


def _run_subscriptions(arguments: argparse.Namespace) -> int:
    """Exit code 0; 2 when the file was refused, and then nothing was stored."""
    from tallystick.sources.csv_errors import ImportRefused

    try:
        imported = _import(arguments)
    except ImportRefused as refused:
        for line in str(refused).splitlines():
            print(f"tallystick: {line}", file=sys.stderr)
        print("tallystick: nothing was imported", file=sys.stderr)
        if arguments.format == "json":
            errors = [asdict(error) for error in refused.errors]
            print(json.dumps({"stored": False, "errors": errors, "more_errors": refused.more}))
        return REFUSED
    if arguments.format == "json":
        print(json.dumps(asdict(imported)))
    else:
        print("\n".join(summary(imported)))
    return 0


def _import(arguments: argparse.Namespace) -> Imported:
    with database(say=say):
        migrate_in_child()
        setup(log_level="WARNING")
        from tallystick.audit.record import Actor
        from tallystick.bootstrap.accounts import tenant_for
        from tallystick.bootstrap.desk import desk
        from tallystick.identity.context import Context
        from tallystick.identity.roles import Role
        from tallystick.kit.problem import InvalidInput
        from tallystick.sources.csv_subscriptions import import_subscriptions

        tenant_id = tenant_for(arguments.organisation)
        if tenant_id is None:
            raise InvalidInput.one("organisation", "there is none yet: tallystick create-admin")
        actor = Actor(ref="command/import", name="tallystick import")
        context = Context(tenant_id, None, Role.OPERATOR, actor)
        return import_subscriptions(
            arguments.file,
            today=desk().today(context),
            asked=desk().asked(context, source="csv"),
            effective_on=arguments.effective_on,
            dry_run=arguments.dry_run,
            progress=_progress(),
        )


def summary(imported: Imported) -> list[str]:
    """What a person reads at the end."""
    begins = "Imported" if imported.stored else "Dry run, nothing was stored; would import"
    lines = [
        f"{begins} {imported.rows} rows:",
        f"  {imported.subscriptions_added} subscriptions added"
        f" ({imported.customers_added} customers and {imported.offers_added} offers new)",
        f"  {imported.quantity_changes} quantity changes",
        f"  {imported.cancellations} cancellations",
        f"  {imported.unchanged} unchanged",
    ]
    if imported.only_left_out:
        lines.append(f"  {imported.only_left_out} that differ only in what is not imported")
    by_field = sorted(imported.not_imported, key=lambda left: left.field)
    for field, group in groupby(by_field, key=lambda left: left.field):
        left = list(group)
        verb = "row differs" if len(left) == 1 else "rows differ"
        lines.append(f"Not imported by this version: {len(left)} {verb} in {field}")
        lines += [f"  line {one.line}: {one.message}" for one in left[:LINES_SHOWN]]
        if len(left) > LINES_SHOWN:
            lines.append(f"  and {len(left) - LINES_SHOWN} more (--format json lists all)")
    return lines


def _progress() -> Callable[[int, int], None]:
    def progress(done: int, of: int) -> None:
        if of > SAY_EVERY and (done % SAY_EVERY == 0 or done == of):
            say(f"{done} of {of} rows")

    return progress


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
