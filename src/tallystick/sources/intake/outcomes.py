"""What became of events: kept as facts, and read back; the latest of an event counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tallystick.audit.events import Event, Status
from tallystick.audit.record import Actor, Subject, record
from tallystick.sources.intake.became import Became
from tallystick.sources.intake.event import Answer
from tallystick.sources.intake.speaker import Speaker
from tallystick.sources.models import EventOutcome, SourceEvent
from tallystick.subscriptions.queries import subscription_by_provider_id

# These stand in the audit log by themselves: no operation says them.
_TOLD = {
    Answer.CONFLICT: Status.FAILED,
    Answer.LATE: Status.FAILED,
    Answer.REJECTED: Status.FAILED,
    Answer.UNMAPPED: Status.NOT_APPLICABLE,
    Answer.UNAPPLIED: Status.NOT_APPLICABLE,
}


def keep_outcome(
    row: SourceEvent, became: Became, speaker: Speaker, *, actor: Actor | None = None
) -> None:
    """In the transaction that did it. ``actor``: a person who decided."""
    who = actor or speaker.context.actor
    EventOutcome.objects.create(
        event=row,
        answer=became.answer.value,
        because=became.because,
        operation_id=became.operation_id,
        actor=who.name[:200],
        at=speaker.now,
    )
    if actor is None and (status := _TOLD.get(became.answer)):
        record(
            Event.EVENT_NOT_RECORDED,
            actor=who,
            now=speaker.now,
            subject=whom_it_concerns(row, speaker),
            correlation_id=row.correlation_id,
            status=status,
            summary=f"{became.answer.label}: {row.type} of {row.subject}. {became.because}"[:500],
            details=said_of(row),
        )


def whom_it_concerns(row: SourceEvent, speaker: Speaker) -> Subject:
    """Its subscription, when there is one of this id."""
    held = subscription_by_provider_id(speaker.context, row.subject)
    if held is not None:
        return held.subject()
    return Subject(tenant_id=row.tenant_id, reseller_id=speaker.source.reseller_id)


def said_of(row: SourceEvent) -> Mapping[str, object]:
    """What the audit log keeps of an event; the whole is in the event itself."""
    return {
        "event": row.pk,
        "event_id": row.event_id,
        "type": row.type,
        "subject": row.subject,
        "time": row.time,
    }


def outcomes_of(event_pks: Iterable[int]) -> dict[int, Became]:
    """The latest of each, by the event's key."""
    rows = EventOutcome.objects.filter(event_id__in=set(event_pks)).order_by("event_id", "pk")
    return {row.event_id: became_of(row) for row in rows}


def became_of(row: EventOutcome) -> Became:
    return Became(Answer(row.answer), row.because, row.operation_id)
