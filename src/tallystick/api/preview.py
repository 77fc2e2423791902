"""What an operation would record and send. It is really recorded, and then undone.

So a preview can never say anything else than the recording itself would do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from django.db import transaction

from tallystick.api.auth import Caller
from tallystick.api.schemas_operations import PreviewOut, WouldBeSent
from tallystick.connections.queries import get_connection
from tallystick.ledger.queries import DeliveryView, OperationView, get_operation, unsettled_of
from tallystick.ledger.record import Recorded
from tallystick.mappings.rows import subscription_row
from tallystick.operations.finish import Asked
from tallystick.sync.target import Due, target_of


def preview_of(
    record: Callable[[Asked], Recorded], *, subscription_id: int, caller: Caller
) -> PreviewOut:
    """Raises whatever recording it would raise."""
    with transaction.atomic():
        recorded = record(replace(caller.asked(), wake=_nobody))
        out = _seen(recorded, subscription_id, caller)
        transaction.set_rollback(True)
    return out


def _seen(recorded: Recorded, subscription_id: int, caller: Caller) -> PreviewOut:
    operation = get_operation(recorded.operation_id)
    row = subscription_row(caller.context, subscription_id, now=caller.now)
    assert operation is not None  # noqa: S101 - recorded a moment ago, in this transaction
    place, lane = row.place, row.lane
    sent = []
    if place is not None and lane is not None:
        connection = get_connection(caller.context, place.connection_id)
        waits_behind = len(unsettled_of(lane.id)) - len(operation.deliveries)
        for delivery in operation.deliveries:
            # What the earlier ones lead to is what the line has when this one is sent.
            units_now = operation.before.get("quantity", lane.expected_units)
            target = target_of(
                [_due(operation, delivery)], units_now=units_now, cancel_rule=connection.cancel_rule
            )
            would = WouldBeSent(
                connection_id=connection.id,
                connection_name=connection.name,
                contract_id=place.contract_id,
                contract_name=place.contract_name,
                effective_on=delivery.effective_on,
                units_from=lane.expected_units,
                units_to=target.units,
                unit_price_to=target.unit_price,
                waits_behind=waits_behind,
            )
            sent.append(would)
    return PreviewOut(
        kind=operation.kind,
        summary=operation.in_words(),
        before=dict(operation.before),
        after=dict(operation.after),
        effective_on=operation.effective_on,
        would_be_sent=sent,
    )


def _due(operation: OperationView, delivery: DeliveryView) -> Due:
    return Due(
        delivery_id=delivery.id,
        operation_id=operation.id,
        sequence=operation.sequence,
        kind=operation.kind,
        before=operation.before,
        after=operation.after,
        state=delivery.state,
        effective_on=delivery.effective_on,
        recorded_at=operation.recorded_at,
        actor=operation.actor,
        tries=delivery.tries,
        retry_at=delivery.retry_at,
        cause_code=delivery.cause_code,
        attempt_id=None,
        accepted_units=None,
    )


def _nobody(lane_ids: Sequence[int]) -> None:
    """Nothing will be there to be sent."""
