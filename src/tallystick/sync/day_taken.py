"""A second change on one day: what this Autotask does with it, and what follows when it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from tallystick.audit.record import SYSTEM
from tallystick.connections.learn import set_policy
from tallystick.connections.policies import SameDay, SameDayPolicy
from tallystick.kit.days import in_words
from tallystick.ledger.kinds import Carrier, OperationKind
from tallystick.ledger.models import Attempt, Delivery, Lane
from tallystick.ledger.settle import Act, by_charge, moved, stopped, waiting
from tallystick.ledger.state import State
from tallystick.sync import charge_words, monthly, moves, words
from tallystick.sync.load import Work
from tallystick.sync.target import speaks_of_rates_only


def day_taken(
    lane: Lane, batch: Sequence[Delivery], attempt: Attempt, work: Work, act: Act
) -> None:
    """Autotask refuses a second change on this day: follow the policy, remember what was seen."""
    if attempt.base.get("day_was_used"):
        learn_same_day(work, SameDay.REFUSES, act)
    day = attempt.effective_on
    if batch[0].operation.kind == OperationKind.AZURE_AMOUNTS.value:
        _month_taken(lane, batch, day, act)
    elif attempt.body["unit_change"] == 0:
        may_wait = speaks_of_rates_only(batch[0].operation.after)
        stopped(lane, batch, State.FAILED, words.price_day_taken(day, may_wait=may_wait), act=act)
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
        stopped(lane, batch, State.FAILED, charge_words.reset_day_taken(in_words(day)), act=act)
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


def learn_same_day(work: Work, same_day: SameDay, act: Act) -> None:
    """Remember what this Autotask does with a second change on one day."""
    set_policy(
        work.connection.id,
        policy="same_day",
        value=same_day,
        actor=SYSTEM,
        now=act.now,
        correlation_id=act.correlation_id,
    )
