"""What sources told that became no operation, and that a person has not decided on yet.

Such an event is in no lane: nothing of it was expected, so no badge can tell of it. It stands on
its subscription, on Home and in what stands between a day and its bills, until it is decided on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from tallystick.identity.context import Context
from tallystick.sources.intake import words
from tallystick.sources.intake.event import NEED_A_PERSON
from tallystick.sources.models import EventOutcome, Source, SourceEvent
from tallystick.sources.queries import EventView, event_views
from tallystick.subscriptions.queries import SubscriptionView, views_by_provider_id


@dataclass(frozen=True, slots=True)
class Undecided:
    """``subscription`` None: none of this context has this id."""

    event: EventView
    source_name: str
    subscription: SubscriptionView | None


def count_undecided(context: Context) -> int:
    return _undecided(context).count()


def undecided(context: Context, *, subject: str = "", most: int = 20) -> list[Undecided]:
    """The newest first; of one subscription, or of all."""
    rows = _undecided(context)
    if subject:
        rows = rows.filter(event__subject=subject)
    ids = list(rows.order_by("-event_id").values_list("event_id", flat=True)[:most])
    return _told(context, event_views(SourceEvent.objects.filter(pk__in=ids).order_by("-pk")))


def told_of(context: Context, event_ids: Sequence[int]) -> list[Undecided]:
    """Those of the context, in the order they came."""
    rows = SourceEvent.objects.filter(**context.scope("source__"), pk__in=event_ids)
    return _told(context, event_views(rows.order_by("pk")))


def undecided_of_tenant(tenant_id: int) -> QuerySet[EventOutcome, Any]:
    return _open().filter(event__source__tenant_id=tenant_id)


def _undecided(context: Context) -> QuerySet[EventOutcome, Any]:
    return _open().filter(**context.scope("event__source__"))


def _open() -> QuerySet[EventOutcome, Any]:
    """The latest outcome of an event counts. What failed at the source changed nothing there."""
    later = EventOutcome.objects.filter(event=OuterRef("event"), pk__gt=OuterRef("pk"))
    return EventOutcome.objects.filter(~Exists(later), answer__in=NEED_A_PERSON).exclude(
        because=words.NOT_DONE_THERE
    )


def _told(context: Context, events: Sequence[EventView]) -> list[Undecided]:
    if not events:
        return []
    names = dict(
        Source.objects.filter(pk__in={one.source_id for one in events}).values_list("pk", "name")
    )
    held = views_by_provider_id(context, {one.subject for one in events})
    return [Undecided(one, names[one.source_id], held.get(one.subject)) for one in events]
