"""Which subscriptions may carry a badge, or are open in some way: asked in the database."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db.models import QuerySet

from tallystick.identity.context import Context
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.standings import (
    drifted_subscriptions,
    restless_subscriptions,
    unsettled_subscriptions,
)
from tallystick.mappings.not_mapped import not_mapped_anywhere
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.not_seen import not_seen_rows


class Open(StrEnum):
    """What Home counts that is no badge."""

    NOT_SETTLED = "not_settled"
    DRIFTED = "drifted"
    NOT_BILLED = "not_billed"
    NOT_SEEN = "not_seen"

    @property
    def label(self) -> str:
        return {
            Open.NOT_SETTLED: "Not settled",
            Open.DRIFTED: "Autotask shows something else",
            Open.NOT_BILLED: "Active, not mapped",
            Open.NOT_SEEN: "Not seen at Microsoft",
        }[self]


def only_open(rows: QuerySet[Subscription], show: Open, context: Context) -> QuerySet[Subscription]:
    """Exactly those; what other contexts bill is not told of."""
    match show:
        case Open.NOT_SETTLED:
            return rows.filter(pk__in=unsettled_subscriptions(context.scope("connection__")))
        case Open.DRIFTED:
            return rows.filter(pk__in=drifted_subscriptions(context.scope("connection__")))
        case Open.NOT_BILLED:
            return rows.filter(pk__in=not_mapped_anywhere(context).values("pk"))
        case Open.NOT_SEEN:
            return rows.filter(pk__in=not_seen_rows(context).values("pk"))


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
