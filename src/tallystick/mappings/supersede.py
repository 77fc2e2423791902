"""A line that was wanted or planned for an offer the subscription does not have any more."""

from __future__ import annotations

from datetime import datetime

from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Attempt, Delivery
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.record import close_lane, end_lane
from tallystick.ledger.settle import Cause, change
from tallystick.ledger.state import State
from tallystick.mappings.models import LineWanted, NextPlace, SubscriptionMapping

SUPERSEDED = Cause("superseded", "Its offer changed again before anything was sent for it.")


def supersede(mapping: SubscriptionMapping, *, now: datetime) -> bool:
    """Let go of it, if nothing has been sent for it; answers whether there was one.

    What waited there is settled: the change of offer that follows says quantity and price anew.
    In the transaction that records that, with the subscription held.
    """
    found: LineWanted | NextPlace | None = LineWanted.objects.filter(
        subscription_id=mapping.subscription_id
    ).first()
    if found is None:
        found = NextPlace.objects.filter(subscription_id=mapping.subscription_id).first()
    if found is None or not _is_untouched(found.lane_id):
        return False
    waiting = Delivery.objects.filter(UNSETTLED, lane_id=found.lane_id).order_by("-sequence")
    for delivery in waiting:
        change(delivery, State.RESOLVED, now=now, cause=SUPERSEDED)
    close_lane(found.lane_id)
    end_lane(mapping.lane_id, on=None)
    found.delete()
    return True


def _is_untouched(lane_id: int) -> bool:
    changed = Delivery.objects.filter(
        lane_id=lane_id, operation__kind=OperationKind.CHANGE_OFFER.value
    )
    return changed.exists() and not Attempt.objects.filter(lane_id=lane_id).exists()
