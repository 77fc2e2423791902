"""What to do with a batch, now that the line has been observed: pure.

1. The target is what the last operation of the batch wants.
2. Already so: nothing is sent, everything settles.
3. What is observed must be what was last proved (or what a person accepted): else conflict.
4. A second change on one day follows what this Autotask is known to do with it.
5. The signed change is made here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tallystick.connections.policies import BackDated, CancelRule, SameDay, SameDayPolicy
from tallystick.kit.days import in_words as day_in_words
from tallystick.ledger.expected import Step
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.settle import Cause, Proof
from tallystick.ledger.state import State
from tallystick.sync import words
from tallystick.sync.compare import Match, Periods, match, snapshot
from tallystick.sync.port import Adjustment, Line, UnitRow
from tallystick.sync.target import Due, Target, target_of

# The cause of a lane stopped by a replaced change; kept on the head when it is asked again.
REPLACED = "replaces"


@dataclass(frozen=True, slots=True)
class Expected:
    """What was last proved of the line; None: nothing yet, or not a thing that is compared."""

    units: int | None
    unit_price: Decimal | None
    unit_cost: Decimal | None
    since: date | None
    adjusted_on: date | None
    steps: Sequence[Step] = ()  # day by day, from today on; the values above are the last one's


@dataclass(frozen=True, slots=True)
class Rules:
    """What the connection is known to do and was told to do."""

    same_day: SameDay
    same_day_policy: SameDayPolicy
    back_dated: BackDated
    cancel_rule: CancelRule


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


Plan = AlreadySo | Send | Stop | Move


def date_rule(
    batch: Sequence[Due],
    *,
    expected: Expected,
    rules: Rules,
    contract_starts_on: date | None,
    contract_ends_on: date | None,
) -> Move | Stop | None:
    """What the dates alone decide, before anything is read."""
    day = batch[0].effective_on
    if expected.since is not None and day < expected.since:
        if rules.back_dated is BackDated.MOVE:
            return Move(
                expected.since,
                "moved to the day of the last proved change: it was dated before it",
            )
        return Stop(State.FAILED, words.back_dated(day, expected.since))
    before = contract_starts_on is not None and day < contract_starts_on
    # What ends a line may find that its contract has ended by itself: reading tells.
    ends = batch[0].kind is OperationKind.END
    after = contract_ends_on is not None and day > contract_ends_on and not ends
    if before or after:
        cause = words.outside_contract(day, contract_starts_on, contract_ends_on)
        return Stop(State.FAILED, cause)
    return None


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
    ahead = [row for row in rows if row.until > day]
    nothing_yet = fresh_own_line and expected.units is None and not rows
    if not ahead and not nothing_yet:
        return _nothing_shown(day, batch, rows)
    units = 0 if nothing_yet else ahead[0].units
    accepted_before = _accepted_before(day, batch, rows, today)
    target = target_of(
        batch,
        units_now=units if expected.units is None else expected.units,
        cancel_rule=rules.cancel_rule,
    )
    rate = target.unit_price if target.unit_price is not None else expected.unit_price
    cost = target.unit_cost if target.unit_cost is not None else expected.unit_cost
    shown = match(ahead, units=target.units, unit_price=rate, unit_cost=cost, periods=periods)
    if shown is Match.AMOUNT_HIDDEN:
        return Stop(State.FAILED, words.read_refused("it does not show the amounts of the line"))
    until_then = _unexpected_until(day, batch, rows, expected, periods)
    if shown is Match.SAME:
        reading = {"rows": snapshot(ahead)}
        proof = Proof(target.units, rate, cost, day, False, reading, accepted_before)
        return until_then or AlreadySo(proof)
    if stop := _unexpected(batch, ahead, expected, rules, periods) or until_then:
        return stop
    if target.unit_price is not None and any(row.approved for row in ahead[:1]):
        return Stop(State.FAILED, words.approved_period(day))

    day_start = _units_before(day, rows)
    # By us, or by somebody's hand: the units change on this very day.
    used = expected.adjusted_on == day or (day_start is not None and day_start != units)
    change = target.units - units
    price, unit_cost = target.unit_price, target.unit_cost
    if used and rules.same_day is SameDay.REFUSES:
        return _day_is_used(day, rules)
    if used and rules.same_day is SameDay.REPLACES:
        if day_start is None:
            return Stop(State.FAILED, words.no_day_before(day))
        # The day's first change is undone by this one, its rates too: say everything again.
        change, price, unit_cost = target.units - day_start, rate, cost
    return Send(
        adjustment=Adjustment(
            line=line,
            effective_on=day,
            unit_change=change,
            unit_price=price,
            unit_cost=unit_cost,
        ),
        base={
            "units": units,
            "rows": snapshot(ahead),
            "day_start_units": day_start,
            "day_was_used": used,
            "expect_unit_price": _text(rate),
            "expect_unit_cost": _text(cost),
            "accepted_before": accepted_before,
        },
        target=target,
    )


def _nothing_shown(day: date, batch: Sequence[Due], rows: Sequence[UnitRow]) -> AlreadySo | Stop:
    """No row from that day on. What ends a line is done when the rows before it are there."""
    if rows and batch[0].kind is OperationKind.END:
        return AlreadySo(Proof(0, None, None, day, False, {"rows": snapshot(rows)}))
    return Stop(State.FAILED, words.no_rows())


def _day_is_used(day: date, rules: Rules) -> Move | Stop:
    if rules.same_day_policy is SameDayPolicy.NEXT_DAY:
        because = "moved to the next day: Autotask refuses a second change on one day"
        return Move(day + timedelta(days=1), because)
    return Stop(State.FAILED, words.already_used_day(day))


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def first_day(day: date, today: date) -> date:
    """From when on a line is read for a change of this day: green speaks of today too."""
    return min(day - timedelta(days=1), today)


def _unexpected_until(
    day: date, batch: Sequence[Due], rows: Sequence[UnitRow], expected: Expected, periods: Periods
) -> Stop | None:
    """A change of a later day proves nothing of today: what is until then must be as expected."""
    accepted = batch[0].accepted_units
    for step in expected.steps:
        if step.starts_on >= day:
            return None
        until = day if step.until is None else min(step.until, day)
        covering = [row for row in rows if row.until > step.starts_on and row.starts_on < until]
        seen = match(
            covering,
            units=step.units,
            unit_price=step.unit_price,
            unit_cost=step.unit_cost,
            periods=periods,
        )
        if seen in {Match.SAME, Match.AMOUNT_HIDDEN} or (not covering and step.units == 0):
            continue
        if accepted is not None and all(row.units in {accepted, step.units} for row in covering):
            continue
        observed = in_words(covering) if covering else "no units at all"
        wanted = f"{step.units} units until {day_in_words(day)}"
        cause = words.hand_edit(observed=observed, expected=wanted)
        return Stop(State.CONFLICT, cause, covering[0].units if covering else 0)
    return None


def _accepted_before(
    day: date, batch: Sequence[Due], rows: Sequence[UnitRow], today: date
) -> list[dict[str, Any]]:
    """Whoever sends ours on top of what they have seen accepts what is there until then."""
    if batch[0].accepted_units is None:
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


def _unexpected(
    batch: Sequence[Due],
    ahead: Sequence[UnitRow],
    expected: Expected,
    rules: Rules,
    periods: Periods,
) -> Stop | None:
    """A conflict unless the line shows what was last proved, or what a person accepted.

    After a replaced change nothing is sent until somebody has confirmed that this Autotask
    replaces: asking again without that only says so again.
    """
    if not ahead:
        return None
    accepted = batch[0].accepted_units
    observed = in_words(ahead)
    if batch[0].cause_code == REPLACED and rules.same_day is not SameDay.REPLACES:
        cause = words.replaces(
            batch[0].effective_on,
            observed=ahead[0].units,
            target=target_of(batch, units_now=expected.units, cancel_rule=rules.cancel_rule).units,
        )
        return Stop(State.CONFLICT, cause, ahead[0].units)
    if accepted is not None or expected.units is None:
        wanted = ahead[0].units if accepted is None else accepted
        # Seen before the change's day only: from that day on it may still be as expected.
        allowed = {wanted} if expected.units is None else {wanted, expected.units}
        if len({row.units for row in ahead}) == 1 and ahead[0].units in allowed:
            return None
        cause = words.hand_edit(observed=observed, expected=f"{wanted} units throughout")
        return Stop(State.CONFLICT, cause, ahead[0].units)
    seen = match(
        ahead,
        units=expected.units,
        unit_price=expected.unit_price,
        unit_cost=expected.unit_cost,
        periods=periods,
    )
    if seen is Match.SAME:
        return None
    wanted_words = f"{expected.units} units"
    if seen is Match.AMOUNT_DIFFERS and expected.unit_price is not None:
        wanted_words += f" at {expected.unit_price:f}"
    cause = words.hand_edit(observed=observed, expected=wanted_words)
    return Stop(State.CONFLICT, cause, ahead[0].units)


def in_words(rows: Sequence[UnitRow]) -> str:
    """``12 units (amount 182.40)``, or every different number of units in turn."""
    units = list(dict.fromkeys(row.units for row in rows))
    if len(units) > 1:
        return ", then ".join(str(number) for number in units) + " units"
    amount = rows[0].price
    return f"{units[0]} units" + ("" if amount is None else f" (amount {amount:f})")
