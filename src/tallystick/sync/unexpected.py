"""Does the line show what was last proved? What does not is a person's to decide. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tallystick.connections.policies import SameDay
from tallystick.kit.days import in_words as day_in_words
from tallystick.ledger.badge_words import beside_billed
from tallystick.ledger.kinds import PUT_BACK
from tallystick.ledger.profile import Step, from_day, from_json, until_day
from tallystick.ledger.settle import Cause
from tallystick.ledger.state import State
from tallystick.sync import words
from tallystick.sync.compare import Match, Periods, covering, match_step
from tallystick.sync.port import UnitRow
from tallystick.sync.rules import Expected, Rules
from tallystick.sync.target import Due, is_about_rates, target_of

# The cause of a lane stopped by a replaced change; kept on the head when it is asked again.
REPLACED = "replaces"


@dataclass(frozen=True, slots=True)
class Surprise:
    """What stops the lane, and the units that were seen."""

    state: State
    cause: Cause
    units: int


def unexpected(
    batch: Sequence[Due],
    ahead: Sequence[UnitRow],
    expected: Expected,
    rules: Rules,
    periods: Periods,
    *,
    today: date,
) -> Surprise | None:
    """None when the line shows what was last proved, or what a person accepted.

    A change of rates may begin before today: what has been billed until then is its base, row by
    row, and is not judged. After a replaced change nothing is sent until somebody has confirmed
    that this Autotask replaces: asking again without that only says so again.
    """
    if not ahead:
        return None
    head = batch[0]
    if head.kind in PUT_BACK:
        return _changed_since(ahead, from_json(head.after["seen"]))
    if head.cause_code == REPLACED and rules.same_day is not SameDay.REPLACES:
        target = target_of(batch, rules=rules)
        cause = words.replaces(
            head.effective_on, observed=ahead[0].units, target=target.units or ahead[0].units
        )
        return Surprise(State.CONFLICT, cause, ahead[0].units)
    about_rates = is_about_rates(batch)
    if head.accepted_units is not None or expected.units is None:
        return None if about_rates else _uneven(head.accepted_units, ahead, expected)
    since = max(head.effective_on, today) if about_rates else head.effective_on
    for step in from_day(expected.steps, since):
        if found := _differs(ahead, step, periods, rules):
            return found
    return None


def _changed_since(ahead: Sequence[UnitRow], seen: Sequence[Step]) -> Surprise | None:
    """Whether other units are there than those that were decided on, on the days they were."""
    for step in seen:
        for row in covering(ahead, step):
            if row.units != step.units:
                cause = words.changed_since(observed=in_words(ahead))
                return Surprise(State.CONFLICT, cause, row.units)
    return None


def _uneven(accepted: int | None, ahead: Sequence[UnitRow], expected: Expected) -> Surprise | None:
    wanted = ahead[0].units if accepted is None else accepted
    # Seen before the change's day only: from that day on it may still be as expected.
    allowed = {wanted} if expected.units is None else {wanted, expected.units}
    if len({row.units for row in ahead}) == 1 and ahead[0].units in allowed:
        return None
    cause = words.hand_edit(observed=in_words(ahead), expected=f"{wanted} units throughout")
    return Surprise(State.CONFLICT, cause, ahead[0].units)


def _differs(
    ahead: Sequence[UnitRow], step: Step, periods: Periods, rules: Rules
) -> Surprise | None:
    rows = covering(ahead, step)
    seen = match_step(rows, step, periods)
    if seen is Match.SAME or not rows:
        return None
    if seen is Match.AMOUNT_HIDDEN:
        cause = words.read_refused("it does not show the amounts of the line")
        return Surprise(State.FAILED, cause, rows[0].units)
    wanted = f"{step.units} units"
    if seen is Match.AMOUNT_DIFFERS and step.unit_price is not None:
        wanted += f" at {step.unit_price:f}"
    wanted += beside_billed(rules.included_units)
    cause = words.hand_edit(observed=in_words(ahead), expected=wanted)
    return Surprise(State.CONFLICT, cause, rows[0].units)


def unexpected_until(
    day: date,
    batch: Sequence[Due],
    rows: Sequence[UnitRow],
    expected: Expected,
    periods: Periods,
    *,
    today: date,
) -> Surprise | None:
    """A change of a later day proves nothing of today: what is until then must be as expected."""
    if batch[0].stands_on_what_was_seen:
        return None  # by whoever decided
    accepted = batch[0].accepted_units
    for step in until_day(from_day(expected.steps, today), day):
        shown = covering(rows, step)
        seen = match_step(rows, step, periods)
        if seen in {Match.SAME, Match.AMOUNT_HIDDEN} or (not shown and step.units == 0):
            continue
        if accepted is not None and all(row.units in {accepted, step.units} for row in shown):
            continue
        observed = in_words(shown) if shown else "no units at all"
        wanted = f"{step.units} units until {day_in_words(day)}"
        cause = words.hand_edit(observed=observed, expected=wanted)
        return Surprise(State.CONFLICT, cause, shown[0].units if shown else 0)
    return None


def in_words(rows: Sequence[UnitRow]) -> str:
    """``12 units (amount 182.40)``, or every different number of units in turn."""
    units = list(dict.fromkeys(row.units for row in rows))
    if len(units) > 1:
        return ", then ".join(str(number) for number in units) + " units"
    amount = rows[0].price
    return f"{units[0]} units" + ("" if amount is None else f" (amount {amount:f})")
