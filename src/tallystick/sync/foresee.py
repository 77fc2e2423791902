"""What would be sent, before anything is: the engine's own decisions on rows as they would become.

Pure. ``dated``, ``date_rule`` and ``plan`` decide here as they decide when it is sent; only what
Autotask makes of a call is imagined: it adds the change from its day on, in every later row, and
re-prices every later row (docs/vendor/autotask.md). What is sent for real is read back instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import assert_never

from tallystick.connections.policies import SameDay
from tallystick.ledger.kinds import Carrier, OperationKind
from tallystick.ledger.profile import Step, from_json
from tallystick.ledger.settle import Cause, Proof
from tallystick.ledger.state import State
from tallystick.sync.charges import (
    AlreadyBilled,
    Differs,
    SendCharge,
    plan_charge,
)
from tallystick.sync.charges_ahead import ChargesAhead
from tallystick.sync.classify import sent_from_json, shown_so_far
from tallystick.sync.compare import Match, Periods, amount_is, match_steps
from tallystick.sync.days import Frame, date_rule, dated
from tallystick.sync.monthly import cannot_be_on_line, with_months
from tallystick.sync.plan import AlreadySo, AsCharge, Move, Send, Stop, plan
from tallystick.sync.port import Adjustment, Line, UnitRow
from tallystick.sync.rules import Expected, Rules
from tallystick.sync.target import Due, batch_of

# A batch that needs more calls than a long contract has rows is a fault of ours.
MOST_CALLS = 400


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What becomes of one operation. ``cause``: why it would not be sent; ``moved``: why another
    day. ``before`` and ``after``: the line's rows around all calls of its batch. ``charge``: what
    it sends, when it is billed by a charge."""

    delivery_id: int
    asked_on: date
    sent_on: date
    moved: tuple[str, ...]
    calls: tuple[Adjustment, ...]
    cause: Cause | None
    before: tuple[UnitRow, ...]
    after: tuple[UnitRow, ...]
    charge: SendCharge | None = None
    name: str | None = None  # how the invoice will call the line; None: that is left as it is

    @property
    def is_already_so(self) -> bool:
        return self.cause is None and not self.calls and self.charge is None and self.name is None


def foresee(
    due: Sequence[Due],
    rows: Sequence[UnitRow],
    *,
    line: Line,
    expected: Expected,
    rules: Rules,
    frame: Frame,
    today: date,
    own_line: bool = False,
    charges: ChargesAhead | None = None,
) -> list[Foreseen]:
    """Everything that waits, in order, until something would stop. ``rows``: the line's, from far
    enough back; what stands stopped already is looked at as if it were asked again, what is held
    for review as if it were approved. ``charges``: needed when an amount is due."""
    waiting = [
        replace(one, state=State.PENDING, retry_at=None, awaits_approval=False) for one in due
    ]
    asked = {one.delivery_id: one.effective_on for one in due}
    why: dict[int, list[str]] = {one.delivery_id: [] for one in due}
    shown, found = in_full(rows, expected, frame.periods), []
    while waiting:
        step = _one_batch(
            waiting, shown, line, expected, rules, frame, today, own_line, why, charges
        )
        found += [
            Foreseen(
                delivery_id=one.delivery_id,
                asked_on=asked[one.delivery_id],
                sent_on=one.effective_on,
                moved=tuple(why[one.delivery_id]),
                calls=tuple(step.calls),
                cause=step.cause,
                before=shown,
                after=step.rows,
                charge=step.charge,
                name=str(step.batch[-1].after["value"]) if one.names_line else None,
            )
            for one in step.batch
        ]
        if step.cause is not None:
            return found
        settled = {one.delivery_id for one in step.batch}
        waiting = [one for one in waiting if one.delivery_id not in settled]
        shown, expected, charges = step.rows, step.expected, step.charges
    return found


@dataclass(slots=True)
class _Batch:
    """What one batch came to."""

    batch: Sequence[Due]
    calls: list[Adjustment]
    rows: tuple[UnitRow, ...]
    expected: Expected
    cause: Cause | None = None
    charge: SendCharge | None = None
    charges: ChargesAhead | None = None


def _one_batch(
    waiting: list[Due],
    rows: tuple[UnitRow, ...],
    line: Line,
    expected: Expected,
    rules: Rules,
    frame: Frame,
    today: date,
    own_line: bool,
    why: dict[int, list[str]],
    charges: ChargesAhead | None,
) -> _Batch:
    """As the turns of a lane would go on with the head; moves are put into ``waiting``."""
    calls: list[Adjustment] = []
    for _ in range(MOST_CALLS):
        head = waiting[0]
        if other := _not_by_units(waiting, rows, expected, rules, charges):
            return other
        if head.is_amount and not calls:
            periods = frame.periods
            if because := cannot_be_on_line(head, expected=expected, periods=periods):
                _charge_instead(waiting, because, why)
                continue
        found = dated(waiting, expected=expected, rules=rules, frame=frame)
        if found.moves:
            for one, to in found.moves:
                _move(waiting, [one], to, why)
            continue
        batch = found.batch
        decided = date_rule(batch, expected=expected, rules=rules, frame=frame) or plan(
            batch,
            rows,
            line=line,
            expected=expected,
            rules=rules,
            periods=frame.periods,
            today=today,
            fresh_own_line=own_line,
        )
        match decided:
            case Move():
                _move(waiting, batch, decided, why)
            case AsCharge():
                _charge_instead(waiting, decided.because, why)
            case Stop():
                return _Batch(batch, calls, rows, expected, decided.cause)
            case AlreadySo():
                proved = with_months(expected.after(decided.proof), batch, rules=rules)
                return _Batch(batch, calls, rows, proved, charges=charges)
            case Send():
                calls.append(decided.adjustment)
                rows = applied(rows, _shift_of(decided, rules), frame, expected)
                wanted = from_json(decided.base["wanted"])
                expected = replace(expected.after(_imagined(decided, rows, frame)), owed=wanted)
                _has_begun(waiting, batch)
            case _:
                assert_never(decided)
    raise RuntimeError("a batch that never comes to an end")


def _not_by_units(
    waiting: list[Due],
    rows: tuple[UnitRow, ...],
    expected: Expected,
    rules: Rules,
    charges: ChargesAhead | None,
) -> _Batch | None:
    """A charge, or what the invoice calls the line: the line's rows stay as they are."""
    head = waiting[0]
    if head.is_charge(rules):
        return _one_charge(head, rows, expected, rules, charges)
    if head.names_line:
        return _Batch(batch_of(waiting), [], rows, expected, charges=charges)
    return None


def _one_charge(
    head: Due,
    rows: tuple[UnitRow, ...],
    expected: Expected,
    rules: Rules,
    charges: ChargesAhead | None,
) -> _Batch:
    if charges is None:
        raise RuntimeError("an amount is due, and nothing is known of its charges")
    decided = plan_charge(
        head,
        charges.portions,
        charges.shown,
        place=charges.place,
        rules=rules,
        code_id=charges.code_id,
    )
    match decided:
        case SendCharge():
            billed = expected
            if head.kind is OperationKind.AZURE_AMOUNTS:
                billed = replace(expected, billed_months=expected.billed_months | {head.month})
            after = charges.after(decided)
            return _Batch([head], [], rows, billed, charge=decided, charges=after)
        case AlreadyBilled():
            return _Batch([head], [], rows, expected, charges=charges)
        case Differs() | Stop():
            return _Batch([head], [], rows, expected, decided.cause)
        case _:
            assert_never(decided)


def _has_begun(waiting: list[Due], batch: Sequence[Due]) -> None:
    """Azure amounts that have begun on the line are ended there."""
    for place, one in enumerate(waiting[: len(batch)]):
        if one.is_amount:
            waiting[place] = replace(one, carrier=Carrier.LINE)


def _charge_instead(waiting: list[Due], because: str, why: dict[int, list[str]]) -> None:
    waiting[0] = replace(waiting[0], carrier=Carrier.CHARGE)
    why[waiting[0].delivery_id].append(because)


def _move(waiting: list[Due], batch: Sequence[Due], to: Move, why: dict[int, list[str]]) -> None:
    moving = {one.delivery_id for one in batch}
    for place, one in enumerate(waiting):
        if one.delivery_id in moving:
            waiting[place] = replace(one, effective_on=to.to, moved=True)
            why[one.delivery_id].append(to.because)


def _shift_of(send: Send, rules: Rules) -> Adjustment:
    """As far as the rows will move: where the day's first change is replaced, without that one."""
    if not (rules.same_day is SameDay.REPLACES and send.base["day_was_used"]):
        return send.adjustment
    undone = send.base["day_start_units"] - send.base["units"]
    return replace(send.adjustment, unit_change=send.adjustment.unit_change + undone)


def _imagined(send: Send, rows: Sequence[UnitRow], frame: Frame) -> Proof:
    """What reading back would prove: all of it, or what has landed so far."""
    day = send.adjustment.effective_on
    sent = sent_from_json(send.base, send.target.as_json(), day=day)
    ahead = [row for row in rows if row.until > day]
    landed = match_steps(ahead, sent.wanted, frame.periods) is Match.SAME
    return Proof(
        steps=sent.wanted if landed else shown_so_far(ahead, sent, day),
        effective_on=day,
        adjusted=True,
        reading={},
        moves_units=send.base["moves_units"],
    )


def in_full(rows: Sequence[UnitRow], expected: Expected, periods: Periods) -> tuple[UnitRow, ...]:
    """Amounts of units x rate, also where a tenant shows them by the day.

    A row before what is expected has a rate that is not known: it is shown as the others are.
    """
    found = [(row, _rates_of(row, expected)) for row in rows]
    by_day = any(
        step is not None and _is_by_day(row, step.unit_price, periods) for row, step in found
    )
    return tuple(
        (_scaled(row, periods) if by_day else row) if step is None else _at(row, step, periods)
        for row, step in found
    )


def _rates_of(row: UnitRow, expected: Expected) -> Step | None:
    """What is expected where the row begins; expectations may begin within it."""
    known = expected.steps
    if known and row.starts_on < known[0].starts_on < row.until:
        return known[0]
    return next((one for one in known if one.covers(row.starts_on)), None)


def _is_by_day(row: UnitRow, rate: Decimal | None, periods: Periods) -> bool:
    if rate is None or row.price is None or row.units * rate == 0:
        return False
    return row.price != row.units * rate and amount_is(row.price, row, rate, periods)


def _at(row: UnitRow, step: Step, periods: Periods) -> UnitRow:
    return replace(
        row,
        price=_in_full(row, row.price, step.unit_price, periods),
        cost=_in_full(row, row.cost, step.unit_cost, periods),
    )


def _scaled(row: UnitRow, periods: Periods) -> UnitRow:
    """From its days' share to the whole period's amount."""
    period = periods.billed(row.starts_on)
    if period is None:
        return row
    share = Decimal((period[1] - period[0]).days) / Decimal((row.until - row.starts_on).days)
    return replace(
        row,
        price=None if row.price is None else row.price * share,
        cost=None if row.cost is None else row.cost * share,
    )


def _in_full(
    row: UnitRow, amount: Decimal | None, rate: Decimal | None, periods: Periods
) -> Decimal | None:
    if amount is None or rate is None or not amount_is(amount, row, rate, periods):
        return amount
    return row.units * rate


def applied(
    rows: Sequence[UnitRow], adjustment: Adjustment, frame: Frame, expected: Expected
) -> tuple[UnitRow, ...]:
    """The rows as the call would leave them; amounts in full (units x rate)."""
    day = adjustment.effective_on
    changed = []
    with_units: UnitRow | None = None  # the newest one before: its rate is the line's
    for row in rows or _first_rows(adjustment, frame):
        parts = [row]
        if row.starts_on < day < row.until:
            parts = [replace(row, until=day), replace(row, starts_on=day)]
        with_units = row if row.units else with_units
        changed += [
            _changed(part, adjustment, _like(part, with_units or part, expected))
            if part.starts_on >= day
            else part
            for part in parts
        ]
    return tuple(changed)


def _like(row: UnitRow, before: UnitRow, expected: Expected) -> UnitRow:
    """What says the row's rate. One without units shows none: then what was proved of its day, or
    ``before``, the newest one that has units."""
    if row.units:
        return row
    price, cost = expected.rates_on(row.starts_on)
    return before if price is None else replace(row, units=1, price=price, cost=cost)


def _first_rows(adjustment: Adjustment, frame: Frame) -> Sequence[UnitRow]:
    """A line of our own begins with nothing, from its first day on."""
    ends = date.max if frame.ends_on is None else date.fromordinal(frame.ends_on.toordinal() + 1)
    return [UnitRow(adjustment.effective_on, ends, 0, Decimal(0), Decimal(0), False)]


def _changed(row: UnitRow, adjustment: Adjustment, like: UnitRow) -> UnitRow:
    """``like``: what says its rate."""
    units = row.units + adjustment.unit_change
    return replace(
        row,
        units=units,
        price=_amount(like.price, like.units, units, adjustment.unit_price),
        cost=_amount(like.cost, like.units, units, adjustment.unit_cost),
    )


def _amount(
    amount: Decimal | None, of_units: int, units: int, rate: Decimal | None
) -> Decimal | None:
    """Of so many units at the new rate, else at the one that is there."""
    if rate is not None:
        return units * rate
    if amount is None or of_units == 0:
        return None if units else Decimal(0)
    return units * amount / of_units
