"""Which subscriptions may carry a badge: asked in the database, before badges are decided."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.standings import restless_subscriptions
from tallystick.subscriptions.models import Subscription


def may_carry(
    rows: QuerySet[Subscription], badge: BadgeKind | None, *, now: datetime
) -> QuerySet[Subscription]:
    """Without those that certainly carry another badge, so that few pages are read for nothing.

    The database only leaves out; ``ledger/badge`` decides.
    """
    if badge is None:
        return rows
    if badge is BadgeKind.NOT_MAPPED:
        return rows.filter(subscriptionmapping__isnull=True)
    rows = rows.filter(subscriptionmapping__isnull=False)
    if badge is BadgeKind.SYNCED:
        return rows
    return rows.filter(pk__in=restless_subscriptions(now=now))
