"""Billing periods and unit rows of one line: pure arithmetic over days and numbers.

Facts: periods step from the contract's start date (live); each period has one row per line, split
at each adjustment's effective date (official). An adjustment's units carry to all later rows. That
a start on the 29th to 31st is clamped to shorter months is inference.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache

ONE_DAY = timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """``day`` some months later, on the last day of the month when that day does not exist."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class Window:
    """The life of a contract: first and last day, both included, and months per period."""

    starts_on: date
    ends_on: date
    months: int

    @property
    def until(self) -> date:
        """The first day that is no longer part of the contract."""
        return self.ends_on + ONE_DAY

    def holds(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on

    def period_starts(self) -> Iterator[date]:
        """The first day of each period, counted from the contract's start, oldest first."""
        number = 0
        day = self.starts_on
        while day < self.until:
            yield day
            number += 1
            day = add_months(self.starts_on, number * self.months)

    def periods(self) -> tuple[tuple[date, date], ...]:
        """Each period as ``(first day, first day after)``; the last ends with the contract."""
        return _periods(self)


@lru_cache(maxsize=4096)
def _periods(window: Window) -> tuple[tuple[date, date], ...]:
    starts = list(window.period_starts())
    return tuple(zip(starts, [*starts[1:], window.until], strict=True))


@dataclass(slots=True)
class DayChange:
    """Everything that changed on one line on one day.

    ``order`` says which of two rates was set last; a rate reaches the rows from ``on`` until
    ``rate_until`` (``None``: all later rows). ``used`` marks a day that a further adjustment would
    duplicate; ``given`` is the part of ``units`` the line began with, which no later adjustment
    replaces; ``adjustment_id`` is the newest adjustment of that day.
    """

    on: date
    units: int = 0
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    order: int = 0
    rate_until: date | None = None
    used: bool = True
    given: int = 0
    adjustment_id: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """One row: days ``[starts_on, until)`` within period ``[period_start, period_until)``."""

    starts_on: date
    until: date
    period_start: date
    period_until: date
    units: int
    unit_price: Decimal | None
    unit_cost: Decimal | None

    @property
    def days(self) -> int:
        return (self.until - self.starts_on).days

    @property
    def period_days(self) -> int:
        return (self.period_until - self.period_start).days


def _rates_at(
    starts: list[date],
    base: Decimal | None,
    changes: list[DayChange],
    rate_of: str,
) -> list[Decimal | None]:
    """The rate of each row: of the changes that reach it, the one made last."""
    by_day = {change.on: change for change in changes if getattr(change, rate_of) is not None}
    rates: list[Decimal | None] = []
    orders: list[int] = []
    rate, order = base, -1
    for start in starts:
        change = by_day.get(start)
        if change is not None and change.rate_until is None and change.order > order:
            rate, order = getattr(change, rate_of), change.order
        rates.append(rate)
        orders.append(order)
    for index, start in enumerate(starts):
        change = by_day.get(start)
        if change is None or change.rate_until is None:
            continue
        for reached in range(index, len(starts)):
            if starts[reached] >= change.rate_until:
                break
            if change.order > orders[reached]:
                rates[reached], orders[reached] = getattr(change, rate_of), change.order
    return rates


def rows_of(
    window: Window,
    *,
    unit_price: Decimal | None,
    unit_cost: Decimal | None,
    changes: Mapping[date, DayChange],
) -> list[Span]:
    """The unit rows of a line, oldest first: they cover the contract without gap or overlap.

    1. A row starts on each period's first day and on each day with a change.
    2. Its units are the sum of all changes up to and including its first day.
    3. Its rates are the line's own, or those of the last-made change that reaches it.
    """
    inside = sorted(
        (change for change in changes.values() if window.holds(change.on)), key=lambda c: c.on
    )
    change_on = {change.on: change for change in inside}
    periods = window.periods()
    starts = sorted({first for first, _ in periods} | set(change_on))
    prices = _rates_at(starts, unit_price, inside, "unit_price")
    costs = _rates_at(starts, unit_cost, inside, "unit_cost")
    spans: list[Span] = []
    units, period = 0, 0
    for index, start in enumerate(starts):
        while start >= periods[period][1]:
            period += 1
        if start in change_on:
            units += change_on[start].units
        next_start = starts[index + 1] if index + 1 < len(starts) else window.until
        spans.append(
            Span(
                starts_on=start,
                until=min(next_start, periods[period][1]),
                period_start=periods[period][0],
                period_until=periods[period][1],
                units=units,
                unit_price=prices[index],
                unit_cost=costs[index],
            )
        )
    return spans


def row_on(spans: list[Span], day: date) -> Span | None:
    """The row that covers ``day``."""
    for span in reversed(spans):
        if span.starts_on <= day:
            return span if day < span.until else None
    return None
