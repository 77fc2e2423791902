"""What an operation would record and send. It is really recorded, and then undone.

So a preview can never say anything else than the recording itself would do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from django.db import transaction

from tallystick.api.auth import Caller
from tallystick.api.schemas_operations import PreviewOut, WouldBeSent
from tallystick.ledger.queries import get_operation, unsettled_of
from tallystick.ledger.record import Recorded
from tallystick.mappings.rows import subscription_row
from tallystick.operations.finish import Asked


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
    sent = [
        WouldBeSent(
            connection_id=delivery.connection_id,
            connection_name=place.connection_name,
            contract_id=place.contract_id,
            contract_name=place.contract_name,
            effective_on=delivery.effective_on,
            units_from=lane.expected_units,
            units_to=int(operation.after["quantity"]),
            waits_behind=len(unsettled_of(lane.id)) - 1,
        )
        for delivery in operation.deliveries
        if place is not None and lane is not None
    ]
    return PreviewOut(
        kind=operation.kind,
        summary=operation.in_words(),
        before=dict(operation.before),
        after=dict(operation.after),
        effective_on=operation.effective_on,
        would_be_sent=sent,
    )


def _nobody(lane_ids: Sequence[int]) -> None:
    """Nothing will be there to be sent."""
