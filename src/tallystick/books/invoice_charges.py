"""What a subscription's operations come to at the vendor in a month. Pure.

Microsoft bills in advance, by the subscription's own cycles: on the first day of each its quantity
for all of it, and on the day of a change in between the difference for the rest of it, by the day.
So a month's invoice is what began or changed in that month, whatever days it is for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tallystick.kit.days import add_months
from tallystick.kit.money import round_money

CENT = Decimal("0.01")
# More cycles than a subscription has.
MOST_CYCLES = 1200


@dataclass(frozen=True, slots=True)
class Said:
    """What one operation said, in order: from ``on`` on; None leaves as it is."""

    on: date
    quantity: int | None = None
    unit_cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A subscription by its operations. ``cycle_months`` None: it is billed once, when bought."""

    starts_on: date
    cycle_months: int | None
    said: Sequence[Said]

    def quantity_on(self, day: date) -> int:
        found = [one.quantity for one in self.said if one.quantity is not None and one.on <= day]
        return found[-1] if found and day >= self.starts_on else 0

    def cost_on(self, day: date) -> Decimal | None:
        found = [one.unit_cost for one in self.said if one.unit_cost is not None and one.on <= day]
        return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class Charge:
    """``quantity`` for the days up to ``ends_on`` (included): all there are at the start of a cycle
    (``whole``), else the difference. ``unit``: what one of them costs for these days."""

    starts_on: date
    ends_on: date
    quantity: int
    unit: Decimal | None
    whole: bool

    @property
    def amount(self) -> Decimal | None:
        return None if self.unit is None else round_money(self.quantity * self.unit, places=2)

    @property
    def may_round(self) -> Decimal:
        """The vendor rounds what one costs, we the sum: so far apart both are right."""
        return CENT * abs(self.quantity)


def charges_of(held: Held, month: date, ends: Collection[date] = ()) -> list[Charge]:
    """Of the month that begins on ``month``, in order. ``ends``: last days of charges as the vendor
    has them; where they are not our anniversaries, its cycles count."""
    if held.cycle_months is None:
        return _once(held, month)
    until = add_months(month, 1)
    found = []
    for full, begins, after in _cycles(held, held.cycle_months, month, ends):
        for day in _days(held, max(begins, month), min(after, until)):
            whole = day == begins
            before = 0 if whole else held.quantity_on(day - timedelta(days=1))
            change = held.quantity_on(day) - before
            if change:
                share = Decimal((after - day).days) / Decimal((after - full).days)
                cost = held.cost_on(day if change > 0 else begins)
                unit = None if cost is None else cost * share
                found.append(Charge(day, after - timedelta(days=1), change, unit, whole))
    return found


def _once(held: Held, month: date) -> list[Charge]:
    """Of what is billed once: what was bought in the month."""
    found = []
    for day in _days(held, max(month, held.starts_on), add_months(month, 1)):
        change = held.quantity_on(day) - held.quantity_on(day - timedelta(days=1))
        if change:
            found.append(Charge(day, day, change, held.cost_on(day), whole=False))
    return found


def _days(held: Held, first: date, until: date) -> list[date]:
    """The first one, and those before ``until`` on which an operation says something."""
    if first >= until:
        return []
    return sorted({first} | {one.on for one in held.said if first < one.on < until})


def _cycles(
    held: Held, months: int, month: date, ends: Collection[date]
) -> Iterator[tuple[date, date, date]]:
    """Those that touch the month: where a full one would begin, where it does, and ends before."""
    until = add_months(month, 1)
    anchor = _anchor(held, months, ends)
    for number in range(MOST_CYCLES):
        first = add_months(anchor, number * months)
        if first >= until:
            return
        after = add_months(anchor, (number + 1) * months)
        if after > max(month, held.starts_on):
            yield first, max(first, held.starts_on), after


def _anchor(held: Held, months: int, ends: Collection[date]) -> date:
    """The first cycle's first day: our start, or what the vendor's cycle ends come to."""
    for last in sorted(ends):
        after = last + timedelta(days=1)
        back = (after.year - held.starts_on.year) * 12 + after.month - held.starts_on.month
        if after > held.starts_on and add_months(held.starts_on, back - back % months) != after:
            return add_months(after, -(back // months + 1) * months)
    return held.starts_on
