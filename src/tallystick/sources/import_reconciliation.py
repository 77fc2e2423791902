"""Import what Microsoft billed: a reconciliation file of new commerce, all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tallystick.books.compare_invoice import InvoiceLine
from tallystick.books.keep_invoice import InvoiceFile, Kept, keep_invoice
from tallystick.catalog.price_asked import By, require_csp
from tallystick.identity.roles import Right
from tallystick.kit.days import parse_month
from tallystick.kit.problem import InvalidInput
from tallystick.sources.csv_errors import Errors
from tallystick.sources.reconciliation_sheet import COLUMNS, REQUIRED, read_lines
from tallystick.sources.sheet_open import Sheet, open_sheet
from tallystick.sources.sheet_rows import SheetRows

MOST_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class ReconciliationFile:
    """``month``: as 2026-05; '' when the file is to tell it."""

    name: str
    month: str = ""


@dataclass(frozen=True, slots=True)
class ReconciliationImported:
    kept: Kept
    unknown_columns: tuple[str, ...]


def import_reconciliation(
    source: Sheet, file: ReconciliationFile, *, by: By, dry_run: bool = False
) -> ReconciliationImported:
    """Raises ImportRefused, InvalidInput, NotAllowed: then nothing is stored."""
    require_csp(by.context, Right.OPERATE)
    month = _month(file.month)
    errors = Errors()
    lines: list[InvoiceLine] = []
    numbers: dict[str, int] = {}
    with open_sheet(source) as text:
        rows = SheetRows(text, columns=COLUMNS, required=REQUIRED, errors=errors)
        for line, invoice_number in read_lines(rows, errors=errors):
            if len(lines) == MOST_ROWS:
                errors.add(line.line, "file", f"has more than {MOST_ROWS} rows")
                break
            lines.append(line)
            numbers.setdefault(invoice_number, line.line)
            if len(numbers) > 1:
                first = next(iter(numbers))
                words = f"“{invoice_number}” is another invoice than “{first}”: a file each"
                errors.add(line.line, "InvoiceNumber", words)
                break
    errors.refuse()
    number = next(iter(numbers), "")
    kept = keep_invoice(InvoiceFile(file.name, month, number, lines), by=by, dry_run=dry_run)
    return ReconciliationImported(kept, rows.unknown)


def _month(text: str) -> date | None:
    """Raises InvalidInput."""
    try:
        return parse_month(text) if text.strip() else None
    except ValueError as wrong:
        raise InvalidInput.one("month", str(wrong)) from None
