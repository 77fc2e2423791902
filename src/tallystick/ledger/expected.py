"""What a line is expected to show, day by day.

``Lane.expected_*`` is what the last proved change made of it, from ``expected_from`` on. A change
may be proved long before its day comes: until then the line rightly shows what it had, which is
kept in ``Lane.earlier``, oldest first, each with the day it ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tallystick.ledger.models import Lane

# A day is a civil day somewhere: what has ended anywhere has ended two days later everywhere.
SURELY_OVER = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Step:
    """Half-open: from ``starts_on`` until the day before ``until`` (None: without an end)."""

    starts_on: date
    until: date | None
    units: int
    unit_price: Decimal | None
    unit_cost: Decimal | None


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
    first = lane.expected_units is None
    same = (lane.expected_units, lane.expected_unit_price, lane.expected_unit_cost) == (
        units,
        unit_price,
        unit_cost,
    )
    kept = [step for step in lane.earlier if _day(step["until"]) > (now - SURELY_OVER).date()]
    starts_later = lane.expected_from is None or day > lane.expected_from
    is_step = not first and not same and starts_later
    if is_step:
        kept.append(
            {
                "until": day.isoformat(),
                "units": lane.expected_units,
                "unit_price": _text(lane.expected_unit_price),
                "unit_cost": _text(lane.expected_unit_cost),
            }
        )
    lane.earlier = kept
    if is_step or (first and day > now.date()):
        lane.expected_from = day
    lane.expected_units, lane.expected_unit_price = units, unit_price
    lane.expected_unit_cost = unit_cost


def accept_before(lane: Lane, before: Sequence[Mapping[str, Any]], *, day: date) -> None:
    """Until ``day`` the line shows what a person has seen and accepted, of whatever price."""
    lane.earlier = [
        {"until": one["until"], "units": one["units"], "unit_price": None, "unit_cost": None}
        for one in before
    ]
    lane.expected_from = day


def clear_drift(lane: Lane) -> None:
    """Nothing differs, or it does not matter any more."""
    lane.drift_units = lane.drift_expected = lane.drift_amount = lane.drift_since = None


def steps(lane: Lane, *, today: date) -> Sequence[Step]:
    """What is expected from today on, oldest first. Raises ValueError when nothing is proved."""
    if lane.expected_units is None:
        raise ValueError("nothing has been proved of this line yet")
    found = []
    starts_on = today
    for step in lane.earlier:
        until = _day(step["until"])
        if until > starts_on:
            price, cost = _amount(step["unit_price"]), _amount(step["unit_cost"])
            found.append(Step(starts_on, until, int(step["units"]), price, cost))
            starts_on = until
    if lane.expected_from is not None:
        starts_on = max(starts_on, lane.expected_from)
    found.append(
        Step(
            starts_on,
            None,
            lane.expected_units,
            lane.expected_unit_price,
            lane.expected_unit_cost,
        )
    )
    return found


def _day(text: Any) -> date:
    return date.fromisoformat(text)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _amount(text: Any) -> Decimal | None:
    return None if text is None else Decimal(text)
