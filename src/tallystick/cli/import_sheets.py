"""``tallystick import prices`` and ``import azure-costs``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tallystick.bootstrap.database import database, migrate_in_child
from tallystick.bootstrap.setup import setup
from tallystick.cli.house import add_house
from tallystick.cli.say import say

if TYPE_CHECKING:
    from tallystick.sources.azure_months import MonthsRecorded
    from tallystick.sources.import_azure_costs import AmountsImported
    from tallystick.sources.import_prices import PricesImported

SHEETS = {
    "prices": "import a price list with Partner Center's columns",
    "azure-costs": "import what Azure plans cost a month",
}
REFUSED = 2
MOVES_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("file", type=Path, help="CSV in UTF-8; see docs/import.md")
    parser.add_argument("--dry-run", action="store_true", help="show what would be; store nothing")
    parser.add_argument("--currency", metavar="CODE", default="", help="when no column says it")
    if what == "prices":
        parser.add_argument(
            "--price-is-for",
            choices=["term", "cycle"],
            help="what the figures of a price list buy; needed, there is no default",
        )
        parser.add_argument("--market", metavar="XX", default="", help="when no column says it")
        parser.add_argument(
            "--accept-large-moves",
            action="store_true",
            help="also take prices that move by more than a factor 3",
        )
    else:
        parser.add_argument("--final", action="store_true", help="they will not move any more")
    add_house(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0; 2 when the file was refused or held, and then nothing was stored."""
    from tallystick.sources.csv_errors import ImportRefused

    try:
        done = _import(arguments)
    except ImportRefused as refused:
        for line in str(refused).splitlines():
            print(f"tallystick: {line}", file=sys.stderr)
        print("tallystick: nothing was imported", file=sys.stderr)
        if arguments.format == "json":
            errors = [asdict(error) for error in refused.errors]
            print(json.dumps({"stored": False, "errors": errors, "more_errors": refused.more}))
        return REFUSED
    print(json.dumps(asdict(done)) if arguments.format == "json" else "\n".join(summary(done)))
    return 0


def summary(done: PricesImported | AmountsImported) -> list[str]:
    """What a person reads at the end."""
    from tallystick.sources.import_prices import PricesImported

    begins = "Imported" if done.stored else "Dry run, nothing was stored; would import"
    lines = [f"{begins} {done.rows} rows:", f"  {done.added} added"]
    if isinstance(done, PricesImported):
        lines.append(f"  {done.replaced} in the place of earlier ones")
        if done.moves:
            lines.append(f"  {done.moves} that move by more than a factor 3:")
            lines += [f"    {move}" for move in done.large_moves[:MOVES_SHOWN]]
    else:
        lines.append(f"  {done.corrected} corrected")
    lines.append(f"  {done.unchanged} unchanged")
    if not isinstance(done, PricesImported):
        lines += _months(done.outcome)
    if done.unknown_columns:
        lines.append(f"Columns passed by: {', '.join(done.unknown_columns)}")
    return lines


def _months(outcome: MonthsRecorded) -> list[str]:
    """What becomes of the months that are final."""
    counted = {
        "recorded for billing": outcome.recorded,
        "not final yet": outcome.not_final,
        "held: the plan is suspended": outcome.held,
        "without a plan they belong to": outcome.unmatched,
        "in several currencies": outcome.cannot_sum,
    }
    lines = [f"  {number} months {words}" for words, number in counted.items() if number]
    return lines + [f"    {note}" for note in outcome.notes]


def _import(arguments: argparse.Namespace) -> PricesImported | AmountsImported:
    with database(say=say):
        migrate_in_child()
        setup(log_level="WARNING")
        from tallystick.audit.record import Actor
        from tallystick.bootstrap.accounts import tenant_for
        from tallystick.bootstrap.desk import desk
        from tallystick.catalog.price_asked import By
        from tallystick.catalog.price_words import PriceIsFor
        from tallystick.identity.context import Context
        from tallystick.identity.roles import Role
        from tallystick.kit.ids import correlation_id
        from tallystick.kit.problem import InvalidInput
        from tallystick.sources.import_azure_costs import AmountFile, import_azure_costs
        from tallystick.sources.import_prices import PriceFile, file_name, import_prices

        tenant_id = tenant_for(arguments.organisation)
        if tenant_id is None:
            raise InvalidInput.one("organisation", "there is none yet: tallystick create-admin")
        actor = Actor(ref="command/import", name="tallystick import")
        context = Context(tenant_id, None, Role.OPERATOR, actor)
        by = By(context, desk().now(), desk().today(context), correlation_id())
        name = file_name(arguments.file)
        if arguments.what == "azure-costs":
            amounts = AmountFile(name, arguments.currency, arguments.final)
            return import_azure_costs(
                arguments.file, amounts, by=by, wake=desk().wake, dry_run=arguments.dry_run
            )
        if arguments.price_is_for is None:
            raise InvalidInput.one("price-is-for", "must be said, term or cycle: docs/import.md")
        prices = PriceFile(
            name,
            PriceIsFor(arguments.price_is_for),
            arguments.currency,
            arguments.market,
            arguments.accept_large_moves,
        )
        return import_prices(arguments.file, prices, by=by, dry_run=arguments.dry_run)
