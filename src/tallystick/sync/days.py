"""For which day a change is sent: the policies in words, applied one after another. Pure.

An operation keeps the day it was asked for; its delivery goes out with the day decided here, and
says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from tallystick.connections.policies import BackDated, ChangeDay, PriceDay
from tallystick.ledger.kinds import ENDS, OperationKind
from tallystick.ledger.state import State
from tallystick.sync import moves, words
from tallystick.sync.compare import Periods
from tallystick.sync.monthly import behind_months, months_of
from tallystick.sync.plan import Move, Stop
from tallystick.sync.rules import Expected, Rules
from tallystick.sync.target import NOT_LANDED, Due, batch_of, billed_units


@dataclass(frozen=True, slots=True)
class Frame:
    """What a day must fit into: the contract's days (the last one included) and its periods."""

    starts_on: date | None
    ends_on: date | None
    months: int | None

    @property
    def periods(self) -> Periods:
        return Periods(self.starts_on, self.months, self.ends_on)

    def period(self, day: date) -> tuple[date, date] | None:
        """The half-open period that contains the day; the last one ends with the contract."""
        return self.periods.billed(day)


@dataclass(frozen=True, slots=True)
class Dated:
    """A batch that goes out together, and what has to be moved to that day first."""

    batch: Sequence[Due]
    moves: Sequence[tuple[Due, Move]]


def dated(due: Sequence[Due], *, expected: Expected, rules: Rules, frame: Frame) -> Dated:
    """The head with those behind it that are sent for the same day.

    What is sent again after it was proved not to have landed keeps day and companions.
    """
    head = due[0]
    sent_before = head.cause_code == NOT_LANDED and head.attempt_id is not None
    if sent_before or head.names_line:
        return Dated(batch_of(due), ())
    if head.is_amount:
        return Dated(months_of(due, rules=rules, billed=expected.billed_months), ())
    ruled: list[Due] = []
    moving: dict[int, Move] = {}
    for one in due:
        if not one.may_go or one.is_amount or one.names_line:
            break
        move = None if one.moved else day_rule(one, expected=expected, rules=rules, frame=frame)
        if move is not None and move.to != one.effective_on:
            moving[one.delivery_id] = move
            one = replace(one, effective_on=move.to)  # noqa: PLW2901 - as it will be
        ruled.append(one)
        if one.effective_on != ruled[0].effective_on:
            break
    batch = batch_of(ruled)
    if _goes_back(batch[0], expected):
        # Behind a price that goes back to a period's start a change of units may not follow it.
        batch = [one for one in batch if one.is_about_rates]
    by_id = {one.delivery_id: one for one in due}
    return Dated(
        batch=[by_id[one.delivery_id] for one in batch],
        moves=[
            (by_id[one.delivery_id], moving[one.delivery_id])
            for one in batch
            if one.delivery_id in moving
        ],
    )


def _goes_back(head: Due, expected: Expected) -> bool:
    before = expected.since is not None and head.effective_on < expected.since
    return before and head.is_about_rates


def day_rule(one: Due, *, expected: Expected, rules: Rules, frame: Frame) -> Move | None:
    """The day by the policies alone; None when it is the operation's own.

    A day that no period contains is moved into none: what has ended is not billed otherwise.
    """
    period = frame.periods.around(one.effective_on)
    if period is None or frame.period(one.effective_on) is None:
        return None
    starts, until = period
    if one.is_about_rates:
        return _price_day(one, starts, until, expected, rules, frame)
    if one.kind in ENDS:
        to = behind_months(one.effective_on, expected.months)
        if to > one.effective_on:
            return Move(to, moves.after_month(one.effective_on, to))
    change = _change_day(one, rules)
    if change is ChangeDay.NEXT_PERIOD and one.effective_on != starts:
        return Move(until, moves.to_next_period(one.effective_on, until))
    if change is ChangeDay.PERIOD_START:
        to = _not_before(starts, expected.since, expected.first_on)
        if to < one.effective_on:
            return Move(to, moves.to_period_start(one.effective_on, to))
    return None


def _change_day(one: Due, rules: Rules) -> ChangeDay:
    """Which policy a change of units follows; what has a day of its own keeps it."""
    if one.kind is not OperationKind.UPDATE_QUANTITY:
        return ChangeDay.OWN_DAY
    before, after = (int(held["quantity"]) + one.others for held in (one.before, one.after))
    fewer = billed_units(after, rules) < billed_units(before, rules)
    return rules.decrease_day if fewer else rules.increase_day


def _price_day(
    one: Due, starts: date, until: date, expected: Expected, rules: Rules, frame: Frame
) -> Move | None:
    asked = one.after.get("price_from")
    choice = PriceDay(asked) if asked else rules.price_day
    day = one.effective_on
    match choice:
        case PriceDay.OWN_DAY:
            to = day
        case PriceDay.PERIOD_START:
            to = starts
        case PriceDay.NEXT_PERIOD:
            to = day if day == starts else until
        case _:
            assert_never(choice)
    to = _not_before(to, expected.first_on, frame.starts_on)
    if to == day:
        return None
    if to == until:
        return Move(to, moves.to_next_period(day, to))
    return Move(to, moves.to_period_start(day, to))


def _not_before(day: date, *others: date | None) -> date:
    return max([day, *(other for other in others if other is not None)])


def date_rule(
    batch: Sequence[Due], *, expected: Expected, rules: Rules, frame: Frame
) -> Move | Stop | None:
    """What the dates alone decide, before anything is read."""
    head = batch[0]
    day = head.effective_on
    if expected.since is not None and day < expected.since and not head.is_about_rates:
        if rules.back_dated is BackDated.MOVE:
            return Move(expected.since, moves.AFTER_PROVED)
        waits = _began_with_next_period(day, expected.since, rules, frame)
        return Stop(State.FAILED, words.back_dated(day, expected.since, next_period=waits))
    before = frame.starts_on is not None and day < frame.starts_on
    # What ends it may find that its contract has ended by itself: reading tells.
    ends_it = head.kind in ENDS and not head.others
    after = frame.ends_on is not None and day > frame.ends_on and not ends_it
    if before or after:
        return Stop(State.FAILED, words.outside_contract(day, frame.starts_on, frame.ends_on))
    return None


def _began_with_next_period(day: date, since: date, rules: Rules, frame: Frame) -> bool:
    """Whether the change of ``since`` is ahead of this one by a policy for more or fewer units."""
    period = frame.periods.around(day)
    by_policy = ChangeDay.NEXT_PERIOD in {rules.increase_day, rules.decrease_day}
    return by_policy and period is not None and period[1] == since
