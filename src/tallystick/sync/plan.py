"""What to do with a batch, now that the line has been observed: pure.

1. What the batch wants makes a profile: units and rates for every day from its own on.
2. Already so: nothing is sent, everything settles.
3. What is observed must be what was last proved (or what a person accepted): else conflict.
4. The first day that differs is what is sent for; what still differs behind it follows, one call
   a day, each proved before the next.
5. A second change on one day follows what this Autotask is known to do with it.
6. The signed change is made here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tallystick.connections.policies import PostedQuantity, SameDay, SameDayPolicy
from tallystick.ledger.kinds import ENDS, PUT_BACK, OperationKind
from tallystick.ledger.profile import Step, as_json, from_day, from_json, merged
from tallystick.ledger.settle import Cause, Proof
from tallystick.ledger.state import State
from tallystick.sync import moves, words
from tallystick.sync.compare import Match, Periods, covering, match_step, match_steps, snapshot
from tallystick.sync.monthly import bills_nothing, does_not_fit, wanted_months
from tallystick.sync.port import Adjustment, Line, UnitRow
from tallystick.sync.rules import Expected, Rules
from tallystick.sync.target import (
    Due,
    Target,
    is_about_rates,
    is_first_sync,
    target_of,
)
from tallystick.sync.unexpected import Surprise, in_words, unexpected, unexpected_until


@dataclass(frozen=True, slots=True)
class AlreadySo:
    proof: Proof


@dataclass(frozen=True, slots=True)
class Send:
    adjustment: Adjustment
    base: dict[str, Any]
    target: Target


@dataclass(frozen=True, slots=True)
class Stop:
    state: State
    cause: Cause
    observed_units: int | None = None


@dataclass(frozen=True, slots=True)
class Move:
    to: date
    because: str


@dataclass(frozen=True, slots=True)
class AsCharge:
    """Azure amounts that cannot be set on the line: they are billed by a charge."""

    because: str


Plan = AlreadySo | Send | Stop | Move | AsCharge


def plan(
    batch: Sequence[Due],
    rows: Sequence[UnitRow],
    *,
    line: Line,
    expected: Expected,
    rules: Rules,
    periods: Periods,
    today: date,
    fresh_own_line: bool = False,
) -> Plan:
    """``rows`` were read from ``first_day`` on, oldest first. ``today``: at the connection.

    ``fresh_own_line``: we created the line; until it was first proved, no rows means no units.
    Anybody else's line without rows is not understood.
    """
    day = batch[0].effective_on
    rows = _posted(rows, periods)
    monthly = batch[0].kind is OperationKind.AZURE_AMOUNTS
    ahead = [row for row in rows if row.until > day]
    nothing_yet = fresh_own_line and expected.units is None and not rows
    if not ahead and not nothing_yet:
        return _nothing_shown(day, batch, rows, periods)
    target = target_of(batch, rules=rules)
    if target.units is None and not target.has_rate:
        return Stop(State.FAILED, words.other_currency(rules.price_currency))
    if monthly:
        wanted = wanted_months(batch, ahead, expected=expected, rules=rules)
    else:
        wanted = wanted_of(batch, target, ahead, expected=expected)
    accepted_before = _accepted_before(day, batch, rows, today)
    shown = match_steps(ahead, wanted, periods)
    if shown is Match.AMOUNT_HIDDEN:
        return Stop(State.FAILED, words.read_refused("it does not show the amounts of the line"))
    until_then = unexpected_until(day, batch, rows, expected, periods, today=today)
    if shown is Match.SAME and until_then is None:
        if monthly and (why := bills_nothing(batch, rows)):
            return AsCharge(why)
        moves = not is_about_rates(batch)
        reading = {"rows": snapshot(ahead)}
        return AlreadySo(Proof(wanted, day, False, reading, accepted_before, moves))
    surprise = unexpected(batch, ahead, expected, rules, periods, today=today)
    if shown is Match.SAME or surprise is None:
        surprise = until_then
    if surprise is not None:
        return _stopped(surprise)
    if monthly and (why := does_not_fit(batch, rows, expected=expected, rules=rules)):
        return AsCharge(why)
    if elsewhere := _approved(batch, ahead, target, expected, rules):
        return elsewhere
    case = _Case(batch, rows, ahead, line, target, wanted, expected, rules, periods)
    return _send(case, accepted_before)


def _posted(rows: Sequence[UnitRow], periods: Periods) -> Sequence[UnitRow]:
    """A row that units were changed in after its period was posted is of a posted period too."""
    posted = {periods.around(row.starts_on) for row in rows if row.approved} - {None}
    return [
        replace(row, approved=True) if periods.around(row.starts_on) in posted else row
        for row in rows
    ]


def wanted_of(
    batch: Sequence[Due], target: Target, ahead: Sequence[UnitRow], *, expected: Expected
) -> tuple[Step, ...]:
    """The profile from the batch's day on. A rate that is not spoken of stays as it is expected.

    What leaves the units alone leaves them as each row shows them. A row that is approved keeps
    its rate when the units change: a new one begins with the first period that is open.
    """
    day = batch[0].effective_on
    if batch[0].kind in PUT_BACK:
        return from_day(from_json(batch[0].after["profile"]), day)
    known = [*from_day(expected.steps, day), *from_day(expected.owed, day)]
    ends = ahead[-1].until if ahead else date.max
    days = {day, *(step.starts_on for step in known), *(row.starts_on for row in ahead)}
    starts = sorted(one for one in days if day <= one < ends)
    first = is_first_sync(batch[0], expected.units)
    keeps_approved = not first and target.units is not None
    steps = []
    for on, until in zip(starts, [*starts[1:], None], strict=True):
        row = next((one for one in ahead if one.starts_on <= on < one.until), None)
        price, cost = expected.rates_on(on)
        if row is None or not (row.approved and keeps_approved):
            price = price if target.unit_price is None else target.unit_price
            cost = cost if target.unit_cost is None else target.unit_cost
        units = target.units if target.units is not None else (row.units if row else 0)
        steps.append(Step(on, until, units, price, cost))
    return merged(steps)


def _stopped(surprise: Surprise) -> Stop:
    observed = surprise.units if surprise.state is State.CONFLICT else None
    return Stop(surprise.state, surprise.cause, observed)


def _approved(
    batch: Sequence[Due],
    ahead: Sequence[UnitRow],
    target: Target,
    expected: Expected,
    rules: Rules,
) -> Move | Stop | None:
    """The period of the day is approved and posted: where the change goes instead, if anywhere.

    Units may be changed in it, and Autotask bills the difference by the day; a price may not.
    """
    if not ahead or not ahead[0].approved:
        return None
    day, kind = batch[0].effective_on, batch[0].kind
    if is_first_sync(batch[0], expected.units) and target.has_rate:
        return Stop(State.FAILED, words.approved_period(day))
    taken_over = kind is OperationKind.END and "continued_by" in batch[0].after
    later = rules.posted_quantity is PostedQuantity.NEXT_PERIOD and not taken_over
    if target.units is not None and not later:
        return None
    opens = next((row.starts_on for row in ahead if not row.approved), None)
    if opens is None:
        return Stop(State.FAILED, words.approved_period(day))
    return Move(opens, moves.to_open_period(day, opens))


@dataclass(frozen=True, slots=True)
class _Case:
    """What is sent is decided from this."""

    batch: Sequence[Due]
    rows: Sequence[UnitRow]
    ahead: Sequence[UnitRow]
    line: Line
    target: Target
    wanted: Sequence[Step]
    expected: Expected
    rules: Rules
    periods: Periods

    @property
    def puts_back(self) -> bool:
        return self.batch[0].kind in PUT_BACK

    def units_on(self, day: date) -> int:
        """As observed."""
        return next((row.units for row in reversed(self.ahead) if row.starts_on <= day), 0)


@dataclass(frozen=True, slots=True)
class _Wrong:
    """The first day that differs, and the rates to send for it."""

    on: date
    price: Decimal | None
    cost: Decimal | None


def _send(case: _Case, accepted_before: list[dict[str, Any]]) -> Plan:
    """The call for the first day that differs."""
    wrong = _first_wrong(case)
    if wrong is None:
        return Stop(State.FAILED, words.no_rows())
    if case.puts_back and not _is_one_shift(case, wrong.on):
        return Stop(State.FAILED, words.not_one_change(observed=in_words(case.ahead)))
    at, price, cost = wrong.on, wrong.price, wrong.cost
    units = case.units_on(at)
    now = next(step for step in case.wanted if step.covers(at))
    day_start = _units_before(at, case.rows)
    # By us, or by somebody's hand: the units change on this very day.
    ours = case.expected.adjusted_on == at or at in case.expected.used
    used = ours or (day_start is not None and day_start != units)
    change = now.units - units
    if used and case.rules.same_day is SameDay.REFUSES:
        return _day_is_used(case.batch[0], at, change, case.rules)
    if used and case.rules.same_day is SameDay.REPLACES:
        if day_start is None:
            return Stop(State.FAILED, words.no_day_before(at))
        # The day's first change is undone by this one, its rates too: say everything again.
        change, price, cost = now.units - day_start, now.unit_price, now.unit_cost
        if change == 0 and price is None and cost is None:
            return Stop(State.FAILED, words.only_takes_back(at, now.units))
    return Send(
        adjustment=Adjustment(
            line=case.line, effective_on=at, unit_change=change, unit_price=price, unit_cost=cost
        ),
        base={
            "units": units,
            "rows": snapshot([row for row in case.ahead if row.until > at]),
            "wanted": as_json(from_day(case.wanted, at)),
            "day_start_units": day_start,
            "day_was_used": used,
            "accepted_before": accepted_before,
            "sets_rate": price is not None or cost is not None,
            # What follows for a later row is about its rate: units may change before it again.
            "moves_units": not is_about_rates(case.batch) and at == case.batch[0].effective_on,
        },
        target=case.target,
    )


def _first_wrong(case: _Case) -> _Wrong | None:
    """Units are set first, for every later row at once; then rates, as far as they still differ.

    None: no row is wrong; there are days that no row shows.
    """
    day, target, ahead = case.batch[0].effective_on, case.target, case.ahead
    units = target.units
    moves = units is not None and any(row.units != units for row in ahead)
    if not case.puts_back and (not ahead or moves):
        if ahead and ahead[0].approved:
            return _Wrong(day, None, None)
        return _Wrong(day, target.unit_price, target.unit_cost)
    found = _first_wrong_rate(ahead, case.wanted, case.periods)
    if found is None:
        return None
    on, step = found
    if case.puts_back and _has_its_rate(case, on, step):
        return _Wrong(on, None, None)
    by_step = case.puts_back or case.batch[0].kind is OperationKind.AZURE_AMOUNTS
    if target.has_rate and not by_step:
        return _Wrong(on, target.unit_price, target.unit_cost)
    return _Wrong(on, step.unit_price, step.unit_cost)


def _has_its_rate(case: _Case, on: date, step: Step) -> bool:
    """Whether only the units of that day are not as they should be."""
    row = next(row for row in case.ahead if row.until > on)
    return match_step([row], replace(step, units=row.units), case.periods) is Match.SAME


def _is_one_shift(case: _Case, on: date) -> bool:
    """Whether every later row is off by the same number of units: a change moves them all."""
    shifts = {
        row.units - step.units
        for step in from_day(case.wanted, on)
        for row in covering(case.ahead, step)
    }
    return len(shifts) == 1


def _first_wrong_rate(
    ahead: Sequence[UnitRow], wanted: Sequence[Step], periods: Periods
) -> tuple[date, Step] | None:
    """The day from which a rate is not as wanted, and what is wanted then."""
    for step in wanted:
        for row in covering(ahead, step):
            if match_step([row], step, periods) is not Match.SAME:
                return max(row.starts_on, step.starts_on), step
    return None


def _nothing_shown(
    day: date, batch: Sequence[Due], rows: Sequence[UnitRow], periods: Periods
) -> AlreadySo | Stop:
    """No row from that day on. What ends a line is done when the rows before it are there, or the
    contract is known to have ended by then: nothing is left to be billed."""
    kind = batch[0].kind
    if batch[-1].others:
        return Stop(State.FAILED, words.no_rows())  # they are billed on, and nothing is there
    over = kind in ENDS and periods.ends_on is not None and day > periods.ends_on
    if over or (rows and kind is OperationKind.END):
        none = Step(day, None, 0, None, None)
        return AlreadySo(Proof([none], day, False, {"rows": snapshot(rows)}))
    return Stop(State.FAILED, words.no_rows())


def _day_is_used(head: Due, day: date, change: int, rules: Rules) -> Move | Stop:
    if change == 0:
        return Stop(State.CONFLICT, words.price_day_is_used(day, may_wait=head.is_about_rates))
    if rules.same_day_policy is SameDayPolicy.NEXT_DAY:
        return Move(day + timedelta(days=1), moves.NEXT_DAY)
    return Stop(State.FAILED, words.already_used_day(day))


def first_day(day: date, today: date) -> date:
    """From when on a line is read for a change of this day: green speaks of today too."""
    return min(day - timedelta(days=1), today)


def _accepted_before(
    day: date, batch: Sequence[Due], rows: Sequence[UnitRow], today: date
) -> list[dict[str, Any]]:
    """Whoever sends ours on top of what they have seen accepts what is there until then."""
    if batch[0].accepted_units is None and not batch[0].stands_on_what_was_seen:
        return []
    return [
        {"until": min(row.until, day).isoformat(), "units": row.units}
        for row in rows
        if row.until > today and row.starts_on < day
    ]


def _units_before(day: date, rows: Sequence[UnitRow]) -> int | None:
    """What the line had the day before; None when no row shows it."""
    earlier = [row for row in rows if row.starts_on < day]
    return earlier[-1].units if earlier else None
