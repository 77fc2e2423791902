"""Files to import: a row that is right, and ways to make it wrong."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

GOOD = {
    "customer_id": "c-1",
    "customer": "Alder & Ash Architects",
    "offer_id": "CFQ7TTC0LCHC:0002",
    "offer": "Microsoft 365 Business Premium",
    "segment": "commercial",
    "term": "P1Y",
    "billing_cycle": "monthly",
    "subscription_id": "s-1",
    "subscription": "",
    "quantity": "10",
    "unit_price": "26.40",
    "unit_cost": "21.12",
    "currency": "EUR",
    "starts_on": "2026-01-01",
    "ends_on": "2026-12-31",
    "status": "active",
}


def good(**changes: str) -> dict[str, str]:
    return GOOD | changes


def csv_file(rows: Iterable[Mapping[str, str]], *, delimiter: str = ",") -> bytes:
    """A file with a header, as a spreadsheet would write it."""
    text = io.StringIO(newline="")
    rows = list(rows)
    columns = list(rows[0]) if rows else list(GOOD)
    writer = csv.DictWriter(text, columns, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
