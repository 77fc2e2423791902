"""Which changes of a person their source does not show: asked in a context."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from tallystick.identity.context import Context
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.not_seen_models import NotSeen
from tallystick.subscriptions.queries import visible


@dataclass(frozen=True, slots=True)
class NotSeenView:
    """``words``: ``quantity 12 here, 10 there``."""

    source_name: str
    words: str
    recorded_at: datetime


def not_seen_rows(context: Context) -> QuerySet[Subscription]:
    return visible(context).filter(not_seen__isnull=False)


def not_seen_of(context: Context, subscription_id: int) -> NotSeenView | None:
    found = NotSeen.objects.filter(subscription__in=visible(context), pk=subscription_id).first()
    return NotSeenView(found.source_name, found.words, found.recorded_at) if found else None
