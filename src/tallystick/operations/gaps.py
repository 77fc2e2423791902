"""What the days come to until a price is billed: asked of whoever can look ahead.

Looking is a call to Autotask: never inside a transaction, and not from this room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Protocol

from tallystick.kit.problem import Conflicting
from tallystick.ledger.record import Recorded
from tallystick.operations.at_once import Ask
from tallystick.operations.charge_once import charge_gap
from tallystick.operations.finish import Asked


@dataclass(frozen=True, slots=True)
class Gap:
    """Of one line, from the day a price counts until the one it is billed from. Below 0: billed
    too much."""

    lane_id: int
    price: Decimal
    currency: str
    since: date
    until: date


class GapsOf(Protocol):
    """Of each, in order: its gaps, or why they are not known."""

    def __call__(self, asks: Sequence[Ask], *, asked: Asked) -> Sequence[tuple[Gap, ...] | str]:
        """Reads Autotask, stores nothing."""
        ...


# Where a run has to charge gaps, and nothing is known of one that is to be recorded.
CHANGED_MEANWHILE = "Something of it changed while its gap was being worked out: apply it again."


@dataclass(frozen=True, slots=True)
class Known:
    """What a part of a run was found to charge, by subscription; ``cursor``: which part;
    ``seen``: the number of the newest operation that was there then."""

    cursor: str
    of: Mapping[int, tuple[Gap, ...] | str]
    seen: Mapping[int, int]

    def stands(self, subscription_id: int) -> str:
        """Why it cannot be recorded with its charge; empty when it can, or has no gap."""
        found = self.of.get(subscription_id, CHANGED_MEANWHILE)
        return found if isinstance(found, str) else ""

    def charge(self, subscription_id: int, price: Recorded, asked: Asked) -> None:
        """Behind the price, in the caller's transaction. What was there already gets none.

        Raises Conflicting when something else was recorded since: the gap is of another state.
        """
        found = self.of.get(subscription_id, ())
        if isinstance(found, str) or not price.lane_ids:
            return
        if price.sequence != self.seen[subscription_id] + 1:
            raise Conflicting(CHANGED_MEANWHILE)
        for gap in found:
            charge_gap(
                subscription_id=subscription_id,
                of_operation=price.sequence,
                price=gap.price,
                currency=gap.currency,
                since=gap.since,
                until=gap.until,
                lane_id=gap.lane_id,
                asked=replace(asked, origin=replace(asked.origin, source_id=None)),
            )
