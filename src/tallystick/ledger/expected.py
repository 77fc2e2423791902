"""What a line is expected to show, day by day.

``Lane.expected_*`` is what it shows in the end, and ``expected_from`` the day of the last proved
change of units: the next one may not be dated before it. A change may be proved long before its
day comes, and a price may have changed since the units did: what is shown until the last step
begins is kept in ``Lane.earlier``, oldest first, each with the day it ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tallystick.ledger.models import Lane
from tallystick.ledger.profile import (
    Step,
    amount_as_text,
    amount_from_text,
    from_day,
    merged,
    until_day,
)

# A price may be changed from the start of a yearly period: so far back days are remembered.
REMEMBERED = timedelta(days=400)


def expect(
    lane: Lane,
    *,
    units: int,
    unit_price: Decimal | None,
    unit_cost: Decimal | None,
    day: date,
    now: datetime,
) -> None:
    """From ``day`` on the line shows this; before it, what it was expected to show until now."""
    expect_steps(lane, [Step(day, None, units, unit_price, unit_cost)], now=now)


def expect_steps(
    lane: Lane, shown: Sequence[Step], *, now: datetime, moves_units: bool = True
) -> None:
    """The same for several steps, the last without an end.

    ``moves_units`` False: they are about a rate, and say nothing of from when on units may change.
    """
    day = shown[0].starts_on
    first = lane.expected_units is None
    before = () if first else until_day(_remembered(lane, since=date.min), day)
    *earlier, last = merged([*before, *shown])
    oldest = (now - REMEMBERED).date()
    lane.earlier = [
        {
            "until": step.until.isoformat(),
            "units": step.units,
            "unit_price": amount_as_text(step.unit_price),
            "unit_cost": amount_as_text(step.unit_cost),
        }
        for step in earlier
        if step.until is not None and step.until > oldest
    ]
    begins = day > now.date() if first else not (before and before[-1].shows_the_same(shown[0]))
    if first:
        lane.first_on = day
    if moves_units and begins:
        lane.expected_from = max(day, lane.expected_from or day)
    lane.expected_units, lane.expected_unit_price = last.units, last.unit_price
    lane.expected_unit_cost = last.unit_cost


def accept_before(lane: Lane, before: Sequence[Mapping[str, Any]], *, day: date) -> None:
    """Until ``day`` the line shows what a person has seen and accepted, of whatever price."""
    accepted = [
        {"until": one["until"], "units": one["units"], "unit_price": None, "unit_cost": None}
        for one in before
    ]
    lane.earlier = accepted + [one for one in lane.earlier if _day(one["until"]) > day]
    lane.expected_from = day


def steps(lane: Lane, *, today: date) -> Sequence[Step]:
    """What is expected from that day on, oldest first. Raises ValueError when nothing is proved.

    Of days longer ago than is remembered the oldest remembered step is answered.
    """
    if lane.expected_units is None:
        raise ValueError("nothing has been proved of this line yet")
    return _remembered(lane, since=today)


def _remembered(lane: Lane, *, since: date) -> tuple[Step, ...]:
    found = []
    starts_on = date.min
    for step in lane.earlier:
        until = _day(step["until"])
        price, cost = amount_from_text(step["unit_price"]), amount_from_text(step["unit_cost"])
        found.append(Step(starts_on, until, int(step["units"]), price, cost))
        starts_on = until
    if not found and lane.expected_from is not None:
        starts_on = lane.expected_from
    assert lane.expected_units is not None  # noqa: S101 - the callers have looked
    found.append(
        Step(
            starts_on,
            None,
            lane.expected_units,
            lane.expected_unit_price,
            lane.expected_unit_cost,
        )
    )
    return from_day(found, since)


def _day(text: Any) -> date:
    return date.fromisoformat(text)
