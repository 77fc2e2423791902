"""Does what was read equal what is expected? Pure.

Autotask shows extended amounts (units x rate), at the tenant's precision of two or four decimals,
and a row that is shorter than its period either in full or by the day: all four are *equal*
(docs/vendor/autotask.md). At 0 units there is no price to be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tallystick.kit.days import add_months
from tallystick.kit.money import round_money
from tallystick.ledger.profile import Step
from tallystick.sync.port import UnitRow

TWO_PLACES = 2
FOUR_PLACES = 4


class Match(StrEnum):
    SAME = "same"
    UNITS_DIFFER = "units_differ"
    AMOUNT_DIFFERS = "amount_differs"
    AMOUNT_HIDDEN = "amount_hidden"
    NO_ROWS = "no_rows"


@dataclass(frozen=True, slots=True)
class Periods:
    """A contract's billing periods, stepped from its start (months None: not known).

    ``ends_on``: its last day, which cuts the last period short.
    """

    starts_on: date | None
    months: int | None
    ends_on: date | None = None

    def around(self, day: date) -> tuple[date, date] | None:
        """The half-open period that contains the day, when it can be known."""
        if self.starts_on is None or not self.months or day < self.starts_on:
            return None
        elapsed = (day.year - self.starts_on.year) * 12 + day.month - self.starts_on.month
        step = max(0, elapsed // self.months - 1)
        while add_months(self.starts_on, (step + 1) * self.months) <= day:
            step += 1
        return (
            add_months(self.starts_on, step * self.months),
            add_months(self.starts_on, (step + 1) * self.months),
        )

    def billed(self, day: date) -> tuple[date, date] | None:
        """The same, ending with the contract; None after its last day."""
        period = self.around(day)
        if period is None or self.ends_on is None:
            return period
        until = min(period[1], self.ends_on + timedelta(days=1))
        return (period[0], until) if day < until else None


def match(
    rows: Sequence[UnitRow],
    *,
    units: int,
    unit_price: Decimal | None,
    unit_cost: Decimal | None,
    periods: Periods,
) -> Match:
    """Every row must show the units and, where a rate is expected, its amount."""
    if not rows:
        return Match.NO_ROWS
    if any(row.units != units for row in rows):
        return Match.UNITS_DIFFER
    if units == 0:
        return Match.SAME
    verdict = Match.SAME
    for row in rows:
        if unit_price is not None:
            if row.price is None:
                verdict = Match.AMOUNT_HIDDEN
            elif not amount_is(row.price, row, unit_price, periods):
                return Match.AMOUNT_DIFFERS
        # A hidden cost is a right Autotask did not give, not a difference.
        if (
            unit_cost is not None
            and row.cost is not None
            and not amount_is(row.cost, row, unit_cost, periods)
        ):
            return Match.AMOUNT_DIFFERS
    return verdict


def match_steps(rows: Sequence[UnitRow], steps: Sequence[Step], periods: Periods) -> Match:
    """Every day of every step must show what the step says. The first difference is answered."""
    verdict = Match.SAME
    for step in steps:
        seen = match_step(rows, step, periods)
        if seen is Match.AMOUNT_HIDDEN:
            verdict = seen
        elif seen is not Match.SAME:
            return seen
    return verdict


def match_step(rows: Sequence[UnitRow], step: Step, periods: Periods) -> Match:
    """The same of one step."""
    return match(
        covering(rows, step),
        units=step.units,
        unit_price=step.unit_price,
        unit_cost=step.unit_cost,
        periods=periods,
    )


def covering(rows: Sequence[UnitRow], step: Step) -> list[UnitRow]:
    """The rows that say something of the step's days."""
    return [
        row
        for row in rows
        if row.until > step.starts_on and (step.until is None or row.starts_on < step.until)
    ]


def amount_is(amount: Decimal, row: UnitRow, rate: Decimal, periods: Periods) -> bool:
    """Whether an extended amount is this rate for this row, in any of the four forms."""
    full = row.units * rate
    expected = [full]
    # The last period may be counted as long as it would be, or as long as it is.
    for period in {periods.around(row.starts_on), periods.billed(row.starts_on)}:
        if period is None:
            continue
        share = Decimal((row.until - row.starts_on).days) / Decimal((period[1] - period[0]).days)
        if 0 < share < 1:
            expected.append(full * share)
    return any(shows_as(amount, one) for one in expected)


def shows_as(shown: Decimal, expected: Decimal) -> bool:
    """Whether an amount is shown so, at either precision."""
    if shown == round_money(expected, places=FOUR_PLACES):
        return True
    # Two decimals count only when two decimals are what is shown; either way of rounding a half.
    if shown != round_money(shown, places=TWO_PLACES):
        return False
    return abs(shown - expected) <= Decimal("0.005")


def snapshot(rows: Sequence[UnitRow]) -> list[dict[str, Any]]:
    """Rows as evidence: JSON, days and amounts as text."""
    return [
        {
            "from": row.starts_on.isoformat(),
            "until": row.until.isoformat(),
            "units": row.units,
            "price": None if row.price is None else f"{row.price:f}",
            "cost": None if row.cost is None else f"{row.cost:f}",
        }
        for row in rows
    ]


def same_values(rows: Sequence[UnitRow], kept: Sequence[dict[str, Any]]) -> bool:
    """Whether nothing a person can bill has moved since the rows were kept."""
    now = snapshot(rows)
    fields = ("from", "units", "price")
    return [tuple(row[field] for field in fields) for row in now] == [
        tuple(row[field] for field in fields) for row in kept
    ]
