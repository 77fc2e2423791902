"""What an operation would record and send. It is really recorded, and then undone.

So a preview can never say anything else than the recording itself would do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import assert_never

from django.db import transaction

from tallystick.api.auth import Caller
from tallystick.api.schemas_operations import PreviewOut, WouldBeSent
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.kit.days import in_words
from tallystick.ledger.queries import DeliveryView, OperationView, get_operation, unsettled_of
from tallystick.ledger.record import Recorded
from tallystick.ledger.standings import LaneView, get_lane
from tallystick.mappings.resolve import Resolved, resolve
from tallystick.operations.finish import Asked
from tallystick.sync.plan import Expected, Move, Rules, Stop, date_rule
from tallystick.sync.target import Due, target_of


def preview_of(record: Callable[[Asked], Recorded], *, caller: Caller) -> PreviewOut:
    """Raises whatever recording it would raise."""
    with transaction.atomic():
        recorded = record(replace(caller.asked(), wake=_nobody))
        out = _seen(recorded, caller)
        transaction.set_rollback(True)
    return out


def _seen(recorded: Recorded, caller: Caller) -> PreviewOut:
    operation = get_operation(recorded.operation_id)
    assert operation is not None  # noqa: S101 - recorded a moment ago, in this transaction
    sent = []
    for delivery in operation.deliveries:
        mapping, lane = resolve(delivery.lane_id), get_lane(delivery.lane_id)
        if mapping is None:
            continue
        connection = get_connection(caller.context, delivery.connection_id)
        # What the earlier ones lead to is what the line has when this one is sent.
        units_now = operation.before.get("quantity", lane.expected_units)
        target = target_of(
            [_due(operation, delivery)], units_now=units_now, cancel_rule=connection.cancel_rule
        )
        day, moved_because, held_because = _day(delivery, mapping, lane, connection, operation)
        if lane.begins_on is not None and lane.rests(caller.now):
            held_because = f"Nothing is sent before {in_words(lane.begins_on)}."
        would = WouldBeSent(
            connection_id=connection.id,
            connection_name=connection.name,
            contract_id=mapping.contract_id,
            contract_name=mapping.contract_name,
            effective_on=day,
            units_from=lane.expected_units,
            units_to=target.units,
            unit_price_to=target.unit_price,
            waits_behind=len(unsettled_of(lane.id)) - 1,
            moved_because=moved_because,
            held_because=held_because,
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


def _day(
    delivery: DeliveryView,
    mapping: Resolved,
    lane: LaneView,
    connection: ConnectionView,
    operation: OperationView,
) -> tuple[date, str, str]:
    """The day it is sent for, why another one, why not at all: by the engine's own rule."""
    found = date_rule(
        [_due(operation, delivery)],
        expected=Expected(
            units=lane.expected_units,
            unit_price=lane.expected_unit_price,
            unit_cost=lane.expected_unit_cost,
            since=lane.expected_from,
            adjusted_on=None,
        ),
        rules=Rules(
            same_day=connection.same_day,
            same_day_policy=connection.same_day_policy,
            back_dated=connection.back_dated,
            cancel_rule=connection.cancel_rule,
        ),
        contract_starts_on=mapping.contract_starts_on,
        contract_ends_on=mapping.contract_ends_on,
    )
    match found:
        case Move():
            return found.to, found.because, ""
        case Stop():
            return delivery.effective_on, "", found.cause.words
        case None:
            return delivery.effective_on, delivery.moved_because, ""
        case _:
            assert_never(found)


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
