"""Sources and what they told, on the wire."""

from __future__ import annotations

from typing import Any

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Body, Id, Paging
from tallystick.api.schemas_yields import BroughtOut, LastRunOut, PriceSheetOut
from tallystick.kit.problem import FieldError
from tallystick.sources.add_source import Added
from tallystick.sources.health import SourceHealth
from tallystick.sources.intake.decide import Decision
from tallystick.sources.intake.event import Answer, EventType, How
from tallystick.sources.intake.take import Taken
from tallystick.sources.kinds import SourceKind
from tallystick.sources.queries import EventView
from tallystick.sources.source_queries import SourceView


class WrongOut(Schema):
    field: str
    message: str


class TakenOut(Schema):
    """What became of one event. ``number``: its place in what this source told; null: not kept."""

    id: str
    answer: Answer
    because: str
    number: int | None
    event_id: int | None = Field(description="Ours: of GET /events/{event_id}.")
    operation_id: int | None
    errors: list[WrongOut]

    @classmethod
    def of(cls, taken: Taken) -> TakenOut:
        return cls(
            id=taken.event_id,
            answer=taken.became.answer,
            because=taken.became.because,
            number=taken.number,
            event_id=taken.id,
            operation_id=taken.became.operation_id,
            errors=[],
        )

    @classmethod
    def refused(cls, said: object, errors: list[FieldError]) -> TakenOut:
        sent_id = said.get("id") if isinstance(said, dict) else None
        return cls(
            id=sent_id[:200] if isinstance(sent_id, str) else "",
            answer=Answer.REJECTED,
            because="Nothing was stored: correct what “errors” names.",
            number=None,
            event_id=None,
            operation_id=None,
            errors=[WrongOut(field=one.field, message=one.message) for one in errors],
        )


class TakenListOut(Schema):
    """One answer for each event, in the order they were sent."""

    items: list[TakenOut]


class EventOut(Schema):
    """``body`` is what was sent; ``decided_by``: the source, or the person who decided."""

    id: int
    source_id: int
    number: int
    event_id: str
    type: EventType
    subject: str
    time: str
    how: How
    answer: Answer
    because: str
    operation_id: int | None
    received_at: At
    decided_by: str
    decided_at: At
    body: dict[str, Any]

    @classmethod
    def of(cls, view: EventView) -> EventOut:
        return cls(
            id=view.id,
            source_id=view.source_id,
            number=view.number,
            event_id=view.event_id,
            type=view.type,
            subject=view.subject,
            time=view.time,
            how=view.how,
            answer=view.became.answer,
            because=view.became.because,
            operation_id=view.became.operation_id,
            received_at=view.received_at,
            decided_by=view.decided_by,
            decided_at=view.decided_at,
            body=dict(view.body),
        )


class EventsAsked(Paging):
    source: Id | None = None
    subject: str = ""
    answer: str = ""


class DecideEventIn(Body):
    how: Decision = Field(strict=False)
    reason: str = Field(max_length=1000)


class SourceIn(Body):
    """``uri``: what its events name as their CloudEvents ``source``."""

    name: str = Field(max_length=200)
    uri: str = Field(max_length=200)


class CapabilitiesOut(Schema):
    feed: bool
    webhook: bool
    snapshot: bool
    price: bool
    cost: bool
    history_days: int | None


class SourceOut(Schema):
    """``health`` and its ``cause`` in a sentence; ``unmatched``: how many subscriptions it shows
    that could not be matched, listed at ``unmatched_at``. ``events_at``: the path for signed
    events, ``hints_at`` for a vendor's webhook; ``calls_host``: where it calls us, as far as it was
    registered from here; ``heard_at``: when it last did. ``answers``: how many events stand at
    each. ``price_sheet``: null where none is read."""

    id: int
    kind: SourceKind
    name: str
    uri: str
    events_at: str
    hints_at: str
    calls_host: str
    heard_at: At | None
    hold_seconds: int
    capabilities: CapabilitiesOut
    health: SourceHealth
    cause: str
    last_run: LastRunOut
    last_24_hours: BroughtOut
    unmatched: int
    unmatched_at: str
    last_read_at: At | None
    last_snapshot_at: At | None
    next_read_at: At | None
    trouble: str
    trouble_since: At | None
    answers: dict[str, int]
    price_sheet: PriceSheetOut | None
    created_at: At

    @classmethod
    def of(cls, view: SourceView) -> SourceOut:
        can = view.capabilities
        return cls(
            id=view.id,
            kind=view.kind,
            name=view.name,
            uri=view.uri,
            events_at=f"/api/v1/events/for/{view.hook}",
            hints_at=f"/api/v1/hints/for/{view.hook}",
            calls_host=view.calls_host,
            heard_at=view.heard_at,
            hold_seconds=view.hold_seconds,
            capabilities=CapabilitiesOut(
                feed=can.feed,
                webhook=can.webhook,
                snapshot=can.snapshot,
                price=can.price,
                cost=can.cost,
                history_days=can.history_days,
            ),
            health=view.health,
            cause=view.cause,
            last_run=LastRunOut.of(view.lately.last_run),
            last_24_hours=BroughtOut.of(view.lately.last_day),
            unmatched=view.not_matched.number,
            unmatched_at=f"/api/v1/sources/{view.id}/unmatched",
            last_read_at=view.last_read_at,
            last_snapshot_at=view.last_snapshot_at,
            next_read_at=view.next_read_at,
            trouble=view.trouble,
            trouble_since=view.trouble_since,
            answers={answer.value: many for answer, many in view.answers.items()},
            price_sheet=PriceSheetOut.of(view.price_sheet) if view.price_sheet else None,
            created_at=view.created_at,
        )


class AddedOut(Schema):
    """The only time that token and signing secret are shown."""

    source: SourceOut
    token: str
    signing_secret: str

    @classmethod
    def of(cls, added: Added, view: SourceView) -> AddedOut:
        return cls(
            source=SourceOut.of(view),
            token=added.token.reveal(),
            signing_secret=added.secret.reveal(),
        )
