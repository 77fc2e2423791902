"""A price margin with the one-off charge for the days in which it is not billed yet.

What the days come to is worked out as the form says it, by the code that looks ahead; the two
operations are recorded in one transaction, the charge behind the price.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import transaction

from tallystick.bootstrap.look_before import BillingOf
from tallystick.bootstrap.preview import LaneAhead, look_ahead, quick_billing_of
from tallystick.kit.money import round_money
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.record import Recorded
from tallystick.operations.charge_once import charge_gap
from tallystick.operations.finish import Asked, already_recorded

NO_GAP = (
    "there is nothing to charge: the price is billed from the day that was asked for, or it is not "
    "known what the days before it come to. Leave it out"
)


@dataclass(frozen=True, slots=True)
class WithGap:
    """The price margin, and how many charges were recorded behind it."""

    recorded: Recorded
    charges: int


def record_with_gap(
    record: Callable[[Asked], Recorded],
    subscription_id: int,
    *,
    asked: Asked,
    billing: BillingOf = quick_billing_of,
) -> WithGap:
    """``record``: the price margin. The same origin again answers what is there.

    Raises InvalidInput (``gap_charge``: there is none), and whatever recording it would raise.
    """
    if known := already_recorded(asked, subscription_id):
        return WithGap(known, 0)
    ahead = look_ahead(record, subscription_id, asked=asked, billing=billing)
    lanes = [lane for lane in ahead.lanes if lane.gap]  # also where it waits for approval first
    if not lanes:
        raise InvalidInput.one("gap_charge", NO_GAP)
    with transaction.atomic():
        recorded = record(asked)
        for lane in lanes:
            charge_gap(
                subscription_id=subscription_id,
                of_operation=recorded.sequence,
                price=gap_of(lane),
                currency=lane.connection.price_currency,
                since=ahead.operation.effective_on,
                until=lane.day,
                lane_id=lane.mapping.lane_id,
                asked=replace(asked, origin=replace(asked.origin, source_id=None)),
            )
    return WithGap(recorded, len(lanes))


def gap_of(lane: LaneAhead) -> Decimal:
    """What is billed has two decimals."""
    return round_money(lane.gap or Decimal(0), places=2)
