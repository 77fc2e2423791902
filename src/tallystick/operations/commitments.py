"""What each commitment still allows, from what was recorded of its subscription."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tallystick.identity.people import tenant_zone
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Operation
from tallystick.subscriptions.commitment import Commitment, Move, commitment
from tallystick.subscriptions.queries import SubscriptionView

BEGINS = (OperationKind.PURCHASE.value, OperationKind.RENEW.value)
# A change of offer that takes a new term begins with all of it; else only what it adds is new.
CHANGES = (OperationKind.UPDATE_QUANTITY.value, OperationKind.CHANGE_OFFER.value)
NEW_TERM = "commitment_ends_on"


def commitment_of(
    view: SubscriptionView, *, now: datetime, before: int | None = None
) -> Commitment:
    """Of a subscription the caller may see. ``before``: as it was before the operation with this
    number; ``view`` has its quantity of then."""
    return commitments_of([view], now=now, before=before)[view.id]


def commitments_of(
    views: Collection[SubscriptionView], *, now: datetime, before: int | None = None
) -> Mapping[int, Commitment]:
    """By subscription id; one question for all of them. ``before`` as in ``commitment_of``."""
    moves: dict[int, list[Move]] = {view.id: [] for view in views}
    zones = {tenant: ZoneInfo(tenant_zone(tenant)) for tenant in {v.tenant_id for v in views}}
    rows = Operation.objects.filter(subscription__in=list(moves), kind__in=(*BEGINS, *CHANGES))
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    for row in rows.order_by("subscription", "sequence"):
        known = moves[row.subscription_id]
        quantity = row.after.get("quantity", known[-1].quantity if known else None)
        if quantity is None:
            quantity = row.before.get("quantity", 0)
        at = _when(row, zones[row.tenant_id])
        if at <= now:
            anew = row.kind in BEGINS or bool(row.after.get(NEW_TERM))
            known.append(Move(at, int(quantity), anew))
    return {
        view.id: commitment(
            kind=view.offer.kind,
            quantity=view.quantity,
            last_day=view.commitment_ends_on,
            end_of_term=view.end_of_term,
            cancellable_until=view.cancellable_until,
            moves=moves[view.id],
            now=now,
        )
        for view in views
    }


def _when(row: Any, zone: ZoneInfo) -> datetime:
    """Recorded on its own day: then. Otherwise its day's beginning, so that a window is never
    said to be longer than it is."""
    recorded: datetime = row.recorded_at
    if recorded.astimezone(zone).date() == row.effective_on:
        return recorded
    return datetime.combine(row.effective_on, time.min, zone)
