"""What rows would be billed at: an estimate, period by period. Pure.

Autotask bills each period's first row in full for the days until the period's end, and every
further row of it as a difference for the days from its own start (vendor's support article:
*Recurring Services* and *Recurring Services Adjustment*). Four decimals each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
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
