"""Decide on a difference, or on many with one reason: each by itself, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db import transaction

from tallystick.connections.overrides import included_of
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound, Problem
from tallystick.ledger.difference import first_wrong
from tallystick.ledger.drifts import days_of
from tallystick.ledger.group import group_of
from tallystick.ledger.models import Lane
from tallystick.ledger.record import Recorded
from tallystick.operations.agree_to_differ import agree_to_differ
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.finish import Asked
from tallystick.operations.keep_autotasks import keep_autotasks
from tallystick.operations.open_drift import seen_drift
from tallystick.operations.restore_ours import restore_ours

MOST_AT_ONCE = 500


class How(StrEnum):
    KEEP = "keep"
    RESTORE = "restore"  # of a change of ours that is there twice: the opposite change
    AGREE = "agree"

    @property
    def label(self) -> str:
        return {
            How.KEEP: "Keep Autotask's",
            How.RESTORE: "Restore ours",
            How.AGREE: "Agree",
        }[self]

    @property
    def right(self) -> Right:
        return {How.KEEP: Right.KEEP, How.RESTORE: Right.RESTORE, How.AGREE: Right.AGREE}[self]


@dataclass(frozen=True, slots=True)
class Decision:
    """``until``: of an agreement. ``effective_on``: from when ours is restored; the soonest day if
    not given. ``record_quantity``: with Autotask's kept, record its number as a quantity too."""

    how: How
    reason: str
    until: object = None
    effective_on: object = None
    record_quantity: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Why one of many was not decided on."""

    drift_id: int
    because: str


@dataclass(frozen=True, slots=True)
class Done:
    decided: Sequence[int]
    refused: Sequence[Refused]


def read_how(text: str) -> How:
    """Raises InvalidInput (how)."""
    if text not in set(How):
        raise InvalidInput.one("how", f"must be one of {', '.join(How)}")
    return How(text)


def decide_drift(
    drift_id: int, decision: Decision, *, today: date, asked: Asked
) -> Recorded | None:
    """Answers the operation, where one was recorded because of it.

    Raises NotAllowed, NotFound, InvalidInput, Conflicting; then nothing is stored.
    """
    if decision.how is How.RESTORE:
        return restore_ours(
            drift_id, reason=decision.reason, effective_on=decision.effective_on, asked=asked
        )
    if decision.how is How.AGREE:
        agree_to_differ(drift_id, reason=decision.reason, until=decision.until, asked=asked)
        return None
    with transaction.atomic():
        keep_autotasks(drift_id, reason=decision.reason, asked=asked)
        return _record(drift_id, today, asked) if decision.record_quantity else None


def decide_many(drift_ids: Sequence[int], decision: Decision, *, today: date, asked: Asked) -> Done:
    """One reason for all; what cannot be decided so is left, and said.

    Raises NotAllowed, InvalidInput (what is wrong with the decision itself).
    """
    asked.context.require(decision.how.right)
    if len(drift_ids) > MOST_AT_ONCE:
        raise InvalidInput.one("drifts", f"are more than {MOST_AT_ONCE}: decide on fewer at a time")
    decided: list[int] = []
    refused: list[Refused] = []
    for drift_id in dict.fromkeys(drift_ids):
        try:
            with transaction.atomic():
                decide_drift(drift_id, decision, today=today, asked=asked)
        except (Conflicting, NotFound) as problem:
            refused.append(Refused(drift_id, str(problem)))
        except Problem as problem:
            # A wrong reason or day is wrong for all of them: said once, when nothing was done yet.
            if not decided and not refused:
                raise
            refused.append(Refused(drift_id, str(problem)))
        else:
            decided.append(drift_id)
    return Done(decided, refused)


def _record(drift_id: int, today: date, asked: Asked) -> Recorded:
    """What Autotask shows as the subscription's own quantity; it will settle as already so.

    Raises InvalidInput, Conflicting.
    """
    drift = seen_drift(asked.context, drift_id)
    lane = Lane.objects.get(pk=drift.lane_id)
    if group_of(lane.subscription_id):
        raise Conflicting(
            "The line bills several subscriptions together, and it is not known whose quantity "
            "differs. Nothing was changed. Record it on that subscription by itself."
        )
    wrong = first_wrong(days_of(drift))
    units = wrong.found.units if wrong.found else 0
    if units in {wrong.expected.units, 0}:
        raise Conflicting(
            "Autotask shows no other quantity that could be recorded. Nothing was changed. Record "
            "the price or the end of the subscription by itself."
        )
    return change_quantity(
        subscription_id=lane.subscription_id,
        quantity=units + included_of(lane.connection_id, lane.subscription_id),
        effective_on=lane.expected_from or today,
        today=today,
        asked=asked,
    )
