"""What a line showed before something was sent to it, by the reading that is kept with it. Pure.

A row shows units x rate; one that is shorter than its period either in full or by the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from tallystick.kit.days import add_months
from tallystick.ledger.profile import amount_from_text

PERIODS = (1, 3, 6, 12)  # months
ROUNDED = Decimal("0.005")


def showed(
    rows: Sequence[Mapping[str, Any]], day: date, *, price: Decimal, cost: Decimal | None
) -> bool:
    """Whether the row of that day was billed at this rate. A cost of None, or one that was not
    shown, is no difference; a price that was not shown, or is of no units, is not known."""
    text = day.isoformat()
    row = next((one for one in rows if one["from"] <= text < one["until"]), None)
    if row is None or not row["units"]:
        return False
    sold, bought = (amount_from_text(row[name]) for name in ("price", "cost"))
    if sold is None or not _is(sold, row, price):
        return False
    return cost is None or bought is None or _is(bought, row, cost)


def _is(amount: Decimal, row: Mapping[str, Any], rate: Decimal) -> bool:
    full = row["units"] * rate
    return any(abs(amount - full * share) <= ROUNDED for share in (1, *_shares(row)))


def _shares(row: Mapping[str, Any]) -> Iterable[Decimal]:
    """Of a period that begins or ends with the row, however long that is."""
    begins, until = (date.fromisoformat(row[name]) for name in ("from", "until"))
    days = (until - begins).days
    for months in PERIODS:
        for whole in (until - add_months(until, -months), add_months(begins, months) - begins):
            if days < whole.days:
                yield Decimal(days) / whole.days
