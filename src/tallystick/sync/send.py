"""Send once: the intent is committed, one call is made, its answer is committed.

Nothing is sent that could not be read back: the hour's budget must have room for both. No write
is ever repeated here; what an answer means for the lane is decided from the answer alone, or,
where it does not say, by reading.

The first call that Autotask carries out after it could not be reached ends the pauses of all: each
lane's own may be a quarter of an hour by then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, assert_never

from django.db import transaction

from tallystick.connections.budget import budget_of, frees_at
from tallystick.connections.learn import note_write
from tallystick.kit.clock import monotonic
from tallystick.ledger.due_now import due_now
from tallystick.ledger.kinds import AttemptKind, EvidenceKind
from tallystick.ledger.lease import Lease, extend, hold
from tallystick.ledger.models import Attempt, Delivery, Lane
from tallystick.ledger.profile import amount_as_text
from tallystick.ledger.settle import (
    Act,
    Intent,
    add_evidence,
    checking,
    start_sending,
    stopped,
)
from tallystick.ledger.state import State
from tallystick.mappings.resolve import Resolved
from tallystick.sync import words
from tallystick.sync.engine import Engine, Milestone
from tallystick.sync.load import Work, act_of, deliveries, unchanged
from tallystick.sync.passing import Passing, no_access, put_back, throttled
from tallystick.sync.plan import Send
from tallystick.sync.port import (
    AccessRefused,
    Answer,
    Applied,
    NewLine,
    NoClearAnswer,
    NotSent,
    Postponed,
    RefusalKind,
    Refused,
)
from tallystick.sync.prove import prove
from tallystick.sync.retry import backoff
from tallystick.sync.target import NOT_LANDED, Due
from tallystick.sync.unproved import window_end

Call = Callable[[float], Answer]


def send(engine: Engine, lease: Lease, work: Work, batch: Sequence[Due], plan: Send) -> bool:
    """Send one adjustment and prove it. Answers whether the turn goes on."""
    adjustment = plan.adjustment
    head = batch[0]
    billing = engine.billing(work.connection.id)
    text = billing.written(adjustment)
    body = {
        "contract_id": adjustment.line.contract_id,
        "line_id": adjustment.line.line_id,
        "effective_on": adjustment.effective_on.isoformat(),
        "unit_change": adjustment.unit_change,
        "unit_price": amount_as_text(adjustment.unit_price),
        "unit_cost": amount_as_text(adjustment.unit_cost),
    }

    def intent(deadline_in: float, now: Any) -> Intent:
        return Intent(
            kind=AttemptKind.ADJUST,
            contract_id=adjustment.line.contract_id,
            line_id=adjustment.line.line_id,
            effective_on=adjustment.effective_on,
            base=plan.base,
            target=plan.target.as_json(),
            body=body,
            request_text=text,
            deadline_at=now + timedelta(seconds=deadline_in),
            resend_of_id=sent_before(head, text),
            corrects_id=_corrected(head, adjustment.unit_change),
        )

    return one_shot(
        engine,
        lease,
        work,
        batch,
        intent,
        lambda deadline: billing.adjust(adjustment, deadline=deadline),
    )


def sent_before(head: Due, text: str) -> int | None:
    """The attempt that is proved not to have landed, when this one is the same byte for byte.

    Another text (a rule of the connection was changed meanwhile) is a new intent.
    """
    if head.cause_code != NOT_LANDED or head.attempt_id is None:
        return None
    same = Attempt.objects.filter(pk=head.attempt_id, request_text=text)
    return same.values_list("pk", flat=True).first()


def _corrected(head: Due, unit_change: int) -> int | None:
    """The attempt this one is the opposite of: said by the operation, or its own that is there
    twice and that a person has decided to go on from."""
    if (said := head.after.get("corrects")) is not None:
        return int(said)
    if head.accepted_units is None or head.attempt_id is None:
        return None
    last = Attempt.objects.get(pk=head.attempt_id)
    return last.pk if last.body.get("unit_change") == -unit_change else None


def create_line(
    engine: Engine, lease: Lease, work: Work, batch: Sequence[Due], mapping: Resolved
) -> bool:
    """Create the subscription's own line; our reference on it makes a lost answer findable."""
    new = NewLine(
        contract_id=mapping.contract_id,
        service_id=mapping.service_id,
        reference=mapping.reference,
    )
    body = {**asdict(new), "unit_price": None, "unit_cost": None}

    def intent(deadline_in: float, now: Any) -> Intent:
        return Intent(
            kind=AttemptKind.CREATE_LINE,
            contract_id=mapping.contract_id,
            line_id=None,
            effective_on=batch[0].effective_on,
            base={},
            target={"reference": new.reference},
            body=body,
            request_text=billing.written(new),
            deadline_at=now + timedelta(seconds=deadline_in),
        )

    billing = engine.billing(work.connection.id)
    return one_shot(
        engine,
        lease,
        work,
        batch,
        intent,
        lambda deadline: billing.create_line(new, deadline=deadline),
    )


def one_shot(
    engine: Engine,
    lease: Lease,
    work: Work,
    batch: Sequence[Due],
    intent: Callable[[float, Any], Intent],
    call: Call,
) -> bool:
    """Store the intent, make the call once, store its answer. Answers whether the turn goes on."""
    turnstile = engine.turnstile(work.connection.id)
    with turnstile.place(work.lane_id, seconds=engine.waits.send):
        # The deadline is measured from before the intent: a process that sleeps between the two
        # wakes up too late to send.
        deadline = monotonic() + engine.waits.send
        attempt = _store_intent(engine, lease, work, batch, intent)
        if attempt is None:
            return True
        engine.reached(Milestone.INTENT_STORED)
        answer = call(deadline)
    engine.reached(Milestone.ANSWERED)
    with transaction.atomic():
        lane = hold(lease)
        act = act_of(engine, work)
        add_evidence(attempt.pk, EvidenceKind.ANSWER, evidence_of(answer), now=act.now)
        note_write(work.connection, now=act.now)
        read_now = _take_answer(engine, lane, deliveries(batch), attempt, answer, work, act)
        if isinstance(answer, Applied) and batch[0].cause_code == words.UNREACHABLE:
            paused = (words.UNREACHABLE, words.UNREADABLE)
            due_now(work.connection.id, causes=paused, now=act.now)
    engine.reached(Milestone.ANSWER_STORED)
    if read_now:
        return prove(engine, lease, work, attempt, refused=_refusal(answer))
    return True


def _store_intent(
    engine: Engine,
    lease: Lease,
    work: Work,
    batch: Sequence[Due],
    intent: Callable[[float, Any], Intent],
) -> Attempt | None:
    """None: nothing may be sent now, and what follows from that is stored."""
    with transaction.atomic():
        lane = hold(lease)
        rows = deliveries(batch)
        if not unchanged(rows, batch):
            return None
        act = act_of(engine, work)
        if budget_of(work.connection.id, now=act.now).left_for_writes <= 0:
            until = frees_at(work.connection.id, now=act.now)
            cause = words.throttled(
                "the hour's share of calls is used up", until, work.connection.time_zone
            )
            put_back(lane, rows, Passing(cause, until, False), act=act)
            return None
        extend(lane, now=act.now, seconds=engine.waits.lease)
        return start_sending(lane, rows, intent(engine.waits.send, act.now), act=act)


def _take_answer(
    engine: Engine,
    lane: Lane,
    batch: list[Delivery],
    attempt: Attempt,
    answer: Answer,
    work: Work,
    act: Act,
) -> bool:
    """Carry out what the answer alone decides; answers whether a reading decides instead."""
    match answer:
        case Applied():
            return True
        case NoClearAnswer():
            until = window_end(engine, attempt)
            cause = words.no_clear_answer(answer.what, until, work.connection.time_zone)
            checking(batch, cause, now=act.now, retry_at=act.now)
            return True
        case Refused():
            if answer.kind is RefusalKind.DUPLICATE_DAY and attempt.kind == AttemptKind.ADJUST:
                # Perhaps an earlier send of ours is what it already has: a reading tells.
                return True
            if attempt.kind == AttemptKind.CHANGE_CHARGE:
                # Perhaps it has been billed meanwhile: a reading tells.
                return True
            stopped(lane, batch, State.FAILED, words.refused(answer.reason), act=act)
        case NotSent():
            again = act.now + backoff(batch[0].tries, jitter=engine.jitter())
            cause = words.unreachable(answer.reason, again, work.connection.time_zone)
            put_back(lane, batch, Passing(cause, again, True), act=act)
        case Postponed():
            put_back(
                lane,
                batch,
                throttled(work, answer.reason, answer.retry_after_seconds, act=act),
                act=act,
            )
        case AccessRefused():
            cause = words.access_refused(answer.reason)
            put_back(lane, batch, no_access(work, cause, act=act), act=act)
        case _:
            assert_never(answer)
    return False


def _refusal(answer: Answer) -> Refused | None:
    return answer if isinstance(answer, Refused) else None


def evidence_of(answer: Answer) -> dict[str, Any]:
    """The answer as evidence: its kind and its words."""
    kinds = {
        Applied: "applied",
        Refused: "refused",
        NotSent: "not_sent",
        Postponed: "postponed",
        NoClearAnswer: "no_clear_answer",
        AccessRefused: "access_refused",
    }
    return {"answer": kinds[type(answer)], **asdict(answer)}
