"""Which rate a line showed before something was sent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tallystick.ledger.base_rows import showed

MAY = date(2026, 5, 1)


def row(begins: str, until: str, price: str | None, units: int = 10, **more: Any) -> dict[str, Any]:
    return {"from": begins, "until": until, "units": units, "price": price, "cost": None} | more


@pytest.mark.parametrize(
    ("rows", "is_it"),
    [
        ([row("2026-05-01", "2026-06-01", "150.0000")], True),
        ([row("2026-05-01", "2026-06-01", "160.0000")], False),
        ([row("2026-05-01", "2026-05-11", "48.3900")], True),  # 10 days of 31
        ([row("2026-04-21", "2026-06-01", "67.5676")], False),  # 41 days: of no quarter of 91
        ([row("2026-06-01", "2026-07-01", "150.0000")], False),  # of no such day
        ([row("2026-05-01", "2026-06-01", None)], False),
        ([row("2026-05-01", "2026-06-01", "0.0000", units=0)], False),
        ([row("2026-05-01", "2026-06-01", "150.0000", cost="120.0000")], True),
        ([row("2026-05-01", "2026-06-01", "150.0000", cost="130.0000")], False),
    ],
)
def test_the_rate_of_a_day(rows: list[dict[str, Any]], is_it: bool) -> None:
    assert showed(rows, MAY, price=Decimal(15), cost=Decimal(12)) is is_it


def test_a_cost_that_was_left_alone_is_not_looked_at() -> None:
    rows = [row("2026-05-01", "2026-06-01", "150.0000", cost="130.0000")]
    assert showed(rows, MAY, price=Decimal(15), cost=None)
