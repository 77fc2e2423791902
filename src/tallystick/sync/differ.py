"""Where a reading differs from what is expected, and what that probably is. Pure."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallystick.kit.money import round_money
from tallystick.ledger.difference import DayRange, Shown, joined
from tallystick.ledger.profile import Step
from tallystick.sync.compare import FOUR_PLACES, Match, Periods, amount_is, match_step
from tallystick.sync.port import UnitRow


@dataclass(frozen=True, slots=True)
class SentOnce:
    """One of our attempts, as far as it could be there twice."""

    attempt_id: int
    effective_on: date
    unit_change: int


def both_by_day(
    rows: Sequence[UnitRow], steps: Sequence[Step], periods: Periods
) -> tuple[DayRange, ...]:
    """Expected beside found, for every day that is expected of; oldest first.

    The last row is taken to go on; a step that begins behind it stands beside nothing.
    """
    first = steps[0].starts_on
    days = {step.starts_on for step in steps}
    days |= {row.starts_on for row in rows if row.starts_on > first}
    starts = sorted(days)
    return joined(
        _range(on, until, rows, steps, periods)
        for on, until in zip(starts, [*starts[1:], None], strict=True)
    )


def _range(
    on: date,
    until: date | None,
    rows: Sequence[UnitRow],
    steps: Sequence[Step],
    periods: Periods,
) -> DayRange:
    step = next(one for one in steps if one.covers(on))
    row = next((one for one in rows if one.starts_on <= on < one.until), None)
    if row is None:
        return DayRange(on, until, step, None, differs=step.units != 0)
    seen = match_step([row], Step(on, until, step.units, step.unit_price, step.unit_cost), periods)
    shown = Shown(
        row.units,
        row.price,
        row.cost,
        _rate(row.price, row, step.unit_price, periods),
        _rate(row.cost, row, step.unit_cost, periods),
    )
    return DayRange(on, until, step, shown, differs=seen is not Match.SAME)


def _rate(
    amount: Decimal | None, row: UnitRow, expected: Decimal | None, periods: Periods
) -> Decimal | None:
    """The rate an amount comes to: the expected one if it fits, else of a whole period only."""
    if amount is None or row.units == 0:
        return None
    if expected is not None and amount_is(amount, row, expected, periods):
        return expected
    if periods.billed(row.starts_on) != (row.starts_on, row.until):
        return None
    rate = round_money(amount / row.units, places=FOUR_PLACES)
    return rate if amount_is(amount, row, rate, periods) else None


def a_month(day: DayRange, months: int | None) -> Decimal | None:
    """Found less expected, for a month; None when a rate is not known."""
    if not months:
        return None
    expected = _amount(day.expected.units, day.expected.unit_price)
    found = _amount(day.found.units, day.found.unit_price) if day.found else Decimal(0)
    if day.found is not None and day.found.unit_price is None and day.found.units:
        # Another number of units at a rate that is hidden: at ours, if there is one.
        found = _amount(day.found.units, day.expected.unit_price)
    if expected is None or found is None:
        return None
    return round_money((found - expected) / months, places=FOUR_PLACES)


def _amount(units: int, rate: Decimal | None) -> Decimal | None:
    if units == 0:
        return Decimal(0)
    return None if rate is None else units * rate


def doubled(
    rows: Sequence[UnitRow], steps: Sequence[Step], sent: Sequence[SentOnce], periods: Periods
) -> SentOnce | None:
    """Which of our changes is there once more: everything from its day on is shifted by it, and
    nothing before. ``sent`` newest first."""
    ours = {one.effective_on for one in sent}
    return next((one for one in sent if _is_twice(rows, steps, one, ours, periods)), None)


def _is_twice(
    rows: Sequence[UnitRow],
    steps: Sequence[Step],
    one: SentOnce,
    ours: Container[date],
    periods: Periods,
) -> bool:
    shifted = [row for row in rows if row.starts_on >= one.effective_on]
    if not shifted or not one.unit_change:
        return False
    # A row that begins on a day of nobody we know is the work of somebody else.
    begins = shifted[0].starts_on
    period = periods.around(begins)
    if begins not in ours and (period is None or period[0] != begins):
        return False
    return all(
        row.units == step.units + (one.unit_change if row.starts_on >= one.effective_on else 0)
        for row in rows
        for step in steps
        if row.until > step.starts_on and (step.until is None or row.starts_on < step.until)
    )
