"""Begin with the head and its companions: everything that happens before a byte leaves.

1. The mapping, the company, the contract, the line and its service must be what they are said to
   be. Facts older than a day, or of an operation that has been stopped before, are read again; that
   Autotask could not be reached says nothing about them.
2. A line of its own is created first, and proved, by its own attempt.
3. The dates may stop or move it before anything is read.
4. Observe the line, from today or the day before; decide (``plan``); carry the decision out.

What goes out as a charge leaves this way after 1 (``begin_charge``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from tallystick.connections.learn import note_read
from tallystick.connections.trouble import BillingError
from tallystick.ledger.lease import Lease
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.settle import Act, by_charge, moved, stopped, synced
from tallystick.ledger.state import State
from tallystick.mappings.resolve import Resolved, keep_facts
from tallystick.mappings.want_line import find_wanted
from tallystick.sync import words, words_line
from tallystick.sync.begin_charge import begin_charge
from tallystick.sync.days import Dated, Frame, date_rule, dated
from tallystick.sync.engine import Engine, Milestone
from tallystick.sync.load import Work
from tallystick.sync.locked import under_lock
from tallystick.sync.monthly import cannot_be_on_line
from tallystick.sync.name_line import name_line
from tallystick.sync.passing import could_not_read
from tallystick.sync.plan import AlreadySo, AsCharge, Move, Plan, Send, Stop, first_day, plan
from tallystick.sync.port import NO_LINE, Line, LineFacts, UnitRow
from tallystick.sync.send import create_line, send
from tallystick.sync.sight import sight
from tallystick.sync.target import Due, batch_of


def begin(engine: Engine, lease: Lease, work: Work) -> bool:
    """Answers whether the turn goes on with this lane."""
    batch = batch_of(work.due)
    mapping = work.mapping
    if mapping is None:
        return _without_a_line(engine, lease, work, batch)
    try:
        return _begin(engine, lease, work, batch, mapping)
    except BillingError as error:
        return _put_back(engine, lease, work, batch, error)


def _without_a_line(engine: Engine, lease: Lease, work: Work, batch: Sequence[Due]) -> bool:
    """Its offer has changed and it had no line: the cause may have been mended since."""
    found = find_wanted(work.lane_id)
    if found is None:
        cause = words_line.not_mapped()
    elif found.place is not None:
        return True
    else:
        cause = words_line.needs_line(found.period, found.why, found.do)
    return carry_out(engine, lease, work, batch, Stop(State.FAILED, cause))


def _begin(
    engine: Engine, lease: Lease, work: Work, batch: Sequence[Due], mapping: Resolved
) -> bool:
    """Raises BillingError: then nothing has been sent. (What was sent is never raised about.)"""
    rules = work.rules()
    line = Line(contract_id=mapping.contract_id, line_id=mapping.line_id or NO_LINE)
    mapping, wrong = _facts(engine, work, batch, mapping, line)
    if wrong is not None:
        return carry_out(engine, lease, work, batch, wrong)
    frame, head = frame_of(mapping), work.due[0]
    if head.is_charge(rules):
        return begin_charge(engine, lease, work, head, mapping)
    if batch[0].names_line and mapping.line_id is not None:
        return name_line(engine, lease, work, batch, line)
    if wrong := _wrong_period(batch, mapping):
        return carry_out(engine, lease, work, batch, wrong)
    if head.is_amount and (
        why := cannot_be_on_line(head, expected=work.expected, periods=frame.periods)
    ):
        return carry_out(engine, lease, work, [head], AsCharge(why))
    found = dated(work.due, expected=work.expected, rules=rules, frame=frame)
    batch = found.batch
    if found.moves:
        return _move(engine, lease, work, found)
    if mapping.line_id is None:
        return create_line(engine, lease, work, batch, mapping)
    by_date = date_rule(batch, expected=work.expected, rules=rules, frame=frame)
    if by_date is not None:
        return carry_out(engine, lease, work, batch, by_date)
    since = first_day(batch[0].effective_on, work.today)
    rows = engine.observer(work.connection.id).observe(
        line, since=since, fresh_for=engine.waits.reading_is_fresh
    )
    engine.reached(Milestone.OBSERVED)
    decided = plan(
        batch,
        rows,
        line=line,
        expected=work.expected,
        rules=rules,
        periods=frame.periods,
        today=work.today,
        fresh_own_line=mapping.own_line,
    )
    return carry_out(engine, lease, work, batch, decided, Shown(line, rows))


@dataclass(frozen=True, slots=True)
class Shown:
    """What was read of a line before anything is sent."""

    line: Line
    rows: Sequence[UnitRow]


def frame_of(mapping: Resolved) -> Frame:
    return Frame(mapping.contract_starts_on, mapping.contract_ends_on, mapping.period_months)


def _move(engine: Engine, lease: Lease, work: Work, found: Dated) -> bool:
    """The policies' days are stored before anything is sent for them."""
    to = {one.delivery_id: move for one, move in found.moves}

    def store(_lane: Lane, rows: list[Delivery], _act: Act) -> None:
        for row in rows:
            moved([row], to[row.pk].to, to[row.pk].because)

    return under_lock(engine, lease, work, [one for one, _ in found.moves], store)


def _facts(
    engine: Engine, work: Work, batch: Sequence[Due], mapping: Resolved, line: Line
) -> tuple[Resolved, Stop | None]:
    """The mapping with fresh facts, and what is wrong with them. Raises BillingError."""
    now = engine.clock.now()
    fresh = timedelta(seconds=engine.waits.facts_are_fresh)
    stopped_before = batch[0].tries > 0 and batch[0].cause_code not in {"", words.UNREACHABLE}
    if mapping.checked_at is not None and now - mapping.checked_at < fresh and not stopped_before:
        return mapping, _wrong_contract(mapping)
    facts = engine.billing(work.connection.id).describe([line])[line]
    if not facts.contract_found:
        return mapping, Stop(State.FAILED, words_line.contract_gone(mapping.contract_id))
    if facts.company_id != mapping.company_id:
        cause = words_line.other_company(mapping.contract_name, mapping.company_name)
        return mapping, Stop(State.FAILED, cause)
    if mapping.line_id is not None:
        if not facts.exists or not facts.belongs_to_contract:
            return mapping, Stop(State.FAILED, words_line.line_gone(line.line_id))
        if facts.service_id != mapping.service_id:
            return mapping, Stop(State.FAILED, words_line.other_service(mapping.service_name))
    mapping = _keep(mapping, facts, engine)
    note_read(work.connection, now=now)
    return mapping, _wrong_contract(mapping)


def _wrong_contract(mapping: Resolved) -> Stop | None:
    if mapping.contract_active is False:
        return Stop(State.FAILED, words_line.contract_inactive(mapping.contract_name))
    return None


def _wrong_period(batch: Sequence[Due], mapping: Resolved) -> Stop | None:
    """A price of one billing cycle is never sent to a line of another."""
    for one in batch:
        wanted = one.after.get("period_months")
        if wanted is not None and mapping.period_months not in {None, wanted}:
            return Stop(State.FAILED, words_line.other_period(mapping.contract_name, wanted))
    return None


def _keep(mapping: Resolved, facts: LineFacts, engine: Engine) -> Resolved:
    now = engine.clock.now()
    keep_facts(
        mapping.lane_id,
        starts_on=facts.contract_starts_on,
        ends_on=facts.contract_ends_on,
        active=facts.contract_active,
        period_months=facts.period_months,
        now=now,
    )
    return replace(
        mapping,
        contract_starts_on=facts.contract_starts_on,
        contract_ends_on=facts.contract_ends_on,
        contract_active=facts.contract_active,
        period_months=facts.period_months,
        checked_at=now,
    )


def carry_out(
    engine: Engine,
    lease: Lease,
    work: Work,
    batch: Sequence[Due],
    decided: Plan,
    shown: Shown | None = None,
) -> bool:
    """``shown``: what it was decided from. Answers whether the turn goes on."""
    match decided:
        case Send():
            return send(engine, lease, work, batch, decided)
        case AlreadySo():
            return under_lock(
                engine,
                lease,
                work,
                batch,
                lambda lane, rows, act: _already_so(lane, rows, decided, work, shown, act),
            )
        case Move():
            return under_lock(
                engine,
                lease,
                work,
                batch,
                lambda _lane, rows, _act: moved(rows, decided.to, decided.because),
            )
        case AsCharge():
            return under_lock(
                engine,
                lease,
                work,
                batch[:1],
                lambda _lane, rows, _act: by_charge(rows[0], decided.because),
            )
        case Stop():
            return under_lock(
                engine,
                lease,
                work,
                batch,
                lambda lane, rows, act: _stop(lane, rows, decided, work, shown, act),
            )
        case _:
            assert_never(decided)


def _already_so(
    lane: Lane,
    batch: Sequence[Delivery],
    decided: AlreadySo,
    work: Work,
    shown: Shown | None,
    act: Act,
) -> None:
    """Nothing is to be sent. Who made it so, if not we, is kept before it is settled."""
    if shown is not None and batch[0].tries == 0:
        about_to = (batch[0].effective_on, decided.proof.steps[0].units)
        sight(lane, shown.line, shown.rows, work.expected.steps, act=act, about_to=about_to)
    synced(lane, batch, decided.proof, act=act)


def _stop(
    lane: Lane,
    batch: Sequence[Delivery],
    stop: Stop,
    work: Work,
    shown: Shown | None,
    act: Act,
) -> None:
    if stop.observed_units is not None and shown is not None:
        sight(lane, shown.line, shown.rows, work.expected.steps, act=act)
        lane.drift_units = stop.observed_units
        lane.drift_expected = None
        lane.drift_since = lane.drift_since or act.now
    stopped(lane, batch, stop.state, stop.cause, act=act)


def _put_back(
    engine: Engine, lease: Lease, work: Work, batch: Sequence[Due], error: BillingError
) -> bool:
    return under_lock(
        engine,
        lease,
        work,
        batch,
        lambda lane, rows, act: could_not_read(engine, lane, rows, error, work=work, act=act),
    )
