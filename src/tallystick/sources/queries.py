"""What the doors show of sources and of what they told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from tallystick.identity.context import Context
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import InvalidInput, NotAllowed, NotFound
from tallystick.sources.intake.became import Became
from tallystick.sources.intake.event import NEED_A_PERSON, Answer, EventType, How
from tallystick.sources.kinds import CAPABILITIES, Capabilities, SourceKind
from tallystick.sources.models import EventOutcome, Source, SourceEvent, Subject


@dataclass(frozen=True, slots=True)
class SourceView:
    """``answers``: how many events stand at each answer. ``trouble``: why it cannot be read."""

    id: int
    kind: SourceKind
    name: str
    uri: str
    hook: str
    hold_seconds: int
    last_read_at: datetime | None
    last_snapshot_at: datetime | None
    next_read_at: datetime | None
    trouble: str
    trouble_since: datetime | None
    settings: Mapping[str, Any]
    webhook: Mapping[str, Any]
    heard_at: datetime | None
    created_at: datetime
    answers: Mapping[Answer, int]

    @property
    def capabilities(self) -> Capabilities:
        return CAPABILITIES[self.kind]

    @property
    def is_told(self) -> bool:
        """It sends; it is not read."""
        return self.kind is SourceKind.EVENTS

    @property
    def calls_host(self) -> str:
        """Where it calls us, as far as that was registered from here."""
        return str(self.webhook.get("host", ""))

    @property
    def recorded(self) -> int:
        return self.answers.get(Answer.ACCEPTED, 0) + self.answers.get(Answer.GAP, 0)

    @property
    def standing(self) -> str:
        if self.trouble:
            return "Not read"
        if self.needs_a_person:
            return "Needs a person"
        return "Works" if self.is_told or self.last_read_at else "Not read yet"

    @property
    def tone(self) -> str:
        tones = {"Not read": "red", "Needs a person": "yellow", "Works": "green"}
        return tones.get(self.standing, "secondary")

    @property
    def needs_a_person(self) -> int:
        return sum(many for answer, many in self.answers.items() if answer.needs_a_person)


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


def list_sources(context: Context) -> list[SourceView]:
    """By name; there are few."""
    return _views(Source.objects.filter(**context.scope()).order_by("name"))


def page_sources(context: Context, *, cursor: str | None, limit: int) -> Page[SourceView]:
    """By name. Raises InvalidInput naming ``cursor`` or ``limit``."""
    limit = check_limit(limit)
    rows = Source.objects.filter(**context.scope())
    if cursor:
        name, pk = decode_cursor(cursor, length=2)
        rows = rows.filter(Q(name__gt=name) | Q(name=name, pk__gt=pk))
    found = list(rows.order_by("name", "pk")[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    more = encode_cursor([last.name, last.pk]) if last else None
    return Page(_views(found[:limit]), more)


def _views(rows: Iterable[Source]) -> list[SourceView]:
    rows = list(rows)
    counted: dict[int, dict[Answer, int]] = {}
    latest = _latest(SourceEvent.objects.filter(source__in=rows))
    for one in latest.values("source_id", "answer").annotate(many=Count("pk")):
        counted.setdefault(one["source_id"], {})[Answer(one["answer"])] = one["many"]
    return [_view(row, counted.get(row.pk, {})) for row in rows]


def get_source(context: Context, source_id: int) -> SourceView:
    """Raises NotFound, also when it is in somebody else's context."""
    found = next((one for one in list_sources(context) if one.id == source_id), None)
    if found is None:
        raise NotFound("There is no such source.")
    return found


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
    rows = _latest(SourceEvent.objects.filter(**context.scope("source__")))
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
    return event_views(list(_latest(rows).filter(answer__in=wanted).order_by("-pk")[:most]))


def sources_of(context: Context, provider_id: str) -> list[SourceView]:
    """Those that are read by us and have told or shown this subscription."""
    known = Subject.objects.filter(subject=provider_id).values("source_id")
    rows = Source.objects.filter(**context.scope(), pk__in=known).exclude(
        kind=SourceKind.EVENTS.value
    )
    return [_view(row, {}) for row in rows.order_by("name")]


def get_event(context: Context, event_pk: int) -> EventView:
    """Raises NotFound, also when it is in somebody else's context."""
    rows = SourceEvent.objects.filter(**context.scope("source__"), pk=event_pk)
    found = event_views(list(rows))
    if not found:
        raise NotFound("There is no such event.")
    return found[0]


def _latest(rows: QuerySet[SourceEvent]) -> QuerySet[Any]:
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


def _view(row: Source, answers: Mapping[Answer, int]) -> SourceView:
    return SourceView(
        id=row.pk,
        kind=SourceKind(row.kind),
        name=row.name,
        uri=row.uri,
        hook=row.hook,
        hold_seconds=row.hold_seconds,
        last_read_at=row.last_read_at,
        last_snapshot_at=row.last_snapshot_at,
        next_read_at=row.next_read_at,
        trouble=row.trouble,
        trouble_since=row.trouble_since,
        settings=row.settings,
        webhook=row.webhook,
        heard_at=row.heard_at,
        created_at=row.created_at,
        answers=answers,
    )
