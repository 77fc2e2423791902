"""Record an operation and what is due because of it, in the caller's transaction.

The caller holds the subscription's row lock and passes the next number: order is the number,
never a timestamp and never an automatic id (with two writers a later id can commit first).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from tallystick.audit.record import Actor
from tallystick.ledger.group import lanes_of, slots_on
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Delivery, Lane, Operation
from tallystick.ledger.state import SETTLED, State

FIRST_DAY = "moved to the first day that is billed here: it was dated before it"
KEEPS_ITS_NAME = "Billed together with others on one line, which keeps its name."


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an operation came from; the same source and id is the same operation, once."""

    source: str
    source_id: str | None = None


@dataclass(frozen=True, slots=True)
class Begins:
    """The first day a lane bills, and the moment that day begins where its connection is."""

    on: date
    at: datetime


@dataclass(frozen=True, slots=True)
class NotSent:
    """A delivery that has no counterpart in the billing system, and why."""

    delivery_id: int
    connection_id: int
    because: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """``lane_ids``: those on which it waits to be sent."""

    operation_id: int
    sequence: int
    lane_ids: tuple[int, ...]
    not_applicable: tuple[NotSent, ...] = ()


# Why an operation has no counterpart on a connection (its id); empty when it has one.
NotApplicable = Callable[[int], str]


def applies(_connection_id: int) -> str:
    """Everywhere."""
    return ""


# Whether it is held for review on a connection (its id) until somebody approves it.
AwaitsApproval = Callable[[int], bool]


def record_operation(
    *,
    tenant_id: int,
    subscription_id: int,
    sequence: int,
    kind: OperationKind,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    effective_on: date,
    actor: Actor,
    origin: Origin,
    correlation_id: str,
    now: datetime,
    not_applicable: NotApplicable = applies,
    awaits_approval: AwaitsApproval,
    only_lane_id: int | None = None,
) -> Recorded:
    """Write the fact and one delivery per lane. Raises nothing a caller could mend.

    A lane that ends before that day gets none; one that begins later gets it for its first day.
    A rate is never due on a lane whose offer another one has followed.
    ``only_lane_id``: it is about this lane and no other.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an operation is recorded in the transaction of the change")
    operation = Operation.objects.create(
        tenant_id=tenant_id,
        subscription_id=subscription_id,
        sequence=sequence,
        kind=kind.value,
        before=dict(before),
        after=dict(after),
        effective_on=effective_on,
        recorded_at=now,
        actor=actor.name[:200],
        actor_ref=actor.ref[:60],
        source=origin.source,
        source_id=origin.source_id,
        correlation_id=correlation_id,
    )
    lanes = Lane.objects.select_for_update(no_key=True).filter(
        lanes_of([subscription_id]), open=True
    )
    if only_lane_id is not None:
        lanes = lanes.filter(pk=only_lane_id)
    lane_ids, not_sent = [], []
    for lane, slot in slots_on(lanes.order_by("pk"), subscription_id, sequence):
        if only_lane_id is None and _belongs_elsewhere(lane, after, effective_on):
            continue
        day = max(effective_on, lane.begins_on or effective_on)
        rests = lane.begins_at is not None and lane.begins_at > now
        names = kind is OperationKind.RENAME and lane.subscription_id != subscription_id
        because = KEEPS_ITS_NAME if names else not_applicable(lane.connection_id)
        state = State.NOT_APPLICABLE if because else State.PENDING
        delivery = Delivery.objects.create(
            tenant_id=tenant_id,
            operation=operation,
            lane=lane,
            sequence=slot.sequence,
            others=slot.others,
            state=state.value,
            effective_on=day,
            moved_because="" if day == effective_on else FIRST_DAY,
            retry_at=lane.begins_at if rests and state is State.PENDING else None,
            cause=because,
            awaits_approval=state is State.PENDING and awaits_approval(lane.connection_id),
            settled_at=now if state in SETTLED else None,
            created_at=now,
        )
        if because:
            not_sent.append(NotSent(delivery.pk, lane.connection_id, because))
        else:
            lane_ids.append(lane.pk)
    return Recorded(operation.pk, sequence, tuple(lane_ids), tuple(not_sent))


def _belongs_elsewhere(lane: Lane, after: Mapping[str, Any], day: date) -> bool:
    """Whether the lane that takes over from this one is the only one that gets it."""
    if lane.ends_on is None:
        return False
    has_rate = after.get("unit_price") is not None or after.get("unit_cost") is not None
    return day >= lane.ends_on or (lane.rates_ended and has_rate)


def open_lane(
    *,
    tenant_id: int,
    subscription_id: int,
    connection_id: int,
    now: datetime,
    begins: Begins | None = None,
) -> int:
    """A lane for a newly mapped line: nothing is known of it yet. Answers its id.

    What was proved of an earlier line stays with that line's own, closed lane.
    """
    lane = Lane.objects.create(
        tenant_id=tenant_id,
        subscription_id=subscription_id,
        connection_id=connection_id,
        begins_on=begins.on if begins else None,
        begins_at=begins.at if begins else None,
        created_at=now,
    )
    return lane.pk


def end_lane(lane_id: int, *, on: date | None, rates_too: bool = False) -> None:
    """From that day on another lane bills the subscription; None: it goes on after all.

    ``rates_too``: the other bills another offer, so no rate of before is this lane's any more.
    """
    Lane.objects.filter(pk=lane_id).update(ends_on=on, rates_ended=rates_too)


def close_lane(lane_id: int) -> None:
    """No further operation is due on this lane: it was unmapped, or another has taken over."""
    Lane.objects.filter(pk=lane_id).update(open=False)
