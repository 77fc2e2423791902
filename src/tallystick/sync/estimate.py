"""What rows would be billed at: an estimate, period by period. Pure.

Autotask bills each period's first row in full for the days until the period's end, and every
further row of it as a difference for the days from its own start (vendor's support article:
*Recurring Services* and *Recurring Services Adjustment*). Four decimals each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tallystick.kit.money import round_money
from tallystick.sync.days import Frame
from tallystick.sync.port import UnitRow


@dataclass(frozen=True, slots=True)
class Bill:
    """What one billing period of a line comes to; None: an amount Autotask does not show."""

    starts_on: date
    until: date
    price: Decimal | None
    posted: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """One period's bill before and after a change."""

    starts_on: date
    until: date
    before: Decimal | None
    after: Decimal | None
    posted: bool

    @property
    def difference(self) -> Decimal | None:
        if self.before is None or self.after is None:
            return None
        return self.after - self.before


def bill_of(rows: Sequence[UnitRow], day: date, frame: Frame) -> Bill | None:
    """The period that contains the day; None when periods are not known or no row is in it.

    ``rows`` carry full amounts (units x rate), as ``foresee`` answers them.
    """
    period = frame.period(day)
    if period is None:
        return None
    starts, until = period
    days = Decimal((until - starts).days)
    total: Decimal | None = Decimal(0)
    amount_before = Decimal(0)
    inside = [row for row in rows if row.until > starts and row.starts_on < until]
    if not inside:
        return None
    for row in inside:
        if row.price is None or total is None:
            total = None
            continue
        share = Decimal((until - max(row.starts_on, starts)).days) / days
        total += round_money((row.price - amount_before) * share)
        amount_before = row.price
    return Bill(starts, until, total, any(row.approved for row in inside))


def effects(
    before: Sequence[UnitRow], after: Sequence[UnitRow], *, since: date, frame: Frame, periods: int
) -> list[Effect]:
    """The bills of so many periods from that day's on, before and after."""
    found = []
    day = since
    for _ in range(periods):
        was, will = bill_of(before, day, frame), bill_of(after, day, frame)
        shown = will or was
        if shown is None:
            break
        found.append(
            Effect(
                shown.starts_on,
                shown.until,
                was.price if was else Decimal(0),
                will.price if will else Decimal(0),
                shown.posted,
            )
        )
        day = shown.until
    return found


def stretch(
    rows: Sequence[UnitRow], *, first: date, last: date, before: int, frame: Frame
) -> list[Bill]:
    """The periods of these days, with so many before them, as far as rows show them."""
    day = first
    for _ in range(before):
        period = frame.period(day)
        earlier = frame.period(period[0] - timedelta(days=1)) if period else None
        day = earlier[0] if earlier else day
    found = []
    while day <= last and (period := frame.period(day)):
        bill = bill_of(rows, day, frame)
        found += [bill] if bill else []
        day = period[1]
    return found


def gap(
    before: Sequence[UnitRow],
    after: Sequence[UnitRow],
    *,
    since: date,
    until: date,
    frame: Frame,
) -> Decimal | None:
    """What a change would have come to in the days before it counts, by the day.

    Its units and its rate are read off ``until``, the day it counts from; None: not known.
    """
    was, will = _on(before, until), _on(after, until)
    if was is None or will is None:
        return None
    rate = _rate(will) if _rate(will) != _rate(was) else None
    total = Decimal(0)
    for row in before:
        begins, ends = max(row.starts_on, since), min(row.until, until)
        if begins >= ends:
            continue
        period = frame.period(begins)
        if period is None or row.price is None or will.price is None:
            return None
        units = row.units if will.units == was.units else will.units
        changed = units * (rate or _rate(row) or _rate(will) or Decimal(0))
        share = Decimal((ends - begins).days) / Decimal((period[1] - period[0]).days)
        total += round_money((changed - row.price) * share)
    return total


def _on(rows: Sequence[UnitRow], day: date) -> UnitRow | None:
    return next((row for row in rows if row.starts_on <= day < row.until), None)


def _rate(row: UnitRow) -> Decimal | None:
    """None: without units there is none to be read."""
    return row.price / row.units if row.price is not None and row.units else None
