"""What a person decides about an event that became no operation: apply it after all, or ignore it.

Applied late, it is a correction: recorded now, behind what was recorded before it, from its own day
or from today. What was proved keeps its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import record
from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.identity.roles import Right
from tallystick.kit.clock import civil_day
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.ledger.wake import Wake
from tallystick.sources.intake import words
from tallystick.sources.intake.became import Became
from tallystick.sources.intake.carry_out import carry_out
from tallystick.sources.intake.event import Answer, EventType, How, NeutralEvent
from tallystick.sources.intake.outcomes import keep_outcome, outcomes_of, said_of, whom_it_concerns
from tallystick.sources.intake.read_event import read_event
from tallystick.sources.intake.speaker import Speaker, speak_for
from tallystick.sources.models import SourceEvent, WaitingEvent

LONGEST_REASON = 1000


class Decision(StrEnum):
    APPLY = "apply"
    APPLY_TODAY = "apply_today"
    IGNORE = "ignore"

    @property
    def label(self) -> str:
        return {
            Decision.APPLY: "Recorded from its own day",
            Decision.APPLY_TODAY: "Recorded from today",
            Decision.IGNORE: "Not recorded",
        }[self]


def decide_event(
    event_pk: int,
    how: Decision,
    *,
    reason: str,
    context: Context,
    now: datetime,
    wake: Wake,
    correlation_id: str,
) -> Became:
    """Raises NotFound, NotAllowed, InvalidInput, Conflicting; then nothing is stored."""
    context.require(Right.RESOLVE)
    reason = reason.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        raise InvalidInput.one("reason", f"must have 1 to {LONGEST_REASON} characters")
    lanes: set[int] = set()

    def later(lane_ids: Sequence[int]) -> None:
        lanes.update(lane_ids)

    with transaction.atomic():
        row = _of(context, event_pk)
        speaker = speak_for(
            row.source_id, context, now=now, wake=later, correlation_id=correlation_id
        )
        _check_open(row)
        became = _ignored(reason) if how is Decision.IGNORE else _apply(row, speaker, context, how)
        if became.answer not in {Answer.ACCEPTED, Answer.GAP}:
            raise Conflicting(f"It cannot be applied: {became.because} Nothing was changed.")
        WaitingEvent.objects.filter(event=row).delete()
        keep_outcome(row, became, speaker, actor=context.actor)
        record(
            Event.DECIDE_EVENT,
            actor=context.actor,
            now=now,
            subject=whom_it_concerns(row, speaker),
            correlation_id=correlation_id,
            summary=f"{how.label}: {EventType(row.type).label} ({row.subject}). {reason}"[:500],
            details={**said_of(row), "operation_id": became.operation_id, "reason": reason},
        )
        if lanes:
            wake(sorted(lanes))
    return became


def _of(context: Context, event_pk: int) -> SourceEvent:
    row = SourceEvent.objects.filter(**context.scope("source__"), pk=event_pk).first()
    if row is None:
        raise NotFound("There is no such event.")
    return row


def _check_open(row: SourceEvent) -> None:
    """The source is locked: what is open now stays open until this has ended."""
    became = outcomes_of([row.pk])[row.pk]
    waits = became.answer in {Answer.UNMAPPED, Answer.GAP} and became.operation_id is None
    if not (waits or became.answer.needs_a_person):
        raise Conflicting("There is nothing to decide about this event. Nothing was changed.")


def _apply(row: SourceEvent, speaker: Speaker, context: Context, how: Decision) -> Became:
    event = read_event(row.body, uri=speaker.source.uri)
    if not isinstance(event, NeutralEvent):
        raise Conflicting("It cannot be read any more. Nothing was changed.")
    # Another id: the one of a conflict may belong to an operation already.
    told = replace(event, id=f"{row.event_id[:180]}#{row.number}", how=How(row.how))
    if how is Decision.APPLY_TODAY:
        told = replace(told, effective_on=civil_day(speaker.now, tenant_zone(row.tenant_id)))
    asked = replace(speaker.asked(told), context=context)
    return carry_out(told, asked=asked, a_person_said_so=True)


def _ignored(reason: str) -> Became:
    return Became(Answer.ACCEPTED, f"{words.IGNORED}: {reason}")
