"""Which price holds on which day, by what is recorded of one subscription. Pure.

What is recorded last counts from its day on, also over what was recorded before it for later days.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallystick.ledger.kinds import OperationKind

# What says a subscription's price. What moves, maps or mends a line says the same one again.
SETS_PRICE = frozenset(
    {
        OperationKind.PURCHASE,
        OperationKind.UPDATE_QUANTITY,
        OperationKind.UPDATE_PRICE_MARGIN,
        OperationKind.CONVERT_TRIAL,
        OperationKind.RENEW,
        OperationKind.END_PROMOTION,
        OperationKind.CHANGE_OFFER,
    }
)


@dataclass(frozen=True, slots=True)
class PriceStep:
    """The amounts that hold from ``on`` up to the next step, and the operation that says them."""

    on: date
    sequence: int
    kind: OperationKind
    unit_price: Decimal | None
    unit_cost: Decimal | None


def steps_of(recorded: Iterable[PriceStep]) -> tuple[PriceStep, ...]:
    """``recorded`` in the order of its numbers; answers by day. Another seller begins anew."""
    steps: list[PriceStep] = []
    for one in recorded:
        if one.kind is OperationKind.MOVE_TO_RESELLER:
            steps = []
        else:
            steps = [*(earlier for earlier in steps if earlier.on < one.on), one]
    return tuple(steps)


def step_on(steps: Sequence[PriceStep], day: date) -> PriceStep | None:
    """The one that holds on that day; None before the first."""
    return next((one for one in reversed(steps) if one.on <= day), None)


def steps_after(steps: Sequence[PriceStep], day: date) -> tuple[PriceStep, ...]:
    return tuple(one for one in steps if one.on > day)
