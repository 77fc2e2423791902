"""A month of one line: what was ordered beside what Autotask shows, in units and in money. Pure.

1. Ordered is what every settled operation came to, day by day, and over it what is not settled yet.
2. Only days are compared of which both are known: what was before our first day is not ours.
3. Money is by the day: a share of the billing period that the day is in, taxes excluded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from tallystick.kit.days import add_months, in_words
from tallystick.kit.money import round_money
from tallystick.ledger.profile import Step, from_day, merged, until_day
from tallystick.sync.compare import Match, Periods, covering, match_step
from tallystick.sync.foresee import in_full
from tallystick.sync.port import UnitRow
from tallystick.sync.rules import Expected


class MonthOutcome(StrEnum):
    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_BILLED = "not_billed"
    NOTHING = "nothing"

    @property
    def label(self) -> str:
        return {
            MonthOutcome.EQUAL: "Equal",
            MonthOutcome.DIFFERENT: "Different",
            MonthOutcome.NOT_BILLED: "Not billed",
            MonthOutcome.NOTHING: "Nothing to compare",
        }[self]

    @property
    def tone(self) -> str:
        return {
            MonthOutcome.EQUAL: "green",
            MonthOutcome.DIFFERENT: "red",
            MonthOutcome.NOT_BILLED: "red",
            MonthOutcome.NOTHING: "secondary",
        }[self]


@dataclass(frozen=True, slots=True)
class Change:
    """An operation that is not settled: what it wants from its day on; None leaves as it is."""

    day: date
    units: int | None
    unit_price: Decimal | None
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """``proved``: what settled operations came to, empty when nothing is known. ``first_on``: our
    first day on the line. ``rows``: read from Autotask, from the month's first day on."""

    proved: Sequence[Step]
    first_on: date | None
    waiting: Sequence[Change]
    rows: Sequence[UnitRow]
    periods: Periods


@dataclass(frozen=True, slots=True)
class Compared:
    """``ordered`` and ``shown`` of the month's days that are compared; money None: not known."""

    outcome: MonthOutcome
    why: str
    ordered: Sequence[Step] = ()
    shown: Sequence[UnitRow] = ()
    ordered_amount: Decimal | None = None
    shown_amount: Decimal | None = None

    @property
    def difference(self) -> Decimal | None:
        """What Autotask shows more than was ordered; negative: less."""
        if self.ordered_amount is None or self.shown_amount is None:
            return None
        return self.shown_amount - self.ordered_amount


def compare_month(line: Line, month: date) -> Compared:
    """``month``: its first day."""
    end = add_months(month, 1)
    if not line.proved and not line.waiting:
        return Compared(MonthOutcome.NOTHING, "It is left as it is: nothing is expected of it.")
    ordered = _ordered(line, month, end)
    if not ordered:
        return Compared(MonthOutcome.NOTHING, "It was not billed by us in this month.")
    begins = ordered[0].starts_on
    rows = [
        replace(row, starts_on=max(row.starts_on, begins), until=min(row.until, end))
        for row in line.rows
        if row.until > begins and row.starts_on < end
    ]
    last = ordered[-1]
    known = Expected(last.units, last.unit_price, last.unit_cost, begins, None, steps=ordered)
    whole = in_full([row for row in line.rows if row.until > begins], known, line.periods)
    full = [row for row in whole if row.starts_on < end]
    waits = [one.words for one in line.waiting if one.day < end]
    differs = _differs(line, ordered, end)
    return Compared(
        MonthOutcome.DIFFERENT if differs else MonthOutcome.EQUAL,
        " ".join([*differs, *waits]),
        ordered,
        rows,
        _amount([(s.starts_on, s.until or end, _price(s)) for s in ordered], line.periods),
        _amount(
            [(max(r.starts_on, begins), min(r.until, end), r.price) for r in full], line.periods
        ),
    )


def nothing_bills(
    month: date, *, quantity: int, a_month: Decimal | None, starts_on: date
) -> Compared:
    """An active subscription that no line bills; ``a_month``: what its quantity comes to."""
    end, begins = add_months(month, 1), max(month, starts_on)
    amount = None if a_month is None else _amount([(begins, end, a_month)], Periods(None, None))
    return Compared(
        MonthOutcome.NOT_BILLED,
        "It is active and not mapped: nothing bills it.",
        [Step(begins, end, quantity, None, None)],
        (),
        amount,
        None if amount is None else Decimal(0),
    )


def _ordered(line: Line, month: date, end: date) -> tuple[Step, ...]:
    steps = until_day(from_day(line.proved, max(month, line.first_on or month)), end)
    for change in line.waiting:
        if change.day >= end:
            continue
        day = max(change.day, month)
        before, after = until_day(steps, day), from_day(steps, day)
        if not after:
            after = (Step(day, end, 0, None, None),)
        changed = [
            replace(
                step,
                units=step.units if change.units is None else change.units,
                unit_price=step.unit_price if change.unit_price is None else change.unit_price,
            )
            for step in after
        ]
        steps = merged([*before, *changed])
    return steps


def _differs(line: Line, ordered: Sequence[Step], end: date) -> list[str]:
    """The days that differ, a sentence each; empty when none does."""
    said = []
    for step in ordered:
        seen = match_step(line.rows, step, line.periods)
        shown = covering(line.rows, step)
        if seen is Match.SAME or (seen is Match.NO_ROWS and step.units == 0):
            continue
        days = f"{in_words(step.starts_on)} to {in_words((step.until or end) - timedelta(days=1))}"
        units = ", ".join(str(number) for number in dict.fromkeys(row.units for row in shown))
        said.append(
            {
                Match.NO_ROWS: f"{days}: ordered {step.units}, Autotask shows no units.",
                Match.AMOUNT_HIDDEN: f"{days}: Autotask does not show the amounts.",
                Match.AMOUNT_DIFFERS: f"{days}: {step.units} units, at another amount.",
                Match.UNITS_DIFFER: f"{days}: ordered {step.units}, Autotask shows {units}.",
            }[seen]
        )
    return said


def _price(step: Step) -> Decimal | None:
    if step.units == 0:
        return Decimal(0)
    return None if step.unit_price is None else step.units * step.unit_price


def _amount(parts: Sequence[tuple[date, date, Decimal | None]], periods: Periods) -> Decimal | None:
    """Each part's days of the billing period they are in; a month of days where none is known."""
    total = Decimal(0)
    for starts_on, until, price in parts:
        if price is None:
            return None
        day = starts_on
        while day < until:
            period = periods.billed(day) or (day.replace(day=1), add_months(day.replace(day=1), 1))
            ends = min(until, max(period[1], day + timedelta(days=1)))
            share = Decimal((ends - day).days) / Decimal((period[1] - period[0]).days)
            total += price * share
            day = ends
    return round_money(total, places=2)
