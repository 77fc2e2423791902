"""The rows of a line as they were last proved, where Autotask cannot be read. Pure."""

from __future__ import annotations

from datetime import date, timedelta

from tallystick.sync.days import Frame
from tallystick.sync.port import UnitRow
from tallystick.sync.rules import Expected


def as_proved(expected: Expected, frame: Frame) -> tuple[UnitRow, ...]:
    """Rows that show what was last proved, one for each billing period.

    The first one from the start of its period: a price may begin there.
    """
    rows = []
    last = date.max if frame.ends_on is None else frame.ends_on + timedelta(days=1)
    for at, step in enumerate(expected.steps):
        day, until = step.starts_on, min(step.until or last, last)
        if at == 0 and (period := frame.period(day)):
            day = max(period[0], expected.first_on or period[0])
        while day < until:
            period = frame.period(day)
            ends = min(until, period[1]) if period else until
            price = None if step.unit_price is None else step.units * step.unit_price
            cost = None if step.unit_cost is None else step.units * step.unit_cost
            rows.append(UnitRow(day, ends, step.units, price, cost, False))
            day = ends
    return tuple(rows)
