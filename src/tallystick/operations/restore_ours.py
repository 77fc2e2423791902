"""Restore ours: what differs at the line is put back to what is expected, by one change.

It is an operation like every other: recorded here, sent once by the engine, read back. Of a change
of ours that is there twice it is the opposite of that change (``Correct a change``), and the two
attempts are linked.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.connections.policies import PriceDay, SameDay
from tallystick.identity.roles import Right
from tallystick.kit.days import in_words
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput
from tallystick.ledger.difference import DayRange, as_found, first_wrong
from tallystick.ledger.drifts import days_of, decided, forget_drift
from tallystick.ledger.expected import steps
from tallystick.ledger.kinds import DriftEnd, DriftKind, OperationKind
from tallystick.ledger.models import Drift, Lane
from tallystick.ledger.profile import Step, amount_as_text, as_json
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked, Change, finish
from tallystick.operations.open_drift import connection_of, lock_open, read_reason, seen_drift
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import read_effective_day


def restore_ours(
    drift_id: int, *, reason: str, effective_on: object = None, asked: Asked
) -> Recorded:
    """Record it, from ``effective_on`` on: the soonest day that is taken when not given.

    Raises NotAllowed, NotFound, InvalidInput (reason, effective_on), Conflicting.
    """
    found = seen_drift(asked.context, drift_id)
    twice = found.kind == DriftKind.DUPLICATE.value
    asked.context.require(Right.CORRECT if twice else Right.RESTORE)
    reason = read_reason(reason)
    with transaction.atomic():

        def decide(_: SubscriptionView) -> Change | list[FieldError]:
            lane, drift = lock_open(asked.context, drift_id)
            day = _read_day(effective_on, lane, drift)
            return change_of(lane, drift, day, reason=reason)

        recorded = finish(found.lane.subscription_id, decide, asked=asked)
        lane, drift = Lane.objects.select_related("drift").get(pk=found.lane_id), found
        decided(
            drift,
            DriftEnd.CORRECTED if twice else DriftEnd.RESTORED,
            now=asked.now,
            reason=reason,
            person=asked.context.actor.name,
            operation_id=recorded.operation_id,
        )
        forget_drift(lane)
        lane.save()
    return recorded


def change_of(lane: Lane, drift: Drift, day: date, *, reason: str) -> Change:
    """The operation that puts the line back from that day on. Raises Conflicting."""
    days = days_of(drift)
    wrong = first_wrong(days)
    wanted = steps(lane, today=day)
    now = next((step for step in wanted if step.covers(day)), wanted[0])
    shown = wrong.found.units if wrong.found else 0
    about_units = any(_units_differ(one) for one in days)
    if not about_units and now.unit_price is None and now.unit_cost is None:
        raise Conflicting(
            "No price is expected of this line, so there is none to put back. Nothing was changed. "
            "Keep Autotask's, or record another price."
        )
    twice = drift.kind == DriftKind.DUPLICATE.value
    kind = OperationKind.CORRECT if twice else OperationKind.RESTORE
    after: dict[str, Any] = {
        "line_units": wrong.expected.units,
        "profile": as_json(wanted),
        "seen": as_json(as_found(days)),
        "target": _target(now, about_units),
        "drift": drift.pk,
        "reason": reason,
    }
    if about_units:
        after["units"] = now.units
    else:
        after["price_from"] = PriceDay.OWN_DAY.value
    if twice:
        after["corrects"] = drift.attempt_id
    return Change(
        kind=kind,
        event=Event.CORRECT_CHANGE if twice else Event.RESTORE_LINE,
        before={"line_units": shown},
        after=after,
        effective_on=day,
        fields={},
        summary=f"{kind.label} from {in_words(day)}: {reason}"[:1000],
        only_lane_id=lane.pk,
    )


def _target(now: Step, about_units: bool) -> dict[str, Any]:
    if about_units:
        return {"units": now.units, "unit_price": None, "unit_cost": None}
    return {
        "units": None,
        "unit_price": amount_as_text(now.unit_price),
        "unit_cost": amount_as_text(now.unit_cost),
    }


def _units_differ(one: DayRange) -> bool:
    return one.differs and (one.found is None or one.found.units != one.expected.units)


def _soonest(first: date, lane: Lane) -> date:
    """That day was changed already: where a second change of it is not known to be taken, the
    next one."""
    taken = connection_of(lane).same_day in (SameDay.ADDS, SameDay.REPLACES)
    return first if taken else first + timedelta(days=1)


def _read_day(effective_on: object, lane: Lane, drift: Drift) -> date:
    """Not before what was last proved of its units: a change is never dated before that."""
    first = max([drift.began_on, *(day for day in (lane.expected_from, lane.first_on) if day)])
    if drift.attempt is not None:
        first = max(first, drift.attempt.effective_on)
    day = read_effective_day(effective_on, today=_soonest(first, lane))
    if day < first:
        raise InvalidInput.one("effective_on", f"must not be before {in_words(first)}")
    return day
