"""Prove what was sent, by reading; the only way to green.

A reading is kept as evidence, judged (``classify``), and what follows is carried out in the same
transaction. A reading that fails proves nothing: it is tried again, and nothing is sent meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db import transaction

from tallystick.audit.record import SYSTEM
from tallystick.connections.learn import note_read, set_policy
from tallystick.connections.policies import SameDay, SameDayPolicy
from tallystick.connections.trouble import BillingError
from tallystick.kit.days import in_words as in_full
from tallystick.ledger.kinds import ABOUT_CHARGES, AttemptKind, Carrier, EvidenceKind, OperationKind
from tallystick.ledger.lease import Lease, hold
from tallystick.ledger.models import Attempt, Delivery, Lane
from tallystick.ledger.settle import (
    Act,
    Cause,
    Proof,
    add_evidence,
    by_charge,
    checking,
    landed_in_part,
    moved,
    stopped,
    synced,
    waiting,
)
from tallystick.ledger.state import State
from tallystick.mappings.resolve import bind_line
from tallystick.sync import charge_words, monthly, moves, words
from tallystick.sync.classify import (
    Conclusion,
    Verdict,
    conclude,
    sent_from_json,
    shown_so_far,
    verdict_of,
)
from tallystick.sync.compare import Periods, snapshot
from tallystick.sync.engine import Engine, Milestone
from tallystick.sync.in_flight import known_of, line_of, open_attempt, riding
from tallystick.sync.load import Work, act_of
from tallystick.sync.port import Found, Refused, UnitRow
from tallystick.sync.prove_charge import prove_charge
from tallystick.sync.sight import changed_lately, sight_sent
from tallystick.sync.unexpected import in_words
from tallystick.sync.unproved import (
    conflict,
    could_not_read_back,
    look_later,
    not_landed,
    window_end,
)

# Of a long contract only the first rows are kept with a reading, and how many there were.
ROWS_KEPT = 6


def recover(engine: Engine, lane: Lane, work: Work, *, act: Act) -> None:
    """A process died while sending: from here on it is *checking*. In the turn's transaction."""
    batch = riding(lane)
    until = window_end(engine, open_attempt(lane))
    cause = words.died_while_sending(until, work.connection.time_zone)
    checking(batch, cause, now=act.now, retry_at=act.now)


def look(engine: Engine, lease: Lease, work: Work) -> bool:
    """Read again for what is being checked. Answers whether the turn goes on."""
    if work.open_attempt_id is None:
        raise RuntimeError("something is being checked without an attempt")
    return prove(engine, lease, work, Attempt.objects.get(pk=work.open_attempt_id))


def prove(
    engine: Engine, lease: Lease, work: Work, attempt: Attempt, refused: Refused | None = None
) -> bool:
    """Read, judge, carry out. Answers whether the turn goes on.

    ``refused``: the call was refused as a second change on one day; if the line already shows
    the target, an earlier send of ours is what it has.
    """
    if attempt.kind in ABOUT_CHARGES:
        return prove_charge(engine, lease, work, attempt, refused)
    try:
        if attempt.kind == AttemptKind.CREATE_LINE.value:
            reference = str(attempt.target["reference"])
            found: Found | None = engine.billing(work.connection.id).find_line(
                contract_id=attempt.contract_id, reference=reference
            )
            rows: tuple[UnitRow, ...] = ()
        else:
            found = None
            line = line_of(attempt)
            since = min(attempt.effective_on, work.today)  # what the next change asks too
            seen = engine.observer(work.connection.id).observe(line, since=since)
            rows = tuple(row for row in seen if row.until > attempt.effective_on)
    except BillingError as error:
        return could_not_read_back(engine, lease, work, attempt, error)
    engine.reached(Milestone.READ_BACK)
    with transaction.atomic():
        lane = hold(lease)
        act = act_of(engine, work)
        note_read(work.connection, now=act.now)
        lane.open_attempt = attempt  # it is: only what is proved or stopped is closed
        if found is not None:
            _judge_line(engine, lane, attempt, found, work, act)
        else:
            _judge(engine, lane, attempt, rows, work, act, refused)
    engine.reached(Milestone.SETTLED)
    return True


def _judge(
    engine: Engine,
    lane: Lane,
    attempt: Attempt,
    rows: Sequence[UnitRow],
    work: Work,
    act: Act,
    refused: Refused | None,
) -> None:
    mapping = work.mapping
    periods = (
        Periods(mapping.contract_starts_on, mapping.period_months, mapping.contract_ends_on)
        if mapping is not None
        else Periods(None, None)
    )
    sent = sent_from_json(attempt.base, attempt.target, day=attempt.effective_on)
    unit_change = int(attempt.body["unit_change"])
    verdict = verdict_of(rows, sent, unit_change=unit_change, periods=periods)
    known = known_of(attempt)
    reading = _keep_reading(attempt, verdict, rows, act.now)
    batch = riding(lane)
    if refused is not None and verdict is not Verdict.LANDED:
        _day_taken(lane, batch, attempt, work, act)
        return
    conclusion = conclude(
        verdict,
        answered_yes=known.answered_yes,
        now=act.now,
        window_ends_at=window_end(engine, attempt),
        earlier_base_at=known.bases_at,
        recheck_seconds=engine.waits.recheck,
    )
    others = changed_lately(lane, act=act) if conclusion is Conclusion.DUPLICATE else ""
    sight_sent(
        lane,
        line_of(attempt),
        attempt,
        conclusion,
        rows,
        work.expected.steps,
        answered_yes=known.answered_yes,
        refused=refused is not None,
        act=act,
    )
    if conclusion in {Conclusion.SYNCED, Conclusion.GO_ON}:
        proof = Proof(
            steps=sent.wanted,
            effective_on=attempt.effective_on,
            adjusted=True,
            reading=reading,
            accepted_before=attempt.base["accepted_before"],
            moves_units=attempt.base.get("moves_units", True),
        )
        if conclusion is Conclusion.GO_ON:
            proof = replace(proof, steps=shown_so_far(rows, sent, attempt.effective_on))
            landed_in_part(lane, batch, proof, words.landed_in_part(), act=act)
        else:
            synced(lane, batch, proof, act=act)
        if sent.day_was_used and work.connection.same_day is SameDay.UNKNOWN and refused is None:
            _learn(work, SameDay.ADDS, act)
    elif conclusion is Conclusion.LOOK_AGAIN:
        look_later(engine, attempt, batch, known, work, act)
    elif conclusion is Conclusion.NOT_LANDED:
        not_landed(lane, batch, act)
    else:
        observed = rows[0].units if rows else None
        if observed is not None:
            lane.drift_units, lane.drift_since = observed, act.now
            lane.drift_expected = None
        if conclusion is Conclusion.REPLACES:
            batch[0].accepted_units = observed
        cause = _why_stopped(conclusion, attempt, rows, others)
        conflict(lane, batch, cause, reading, act)


def _why_stopped(
    conclusion: Conclusion, attempt: Attempt, rows: Sequence[UnitRow], others: str
) -> Cause:
    """``others``: what somebody else did to the line lately, in words."""
    sent = sent_from_json(attempt.base, attempt.target, day=attempt.effective_on)
    observed = rows[0].units if rows else 0
    words_for = {
        Conclusion.YES_BUT_ABSENT: words.yes_but_absent(),
        Conclusion.DUPLICATE: words.duplicate(observed, sent.wanted[0].units, others),
        Conclusion.REPLACES: words.replaces(
            attempt.effective_on, observed=observed, target=sent.wanted[0].units
        ),
        Conclusion.THIRD_VALUE: words.third_value(
            observed=in_words(rows) if rows else "no units at all",
            target=sent.target.in_words(),
            base=f"{sent.base_units} units",
        ),
    }
    return words_for[conclusion]


def _judge_line(
    engine: Engine, lane: Lane, attempt: Attempt, found: Found, work: Work, act: Act
) -> None:
    """A line of our own: found once is created; found twice is a conflict; absent is a base."""
    ids = found.line_ids
    verdict = Verdict.BASE if not ids else Verdict.LANDED if len(ids) == 1 else Verdict.DOUBLED
    known = known_of(attempt)
    data = {"verdict": verdict.value, "line_ids": list(ids)}
    add_evidence(attempt.pk, EvidenceKind.READING, data, now=act.now)
    batch = riding(lane)
    conclusion = conclude(
        verdict,
        answered_yes=known.answered_yes,
        now=act.now,
        window_ends_at=window_end(engine, attempt),
        earlier_base_at=known.bases_at,
        recheck_seconds=engine.waits.recheck,
    )
    if conclusion is Conclusion.SYNCED:
        if work.mapping is not None:
            bind_line(work.mapping.lane_id, ids[0])
        waiting(
            lane,
            batch,
            Cause("", ""),
            now=act.now,
            retry_at=None,
            counts_as_try=False,
            conclusion="line created",
        )
    elif conclusion is Conclusion.LOOK_AGAIN:
        look_later(engine, attempt, batch, known, work, act)
    elif conclusion is Conclusion.NOT_LANDED:
        not_landed(lane, batch, act)
    else:
        cause = words.yes_but_absent() if not ids else words.two_lines(len(ids))
        conflict(lane, batch, cause, data, act)


def _day_taken(
    lane: Lane, batch: Sequence[Delivery], attempt: Attempt, work: Work, act: Act
) -> None:
    """Autotask refuses a second change on this day: follow the policy, remember what was seen."""
    if attempt.base.get("day_was_used"):
        _learn(work, SameDay.REFUSES, act)
    day = attempt.effective_on
    if batch[0].operation.kind == OperationKind.AZURE_AMOUNTS.value:
        _month_taken(lane, batch, day, act)
    elif attempt.body["unit_change"] == 0:
        stopped(lane, batch, State.FAILED, words.price_day_taken(day), act=act)
    elif work.connection.same_day_policy is SameDayPolicy.NEXT_DAY:
        waiting(
            lane,
            batch,
            words.day_taken(day),
            now=act.now,
            retry_at=None,
            counts_as_try=False,
            conclusion="refused: the day already has a change",
        )
        moved(batch, day + timedelta(days=1), moves.NEXT_DAY)
    else:
        stopped(lane, batch, State.FAILED, words.day_taken(day), act=act)


def _month_taken(lane: Lane, batch: Sequence[Delivery], day: date, act: Act) -> None:
    """Nothing is set yet: it goes out as a charge. Else the line must be reset by a person."""
    if batch[0].carrier == Carrier.LINE.value:
        stopped(lane, batch, State.FAILED, charge_words.reset_day_taken(in_full(day)), act=act)
        return
    waiting(
        lane,
        batch,
        words.day_taken(day),
        now=act.now,
        retry_at=None,
        counts_as_try=False,
        conclusion="refused: the day already has a change",
    )
    by_charge(batch[0], monthly.day_is_used(day))


def _learn(work: Work, same_day: SameDay, act: Act) -> None:
    set_policy(
        work.connection.id,
        policy="same_day",
        value=same_day,
        actor=SYSTEM,
        now=act.now,
        correlation_id=act.correlation_id,
    )


def _keep_reading(
    attempt: Attempt, verdict: Verdict, rows: Sequence[UnitRow], now: datetime
) -> dict[str, object]:
    reading: dict[str, object] = {
        "verdict": verdict.value,
        "rows": snapshot(rows[:ROWS_KEPT]),
        "rows_in_all": len(rows),
    }
    add_evidence(attempt.pk, EvidenceKind.READING, reading, now=now)
    return reading
