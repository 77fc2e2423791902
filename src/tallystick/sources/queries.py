"""What the doors show of what sources told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from tallystick.identity.context import Context
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import InvalidInput, NotAllowed, NotFound
from tallystick.sources.intake.became import Became
from tallystick.sources.intake.event import NEED_A_PERSON, Answer, EventType, How
from tallystick.sources.models import EventOutcome, Source, SourceEvent


@dataclass(frozen=True, slots=True)
class EventView:
    """What was told, and what became of it."""

    id: int
    source_id: int
    number: int
    event_id: str
    type: EventType
    subject: str
    time: str
    happened_at: datetime
    how: How
    body: Mapping[str, Any]
    received_at: datetime
    became: Became
    decided_by: str
    decided_at: datetime

    @property
    def words(self) -> str:
        """``Quantity changed to 12``."""
        data = self.body.get("data")
        after = data.get("after") if isinstance(data, Mapping) else None
        quantity = after.get("quantity") if isinstance(after, Mapping) else None
        to = f" to {quantity}" if self.type is EventType.QUANTITY_CHANGED and quantity else ""
        return f"{self.type.label}{to}"


def source_of_token(token_id: int) -> tuple[int, str]:
    """The source that speaks with this token, and its uri. Raises NotAllowed."""
    found = Source.objects.filter(token_id=token_id).values_list("pk", "uri").first()
    if found is None:
        raise NotAllowed(
            "This token belongs to no source. Nothing was stored. Add the source, and use the "
            "token that is shown then."
        )
    return found


def list_events(
    context: Context,
    *,
    source_id: int | None = None,
    subject: str = "",
    answer: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[EventView]:
    """Newest first. Raises InvalidInput."""
    limit = check_limit(limit)
    rows = latest(SourceEvent.objects.filter(**context.scope("source__")))
    if source_id is not None:
        rows = rows.filter(source_id=source_id)
    if subject:
        rows = rows.filter(subject=subject)
    if answer:
        if answer not in {one.value for one in Answer}:
            raise InvalidInput.one("answer", f"“{answer[:20]}” is not an answer")
        rows = rows.filter(answer=answer)
    if cursor:
        rows = rows.filter(pk__lt=decode_cursor(cursor, length=1)[0])
    found = list(rows.order_by("-pk")[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    return Page(event_views(found[:limit]), more)


def open_events(context: Context, source_id: int, *, most: int = 50) -> list[EventView]:
    """The newest that need a person."""
    wanted = NEED_A_PERSON
    rows = SourceEvent.objects.filter(**context.scope("source__"), source_id=source_id)
    return event_views(list(latest(rows).filter(answer__in=wanted).order_by("-pk")[:most]))


def get_event(context: Context, event_pk: int) -> EventView:
    """Raises NotFound, also when it is in somebody else's context."""
    rows = SourceEvent.objects.filter(**context.scope("source__"), pk=event_pk)
    found = event_views(list(rows))
    if not found:
        raise NotFound("There is no such event.")
    return found[0]


def latest(rows: QuerySet[SourceEvent]) -> QuerySet[Any]:
    """With ``answer``, which the type checker cannot see."""
    newest = EventOutcome.objects.filter(event=OuterRef("pk")).order_by("-pk")
    return rows.annotate(answer=Subquery(newest.values("answer")[:1])).filter(
        Q(answer__isnull=False)
    )


def event_views(found: Iterable[SourceEvent]) -> list[EventView]:
    """Each with what became of it, in their order."""
    rows = list(found)
    outcomes = {
        one.event_id: one for one in EventOutcome.objects.filter(event__in=rows).order_by("pk")
    }
    return [_event_view(row, outcomes[row.pk]) for row in rows]


def _event_view(row: SourceEvent, outcome: EventOutcome) -> EventView:
    return EventView(
        id=row.pk,
        source_id=row.source_id,
        number=row.number,
        event_id=row.event_id,
        type=EventType(row.type),
        subject=row.subject,
        time=row.time,
        happened_at=row.happened_at,
        how=How(row.how),
        body=row.body,
        received_at=row.received_at,
        became=Became(Answer(outcome.answer), outcome.because, outcome.operation_id),
        decided_by=outcome.actor,
        decided_at=outcome.at,
    )
