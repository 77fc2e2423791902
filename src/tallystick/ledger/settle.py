"""Every change of a delivery's state, each in one transaction with its evidence and audit record.

The caller holds the lane (``lease.hold``) in an open transaction. Deliveries of one *batch* went,
or would go, out as one call; each still gets its own audit record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from tallystick.audit.events import Event, Status
from tallystick.audit.record import Actor, Subject, record
from tallystick.ledger.drifts import clear_drift
from tallystick.ledger.expected import accept_before, expect_steps
from tallystick.ledger.kinds import AttemptKind, Carrier, EvidenceKind, OperationKind
from tallystick.ledger.models import Attempt, Delivery, Evidence, Lane
from tallystick.ledger.portions import forget_charge_drift, keep_on_line
from tallystick.ledger.profile import Step
from tallystick.ledger.state import SETTLED, STOPPED, State, check

UNCHANGED: Any = object()

# What is concluded of an attempt that took effect.
LANDED, IN_PART = "landed", "landed in part"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a delivery is not synced: a stable code, and the sentence people read."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Intent:
    """What is about to be sent, stored before any byte leaves."""

    kind: AttemptKind
    contract_id: int
    line_id: int | None
    effective_on: date
    base: Mapping[str, Any]
    target: Mapping[str, Any]
    body: Mapping[str, Any]
    request_text: str
    deadline_at: datetime
    resend_of_id: int | None = None
    # The wrong write this one is the opposite of.
    corrects_id: int | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What was read back, and what the line is expected to show from now on."""

    steps: Sequence[Step]  # from the effective day on
    effective_on: date
    adjusted: bool  # false: it was already so, nothing was sent
    reading: Mapping[str, Any]
    # What the line shows before that day, when a person accepted it: ``until`` and ``units`` each.
    accepted_before: Sequence[Mapping[str, Any]] = ()
    moves_units: bool = True  # false: it is about a rate, whatever the units are


@dataclass(frozen=True, slots=True)
class Act:
    """Who acts, when, for whom: what every audit record of one act has in common.

    ``subjects``: of the others whose operations one call carries, by subscription.
    """

    now: datetime
    actor: Actor
    subject: Subject
    correlation_id: str
    subjects: Mapping[int, Subject] = field(default_factory=dict)

    def of(self, delivery: Delivery) -> Subject:
        """Whose operation it is."""
        operation = delivery.operation
        whose = self.subjects.get(operation.subscription_id, self.subject)
        return replace(whose, operation_id=operation.pk, delivery_id=delivery.pk)


def change(
    delivery: Delivery,
    to: State,
    *,
    now: datetime,
    cause: Cause | None = None,
    retry_at: datetime | None = None,
    tries: int = UNCHANGED,
) -> None:
    """The one place that assigns a state. Raises IllegalTransition."""
    check(State(delivery.state), to)
    delivery.state = to.value
    delivery.cause = cause.words if cause else ""
    delivery.cause_code = cause.code if cause else ""
    delivery.retry_at = retry_at
    delivery.settled_at = now if to in SETTLED else None
    delivery.stopped_at = now if to in STOPPED else None
    if to is State.SYNCED:
        delivery.proved_at = now
    if tries is not UNCHANGED:
        delivery.tries = tries
    delivery.save()


def start_sending(lane: Lane, batch: Sequence[Delivery], intent: Intent, *, act: Act) -> Attempt:
    """Commit the intent: the attempt, the lane's open attempt, the batch in *sending*."""
    attempt = Attempt.objects.create(
        lane=lane,
        number=Attempt.objects.filter(lane=lane).count() + 1,
        kind=intent.kind.value,
        contract_id=intent.contract_id,
        line_id=intent.line_id,
        effective_on=intent.effective_on,
        base=dict(intent.base),
        target=dict(intent.target),
        body=dict(intent.body),
        request_text=intent.request_text,
        resend_of_id=intent.resend_of_id,
        corrects_id=intent.corrects_id,
        started_at=act.now,
        deadline_at=intent.deadline_at,
        asked_by=act.actor.name[:200],
        correlation_id=act.correlation_id,
    )
    lane.open_attempt = attempt
    lane.save()
    # The database looks at the whole batch at once: all of it goes into sending together.
    for delivery in batch:
        check(State(delivery.state), State.SENDING)
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in batch]).update(
        state=State.SENDING.value, attempt=attempt, retry_at=None, cause="", cause_code=""
    )
    return attempt


def add_evidence(
    attempt_id: int, kind: EvidenceKind, data: Mapping[str, Any], *, now: datetime
) -> None:
    """Add one line to what is known of an attempt."""
    Evidence.objects.create(attempt_id=attempt_id, kind=kind.value, at=now, data=dict(data))


def conclude(
    lane: Lane, what: str, *, now: datetime, data: Mapping[str, Any] | None = None
) -> None:
    """Close the lane's open attempt with its conclusion, if it has one open."""
    if lane.open_attempt_id is not None:
        add_evidence(
            lane.open_attempt_id,
            EvidenceKind.CONCLUSION,
            {"conclusion": what, **(data or {})},
            now=now,
        )
        lane.open_attempt = None
    lane.save()


def synced(lane: Lane, batch: Sequence[Delivery], proof: Proof, *, act: Act) -> None:
    """Read back and equal: settle the batch, one audit record for each operation."""
    lane.proved_at = act.now
    clear_drift(lane, now=act.now)
    shows_from_now_on(lane, proof, now=act.now)
    _with_others(lane, batch, proof)
    sent = lane.open_attempt
    conclude(lane, LANDED, now=act.now, data={"reading": dict(proof.reading)})
    keep_on_line(lane, batch, now=act.now)
    _settled(batch, sent, proof.reading, act)


def charged(lane: Lane, batch: Sequence[Delivery], reading: Mapping[str, Any], *, act: Act) -> None:
    """The same of an amount that a charge bills: nothing is said of the line."""
    sent = lane.open_attempt
    forget_charge_drift(lane)
    conclude(lane, LANDED, now=act.now, data={"reading": dict(reading)})
    _settled(batch, sent, reading, act)


def _settled(
    batch: Sequence[Delivery], sent: Attempt | None, reading: Mapping[str, Any], act: Act
) -> None:
    for delivery in batch:
        change(delivery, State.SYNCED, now=act.now)
        _audit(delivery, act, Status.SUCCEEDED, sent, reading, _synced_words(sent))


def named(lane: Lane, batch: Sequence[Delivery], reading: Mapping[str, Any], *, act: Act) -> None:
    """The line's name is read back and equal. What it bills was not looked at, and is as it was."""
    sent = lane.open_attempt
    conclude(lane, LANDED, now=act.now, data={"reading": dict(reading)})
    for delivery in batch:
        change(delivery, State.SYNCED, now=act.now)
        _audit(delivery, act, Status.SUCCEEDED, sent, reading, _synced_words(sent))


def landed_in_part(
    lane: Lane, batch: Sequence[Delivery], proof: Proof, cause: Cause, *, act: Act
) -> None:
    """One call of several has landed and is proved: what it left is sent for next."""
    shows_from_now_on(lane, proof, now=act.now)
    _with_others(lane, batch, proof)
    data = {"reading": dict(proof.reading)}
    conclude(lane, IN_PART, now=act.now, data=data)
    for delivery in batch:
        if delivery.operation.kind == OperationKind.AZURE_AMOUNTS.value:
            delivery.carrier = Carrier.LINE.value  # what has begun there is ended there
        change(delivery, State.PENDING, now=act.now, cause=cause)


def shows_from_now_on(lane: Lane, proof: Proof, *, now: datetime) -> None:
    """What was proved is what is expected (saved with the lane)."""
    day = proof.effective_on
    expect_steps(lane, proof.steps, now=now, moves_units=proof.moves_units)
    if proof.adjusted:
        lane.adjusted_on = day
        if proof.moves_units:
            lane.expected_from = max(day, lane.expected_from or day)
    if proof.accepted_before:
        accept_before(lane, proof.accepted_before, day=day)


def _with_others(lane: Lane, batch: Sequence[Delivery], proof: Proof) -> None:
    """No change of another one on the line goes out for an earlier day, also when these came to
    nothing together: it says what they have from this day on."""
    if proof.moves_units and any(one.others for one in batch):
        day = proof.effective_on
        lane.expected_from = max(day, lane.expected_from or day)


def _synced_words(sent: Attempt | None) -> str:
    if sent is None:
        return "Autotask already showed this: nothing was sent. Read back and equal."
    return "Sent to Autotask once. Read back and equal."


def stopped(
    lane: Lane,
    batch: Sequence[Delivery],
    to: State,
    cause: Cause,
    *,
    act: Act,
    reading: Mapping[str, Any] | None = None,
) -> None:
    """The head of the batch stops the lane; what rode with it waits behind it."""
    sent = lane.open_attempt
    conclude(lane, to.value, now=act.now, data={"cause": cause.words})
    head, *riders = batch
    for rider in riders:
        if rider.state != State.PENDING.value:
            change(rider, State.PENDING, now=act.now)
    change(head, to, now=act.now, cause=cause, tries=head.tries + 1)
    _audit(head, act, Status.FAILED, sent, reading, cause.words)


def waiting(
    lane: Lane,
    batch: Sequence[Delivery],
    cause: Cause,
    *,
    now: datetime,
    retry_at: datetime | None,
    counts_as_try: bool,
    conclusion: str = "not sent",
) -> None:
    """Definitely not done, for a passing reason: back to (or still) pending, to be tried again."""
    if lane.open_attempt_id is not None:
        conclude(lane, conclusion, now=now, data={"cause": cause.words})
    for delivery in batch:
        tries = delivery.tries + 1 if counts_as_try else delivery.tries
        if delivery.state == State.PENDING.value:
            delivery.cause, delivery.cause_code = cause.words, cause.code
            delivery.retry_at, delivery.tries = retry_at, tries
            delivery.save()
        else:
            change(delivery, State.PENDING, now=now, cause=cause, retry_at=retry_at, tries=tries)


def checking(batch: Sequence[Delivery], cause: Cause, *, now: datetime, retry_at: datetime) -> None:
    """Sent or perhaps sent, and not proved: look again at ``retry_at``. The attempt stays open."""
    for delivery in batch:
        if delivery.state == State.CHECKING.value:
            delivery.cause, delivery.cause_code = cause.words, cause.code
            delivery.retry_at = retry_at
            delivery.save()
        else:
            change(delivery, State.CHECKING, now=now, cause=cause, retry_at=retry_at)


def moved(batch: Sequence[Delivery], to: date, because: str) -> None:
    """Send these for another day, by a policy; the operation keeps the day it was asked for."""
    for delivery in batch:
        delivery.effective_on = to
        delivery.moved_because = because[:300]
        delivery.save(update_fields=["effective_on", "moved_because"])


def by_charge(delivery: Delivery, because: str) -> None:
    """It goes out as a charge, whatever the policy says; said on the delivery."""
    delivery.carrier = Carrier.CHARGE.value
    delivery.moved_because = because[:300]
    delivery.save(update_fields=["carrier", "moved_because"])


def _audit(
    delivery: Delivery,
    act: Act,
    status: Status,
    sent: Attempt | None,
    reading: Mapping[str, Any] | None,
    words: str,
) -> None:
    operation = delivery.operation
    record(
        Event.UPDATE_SUBSCRIPTION_ON_CONNECTION,
        actor=act.actor,
        now=act.now,
        subject=act.of(delivery),
        correlation_id=act.correlation_id,
        status=status,
        summary=words,
        details={
            "operation": operation.sequence,
            "kind": operation.kind,
            "before": operation.before,
            "after": operation.after,
            "asked_for": operation.effective_on.isoformat(),
            "effective_on": delivery.effective_on.isoformat(),
            "moved_because": delivery.moved_because,
            **({"others": delivery.others} if delivery.others else {}),
            "recorded_by": operation.actor,
            "sent": sent.body if sent else None,
            "attempt": sent.number if sent else None,
            "answered": _answers(sent),
            "proved": dict(reading) if reading else None,
        },
    )


def _answers(sent: Attempt | None) -> list[Any]:
    if sent is None:
        return []
    answers = Evidence.objects.filter(attempt=sent, kind=EvidenceKind.ANSWER.value).order_by("id")
    return [evidence.data for evidence in answers]
