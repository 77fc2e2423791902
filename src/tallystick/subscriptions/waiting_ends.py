"""What waits for a person: refused on its day, or a term that is over and nobody said what then."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet
from django.db.models.functions import TruncDate

from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import SubscriptionView, visible
from tallystick.subscriptions.refused import RefusedView, refused_of
from tallystick.subscriptions.scheduled import scheduled_of
from tallystick.subscriptions.status import EndOfTerm, SubscriptionStatus
from tallystick.subscriptions.undecided import why_undecided

LIVING = (SubscriptionStatus.ACTIVE.value, SubscriptionStatus.SUSPENDED.value)


def needing(context: Context, *, today: date) -> QuerySet[Subscription]:
    """Living subscriptions of this context; ``why_waits`` says it of each."""
    zone = ZoneInfo(tenant_zone(context.tenant_id))
    undecided = Q(
        end_of_term=EndOfTerm.RENEW.value, commitment_ends_on__lt=today, scheduled__isnull=True
    ) & (Q(end_said_at__isnull=True) | Q(said_on__gt=F("commitment_ends_on")))
    return (
        visible(context)
        .filter(status__in=LIVING)
        .annotate(said_on=TruncDate("end_said_at", tzinfo=zone))
        .filter(Q(refused__isnull=False) | undecided)
    )


def why_waits(
    context: Context, views: Collection[SubscriptionView], *, today: date
) -> Mapping[int, str]:
    """By subscription, in sentences; those that wait for a person only. Two questions."""
    ids = [view.id for view in views]
    refused, scheduled = refused_of(ids), scheduled_of(ids)
    zone = tenant_zone(context.tenant_id)
    said = {view.id: _why(view, refused, scheduled, today=today, zone=zone) for view in views}
    return {one: why for one, why in said.items() if why}


def _why(
    view: SubscriptionView,
    refused: Mapping[int, RefusedView],
    scheduled: Collection[int],
    *,
    today: date,
    zone: str,
) -> str:
    if view.status.value not in LIVING:
        return ""
    if view.id in refused:
        return refused[view.id].in_words(zone)
    return why_undecided(view, is_scheduled=view.id in scheduled, today=today, zone=zone)
