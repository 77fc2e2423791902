"""Record an operation and what is due because of it, in the caller's transaction.

The caller holds the subscription's row lock and passes the next number: order is the number,
never a timestamp and never an automatic id (with two writers a later id can commit first).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from tallystick.audit.record import Actor
from tallystick.ledger.expected import clear_drift
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Delivery, Lane, Operation
from tallystick.ledger.state import SETTLED, State


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an operation came from; the same source and id is the same operation, once."""

    source: str
    source_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    operation_id: int
    sequence: int
    lane_ids: tuple[int, ...]


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
    not_applicable_because: str = "",
) -> Recorded:
    """Write the fact and one delivery per lane. Raises nothing a caller could mend."""
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
        subscription_id=subscription_id, open=True
    )
    state = State.NOT_APPLICABLE if not_applicable_because else State.PENDING
    lane_ids = []
    for lane in lanes.order_by("pk"):
        Delivery.objects.create(
            tenant_id=tenant_id,
            operation=operation,
            lane=lane,
            sequence=sequence,
            state=state.value,
            effective_on=effective_on,
            cause=not_applicable_because,
            settled_at=now if state in SETTLED else None,
            created_at=now,
        )
        lane_ids.append(lane.pk)
    return Recorded(operation.pk, sequence, tuple(lane_ids))


def open_lane(*, tenant_id: int, subscription_id: int, connection_id: int, now: datetime) -> int:
    """The lane of a subscription on a connection, made or opened again. Answers its id.

    What was proved of an earlier line is forgotten: a newly mapped line is looked at afresh.
    """
    lane, _ = Lane.objects.select_for_update(no_key=True).get_or_create(
        subscription_id=subscription_id,
        connection_id=connection_id,
        defaults={"tenant_id": tenant_id, "created_at": now},
    )
    lane.open = True
    lane.expected_units = lane.expected_unit_price = lane.expected_unit_cost = None
    lane.expected_from = lane.adjusted_on = lane.proved_at = None
    lane.earlier = []
    clear_drift(lane)
    lane.save()
    return lane.pk


def close_lane(lane_id: int) -> None:
    """No further operation is due on this lane (the subscription was unmapped)."""
    Lane.objects.filter(pk=lane_id).update(open=False)
