"""``tallystick import reconciliation``: what Microsoft billed for a month."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tallystick.cli.house import add_house, house, show

WORDS = "import what Microsoft billed: a reconciliation file of new commerce"
REFUSED = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV, .csv.gz or .zip; see docs/months.md")
    parser.add_argument(
        "--month",
        metavar="MONTH",
        default="",
        help="like 2026-05; else that in which most of its charges begin",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would be; store nothing")
    add_house(parser)


def run(arguments: argparse.Namespace) -> int:
    """Exit code 0; 2 when the file was refused, and then nothing was stored."""
    from tallystick.sources.csv_errors import ImportRefused

    try:
        return _run(arguments)
    except ImportRefused as refused:
        for line in str(refused).splitlines():
            print(f"tallystick: {line}", file=sys.stderr)
        print("tallystick: nothing was imported", file=sys.stderr)
        if arguments.format == "json":
            errors = [asdict(error) for error in refused.errors]
            print(json.dumps({"stored": False, "errors": errors, "more_errors": refused.more}))
        return REFUSED


def _run(arguments: argparse.Namespace) -> int:
    with house(arguments, command="import") as asker:
        from tallystick.catalog.price_asked import By
        from tallystick.sources.import_prices import file_name
        from tallystick.sources.import_reconciliation import (
            ReconciliationFile,
            import_reconciliation,
        )

        file = ReconciliationFile(file_name(arguments.file), arguments.month)
        by = By(asker.context, asker.now, asker.today, asker.correlation_id)
        done = import_reconciliation(arguments.file, file, by=by, dry_run=arguments.dry_run)
        kept = done.kept
        if not kept.changed:
            begins = "The very same was imported before, nothing was changed:"
        elif kept.stored:
            begins = "Imported"
        else:
            begins = "Dry run, nothing was stored; would import"
        number = f"invoice {kept.invoice_number}" if kept.invoice_number else "without a number"
        lines = [f"{begins} {kept.rows} lines of {kept.month:%Y-%m}, {number}, file {kept.number}"]
        lines += [f"  {amount} {currency}" for currency, amount in kept.totals.items()]
        if done.unknown_columns:
            lines.append(f"Columns passed by: {', '.join(done.unknown_columns)}")
        lines.append(f"Compare it: tallystick months invoice {kept.month:%Y-%m}")
        show(arguments, asdict(kept) | {"unknown_columns": done.unknown_columns}, lines)
    return 0
