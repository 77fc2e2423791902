"""What an operation would record and send, on the wire."""

from __future__ import annotations

from collections.abc import Callable

from tallystick.api.auth import Caller
from tallystick.api.schemas_operations import BillOut, CallOut, ChargeOut, PreviewOut, WouldBeSent
from tallystick.bootstrap.gap_charge import gap_of
from tallystick.bootstrap.preview import LaneAhead, look_ahead
from tallystick.bootstrap.preview_charges import difference
from tallystick.bootstrap.preview_words import cannot_be_undone
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked
from tallystick.operations.undo import undo_of
from tallystick.sync.charges import SendCharge


def preview_of(
    record: Callable[[Asked], Recorded], subscription_id: int, *, caller: Caller
) -> PreviewOut:
    """Raises whatever recording it would raise."""
    ahead = look_ahead(record, subscription_id, asked=caller.asked())
    operation = ahead.operation
    return PreviewOut(
        kind=operation.kind,
        summary=operation.in_words(),
        before=dict(operation.before),
        after=dict(operation.after),
        effective_on=operation.effective_on,
        would_be_sent=[_would(lane) for lane in ahead.lanes],
        undo=undo_of(operation.kind),
        lacks_line=ahead.lacks,
        warnings=list(ahead.warnings),
    )


def _would(lane: LaneAhead) -> WouldBeSent:
    found = lane.foreseen
    asked_on = found.asked_on if found else None
    return WouldBeSent(
        connection_id=lane.connection.id,
        connection_name=lane.connection.name,
        contract_id=lane.mapping.contract_id,
        contract_name=lane.mapping.contract_name,
        asked_on=asked_on or lane.day,
        effective_on=found.sent_on if found else lane.day,
        units_from=lane.expected.units,
        units_to=lane.target.units,
        included_units=lane.included,
        unit_price_to=lane.target.unit_price,
        adjustments=[
            CallOut(
                effective_on=call.effective_on,
                unit_change=call.unit_change,
                unit_price=call.unit_price,
                unit_cost=call.unit_cost,
            )
            for call in (found.calls if found and found.cause is None else ())
        ],
        charge=_charge(found.charge) if found and found.charge and not lane.held else None,
        gap=gap_of(lane) if lane.gap else None,
        bills=[
            BillOut(
                starts_on=bill.starts_on,
                until=bill.until,
                before=bill.before,
                after=bill.after,
                difference=bill.difference,
                currency=lane.connection.price_currency,
                posted=bill.posted,
            )
            for bill in lane.bills
        ],
        waits_behind=lane.waits_behind,
        moved_because="; ".join(found.moved) if found else "",
        held_because=lane.held,
        unread_because=lane.unread,
        cannot_be_undone=cannot_be_undone(lane),
    )


def _charge(sent: SendCharge) -> ChargeOut:
    return ChargeOut(
        day_on=sent.becomes.day,
        price=sent.becomes.price,
        cost=sent.becomes.cost,
        reference=sent.becomes.reference,
        charge_id=sent.before.charge_id if sent.before else None,
        difference=difference(sent),
    )
