"""The ways past a stopped operation: each a named person's decision, with a reason, audited.

``done_by_hand`` and ``adopt`` change what is expected of the line from here on; ``skip`` changes
nothing (the next operation says the whole quantity anyway), and is how an approval is refused;
``push_ours`` sends it again, on top of what a person has seen there; ``next_period`` lets a price
begin with the next billing period. Each is a right of its own.

*Done by hand* settles when a reading agrees. Without one it settles only when a person says that
it is to be believed, and says so for ever.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from tallystick.audit.events import Event
from tallystick.audit.record import record
from tallystick.connections.included import billed
from tallystick.connections.overrides import included_of
from tallystick.connections.queries import get_connection, subject_on
from tallystick.connections.queries import load as load_connection
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.clock import civil_day
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput, NotFound
from tallystick.ledger.drifts import clear_drift
from tallystick.ledger.expected import expect, expect_steps
from tallystick.ledger.group import forget_skipped, is_shared, lanes_of
from tallystick.ledger.kinds import ENDS, PUT_BACK, OperationKind, Resolution
from tallystick.ledger.models import Delivery, Lane, Operation
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.settle import Cause, change, moved
from tallystick.ledger.state import IN_FLIGHT, STOPPED, State
from tallystick.ledger.wake import Wake
from tallystick.mappings.resolve import resolve as resolve_place
from tallystick.subscriptions.queries import get_subscription
from tallystick.sync import moves
from tallystick.sync.by_hand import Reading
from tallystick.sync.days import Frame
from tallystick.sync.decide_amount import decide_amount, is_amount
from tallystick.sync.may_resolve import (
    BELIEVED,
    NEXT_PERIOD,
    PUSH_OURS,
    as_read,
    check_believed,
    rights_for,
)
from tallystick.sync.target import speaks_of_rates_only

WAYS = (*(way.value for way in Resolution), PUSH_OURS, NEXT_PERIOD)


def way_in_words(how: str) -> str:
    """``Skipped``, ``To begin with the next billing period``. ``how`` is one of ``WAYS``."""
    words = {PUSH_OURS: "To be sent again", NEXT_PERIOD: "To begin with the next billing period"}
    return words.get(how) or Resolution(how).label


def resolve(
    operation_id: int,
    connection_id: int,
    *,
    how: str,
    reason: str,
    context: Context,
    now: datetime,
    wake: Wake,
    correlation_id: str,
    reading: Reading | None = None,
    believed: bool = False,
) -> None:
    """``reading``: of *done by hand*, read a moment ago; ``believed``: also when none agrees.

    Raises NotFound, NotAllowed, InvalidInput, Conflicting (not the head, in flight, or no reading
    agrees).
    """
    context.require(Right.RESOLVE)
    errors = []
    if how not in WAYS:
        errors.append(FieldError("how", f"must be one of {', '.join(WAYS)}"))
    if not reason.strip():
        errors.append(FieldError("reason", "is needed: somebody will ask"))
    if errors:
        raise InvalidInput(errors)
    connection = get_connection(context, connection_id)
    operation = Operation.objects.filter(pk=operation_id, tenant_id=context.tenant_id).first()
    if operation is None:
        raise NotFound("There is no such operation.")
    view = get_subscription(context, operation.subscription_id)
    with transaction.atomic():
        lane, head = _lane_of(operation_id, view.id, connection.id)
        before, day, cause = head.state, head.effective_on, head.cause
        context.require(*rights_for(how, head))
        agrees = reading is not None and reading.operation_id == operation_id and reading.agrees
        if how == Resolution.DONE_BY_HAND.value and not agrees:
            check_believed(reading, believed, context)
        _carry_out(lane, head, how, now, reading if agrees else None)
        record(
            Event.RESOLVE_OPERATION,
            actor=context.actor,
            now=now,
            subject=replace(subject_on(view.subject(), connection), operation_id=operation.pk),
            correlation_id=correlation_id,
            summary=f"{way_in_words(how)}: {reason.strip()}"[:1000],
            details={"how": how, "reason": reason.strip(), "was": before, "cause": cause}
            | as_read(how, reading, agrees=agrees)
            | _another_day(day, head),
        )
        wake([lane.pk])


def _lane_of(operation_id: int, subscription_id: int, connection_id: int) -> tuple[Lane, Delivery]:
    """The lane this operation is the head of, and its delivery there. Raises as ``resolve``."""
    # Those it shares, and the one it has left, where its last operation may be on its way still.
    its = Q(pk__in=Delivery.objects.filter(operation_id=operation_id).values("lane_id"))
    lanes = list(
        Lane.objects.select_for_update(no_key=True)
        .filter(its | lanes_of([subscription_id]), connection_id=connection_id, open=True)
        .order_by("pk")
    )
    if not lanes:
        raise NotFound("The subscription is not mapped to this connection.")
    heads = []
    for lane in lanes:
        head = (
            Delivery.objects.filter(UNSETTLED, lane=lane)
            .select_related("operation")
            .order_by("sequence")
            .first()
        )
        if head is not None and head.operation_id == operation_id:
            heads.append((lane, head))
    if not heads:
        raise Conflicting(
            "Only the oldest operation that is not settled can be taken out of the way: the order "
            "is kept. Nothing was changed."
        )
    # On two contracts at once: what is stopped is what is decided on.
    lane, head = next((one for one in heads if State(one[1].state) in STOPPED), heads[0])
    if State(head.state) in IN_FLIGHT:
        raise Conflicting(
            "This operation has been sent and is being checked. Nothing was changed. Wait until "
            "it is proved or stopped."
        )
    return lane, head


def _carry_out(
    lane: Lane, head: Delivery, how: str, now: datetime, reading: Reading | None = None
) -> None:
    """``reading``: it agrees."""
    if how == NEXT_PERIOD:
        _leave_to_next_period(head, now)
        return
    if is_amount(head) and not (how == Resolution.ADOPT.value and lane.drift_units is not None):
        decide_amount(lane, head, how, now)
        return
    if how == PUSH_OURS:
        if State(head.state) not in STOPPED:
            raise Conflicting("This operation is not stopped: it is sent by itself.")
        if lane.drift_units is not None:
            head.accepted_units = lane.drift_units
        change(head, State.PENDING, now=now)
        return
    cause = Cause(how, Resolution(how).label)
    if how == Resolution.DONE_BY_HAND.value and reading is not None:
        about_rates = speaks_of_rates_only(head.operation.after)
        expect_steps(lane, reading.wanted, now=now, moves_units=not about_rates)
        if not about_rates:
            lane.expected_from = lane.adjusted_on = max(
                head.effective_on, lane.expected_from or head.effective_on
            )
        cause = Cause(how, f"{cause.words}: read back, and equal. {reading.shown}")
    elif how == Resolution.DONE_BY_HAND.value:
        cause = Cause(BELIEVED, f"{cause.words}: believed, no reading agreed")
        units = _units_after(head, lane)
        if units is not None:
            # From its own day on: before it the line still shows, rightly, what it had.
            day = max(head.effective_on, lane.expected_from or head.effective_on)
            expect(
                lane,
                units=units,
                unit_price=lane.expected_unit_price,
                unit_cost=lane.expected_unit_cost,
                day=day,
                now=now,
            )
            lane.expected_from = lane.adjusted_on = day
    elif how == Resolution.ADOPT.value:
        _adopt(lane, head, now)
    else:
        forget_skipped(lane, head)
    clear_drift(lane, now=now)
    # What is expected now was said by a person; it is green again when it has been read.
    lane.proved_at = None if reading is None else now
    lane.save()
    change(head, State.RESOLVED, now=now, cause=cause)


def _adopt(lane: Lane, head: Delivery, now: datetime) -> None:
    """What was read is expected from now on. Raises Conflicting."""
    if lane.drift_units is None:
        raise Conflicting("Nothing was read from Autotask that could be adopted.")
    today = civil_day(now, load_connection(lane.connection_id).time_zone)
    if is_shared(lane) and head.effective_on > today:
        raise Conflicting(
            "It is about a later day, and the line bills others until then, too. Nothing was "
            "changed. Decide on it on its day, or choose another way."
        )
    lane.expected_units = lane.drift_units
    lane.expected_unit_price = lane.expected_unit_cost = None
    lane.earlier = []


def _leave_to_next_period(head: Delivery, now: datetime) -> None:
    mapping = resolve_place(head.lane_id)
    about_rates = speaks_of_rates_only(head.operation.after) and not is_amount(head)
    if not about_rates or mapping is None or State(head.state) not in STOPPED:
        raise Conflicting(
            "Only a price that has stopped can begin with the next billing period. Nothing was "
            "changed."
        )
    frame = Frame(mapping.contract_starts_on, mapping.contract_ends_on, mapping.period_months)
    period = frame.period(head.effective_on)
    if period is None or frame.period(period[1]) is None:
        raise Conflicting(
            "The contract has no later billing period, as it was last read. Nothing was changed."
        )
    moved([head], period[1], moves.to_next_period(head.effective_on, period[1]))
    change(head, State.PENDING, now=now)


def _another_day(was: date, head: Delivery) -> dict[str, Any]:
    """For the audit log, when the decision is about the day it is sent for."""
    if head.effective_on == was:
        return {}
    return {
        "before": {"effective_on": was.isoformat()},
        "after": {"effective_on": head.effective_on.isoformat()},
        "moved_because": head.moved_because,
    }


def _units_after(head: Delivery, lane: Lane) -> int | None:
    """None for a change that leaves the units as they are."""
    operation = head.operation
    included = included_of(lane.connection_id, lane.subscription_id)
    if OperationKind(operation.kind) in ENDS:
        return billed(head.others, included)
    after = operation.after.get("units", operation.after.get("quantity"))
    if after is None:
        return None
    if OperationKind(operation.kind) in PUT_BACK:
        return int(after)
    return billed(int(after) + head.others, included)
