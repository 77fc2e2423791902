"""Prove what was sent, by reading; the only way to green.

A reading is kept as evidence, judged (``classify``), and what follows is carried out in the same
transaction. A reading that fails proves nothing: it is tried again, and nothing is sent meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from tallystick.connections.learn import note_read
from tallystick.connections.policies import SameDay
from tallystick.connections.trouble import BillingError
from tallystick.ledger.kinds import ABOUT_CHARGES, AttemptKind, EvidenceKind
from tallystick.ledger.lease import Lease, hold
from tallystick.ledger.models import Attempt, Delivery, Lane
from tallystick.ledger.settle import (
    Act,
    Cause,
    Proof,
    add_evidence,
    checking,
    landed_in_part,
    named,
    synced,
    waiting,
)
from tallystick.mappings.resolve import bind_line
from tallystick.sync import words
from tallystick.sync.classify import (
    Conclusion,
    Verdict,
    conclude,
    sent_from_json,
    shown_so_far,
    verdict_of,
)
from tallystick.sync.compare import Periods, snapshot
from tallystick.sync.day_taken import day_taken, learn_same_day
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
    shown: str | None = None
    found: Found | None
    rows: tuple[UnitRow, ...]
    try:
        if attempt.kind == AttemptKind.NAME_LINE.value:
            shown = engine.billing(work.connection.id).shown_name(line_of(attempt))
            found, rows = None, ()
        elif attempt.kind == AttemptKind.CREATE_LINE.value:
            reference = str(attempt.target["reference"])
            found = engine.billing(work.connection.id).find_line(
                contract_id=attempt.contract_id, reference=reference
            )
            rows = ()
        else:
            found = None
            line = line_of(attempt)
            since = min(attempt.effective_on, work.today)  # what the next change asks too
            seen = engine.observer(work.connection.id).observe(
                line,
                since=since,
                hurried=engine.turnstile(work.connection.id).is_longest(work.lane_id),
            )
            rows = tuple(row for row in seen if row.until > attempt.effective_on)
    except BillingError as error:
        return could_not_read_back(engine, lease, work, attempt, error)
    engine.reached(Milestone.READ_BACK)
    with transaction.atomic():
        lane = hold(lease)
        act = act_of(engine, work)
        note_read(work.connection, now=act.now)
        lane.open_attempt = attempt  # it is: only what is proved or stopped is closed
        if shown is not None:
            _judge_name(engine, lane, attempt, shown, work, act)
        elif found is not None:
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
        day_taken(lane, batch, attempt, work, act)
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
            learn_same_day(work, SameDay.ADDS, act)
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
    data = {"verdict": verdict.value, "line_ids": list(ids)}

    def created(batch: Sequence[Delivery]) -> None:
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

    cause = words.yes_but_absent() if not ids else words.two_lines(len(ids))
    _judge_one(engine, lane, attempt, verdict, data, created, cause, work, act)


def _judge_name(
    engine: Engine, lane: Lane, attempt: Attempt, shown: str, work: Work, act: Act
) -> None:
    """A text: as wanted, as it was before, or somebody else's."""
    before, wanted = str(attempt.base["name"]), str(attempt.target["name"])
    verdict = {wanted: Verdict.LANDED, before: Verdict.BASE}.get(shown, Verdict.THIRD)
    data = {"verdict": verdict.value, "name": shown}
    third = words.third_name(observed=shown, target=wanted, base=before)
    cause = words.yes_but_absent() if shown == before else third
    _judge_one(
        engine,
        lane,
        attempt,
        verdict,
        data,
        lambda batch: named(lane, batch, data, act=act),
        cause,
        work,
        act,
    )


def _judge_one(
    engine: Engine,
    lane: Lane,
    attempt: Attempt,
    verdict: Verdict,
    data: dict[str, Any],
    landed: Callable[[Sequence[Delivery]], None],
    cause: Cause,
    work: Work,
    act: Act,
) -> None:
    """What is read as one value, whole or not at all. ``cause``: when it stops."""
    known = known_of(attempt)
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
        landed(batch)
    elif conclusion is Conclusion.LOOK_AGAIN:
        look_later(engine, attempt, batch, known, work, act)
    elif conclusion is Conclusion.NOT_LANDED:
        not_landed(lane, batch, act)
    else:
        conflict(lane, batch, cause, data, act)


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
