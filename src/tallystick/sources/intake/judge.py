"""Whose turn it is among what was told of one subscription. Pure.

1. What is older than the newest that had its turn is *late*: what was recorded, and perhaps sent
   and proved, is not put into another order.
2. Where the source counts its events and one before it has not come, it is held for a while: a
   number that was overtaken on the way then finds its place.
3. After that while it is recorded without what is missing, and said so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from tallystick.sources.intake.event import Place


class Verdict(Enum):
    TAKE = auto()
    TAKE_WITH_A_GAP = auto()
    HOLD = auto()
    LATE = auto()


@dataclass(frozen=True, slots=True)
class Patience:
    """``now``, and how long an event waits for one that is missing before it."""

    now: datetime
    hold: timedelta

    def is_over(self, received_at: datetime) -> bool:
        return received_at + self.hold <= self.now


def order_among(places: Iterable[Place]) -> Callable[[Place], tuple[int, str, str]]:
    """What to sort them by: numbers when all have one, else moments. Two orders never mix."""
    counted = all(place.number is not None for place in places)
    return lambda place: (place.number or 0 if counted else 0, place.key, place.id)


def judge(
    place: Place, newest: Place | None, *, received_at: datetime, patience: Patience
) -> Verdict:
    """``newest``: the last one of this subscription that had its turn."""
    if newest is not None and not newest.before(place):
        return Verdict.LATE
    if place.number is None or (newest is not None and newest.number is None):
        return Verdict.TAKE
    awaited = 1 if newest is None or newest.number is None else newest.number + 1
    if place.number <= awaited:
        return Verdict.TAKE
    return Verdict.TAKE_WITH_A_GAP if patience.is_over(received_at) else Verdict.HOLD


def missing(place: Place, newest: Place | None) -> str:
    """Which numbers have not come."""
    awaited = 1 if newest is None or newest.number is None else newest.number + 1
    until = (place.number or 1) - 1
    return f"number {awaited}" if awaited == until else f"numbers {awaited} to {until}"
