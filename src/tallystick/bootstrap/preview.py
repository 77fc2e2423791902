"""What an operation would do: really recorded, looked at with the engine's eyes, and undone.

Autotask is read first, outside any transaction; what is decided then is decided by the functions
that decide when it is sent. So a preview cannot say anything else than the sending would do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from django.db import transaction

from tallystick.bootstrap.look_before import BillingOf, billing_of
from tallystick.connections.queries import ConnectionView, get_connection, told_of
from tallystick.connections.trouble import BillingError
from tallystick.kit.clock import civil_day
from tallystick.kit.days import in_words
from tallystick.ledger.models import Lane
from tallystick.ledger.queries import OperationView, get_operation, unsettled_of
from tallystick.ledger.record import Recorded
from tallystick.ledger.state import State
from tallystick.mappings.resolve import Resolved, resolve
from tallystick.operations.finish import Asked
from tallystick.sync.begin import frame_of
from tallystick.sync.days import Frame
from tallystick.sync.estimate import Effect, effects
from tallystick.sync.foresee import Foreseen, foresee
from tallystick.sync.load import Work, load
from tallystick.sync.port import NO_LINE, Line, UnitRow
from tallystick.sync.rules import Expected

# As far back as a price of a yearly period may begin.
LOOKS_BACK = timedelta(days=400)
PERIODS_SHOWN = 2


@dataclass(frozen=True, slots=True)
class LaneAhead:
    """What one connection would be told. ``foreseen`` None: something before it would stop.

    ``unread``: why Autotask was not looked at; then it was decided from what was last proved.
    ``held``: why it would not be sent; empty when nothing known stops it.
    """

    connection: ConnectionView
    mapping: Resolved
    expected: Expected
    foreseen: Foreseen | None
    waits_behind: int
    held: str
    unread: str
    day: date  # it would be sent for, as far as is known without what stops before it
    bills: Sequence[Effect]


@dataclass(frozen=True, slots=True)
class Ahead:
    """The operation as it would be recorded, and what each connection would get."""

    operation: OperationView
    lanes: Sequence[LaneAhead]


@dataclass(frozen=True, slots=True)
class _Seen:
    """The rows a lane's line shows, or why they could not be read."""

    rows: tuple[UnitRow, ...] | None
    unread: str = ""


def look_ahead(
    record: Callable[[Asked], Recorded],
    subscription_id: int,
    *,
    asked: Asked,
    billing: BillingOf = billing_of,
) -> Ahead:
    """Stores nothing. Raises whatever recording it would raise."""
    seen = _read(subscription_id, asked, billing)
    with transaction.atomic():
        recorded = record(replace(asked, wake=_nobody))
        operation = get_operation(recorded.operation_id, told_of=told_of(asked.context))
        assert operation is not None  # noqa: S101 - recorded a moment ago, in this transaction
        lanes = [
            found
            for delivery in operation.deliveries
            if delivery.state is State.PENDING
            and (found := _lane(delivery.lane_id, delivery.id, seen, asked)) is not None
        ]
        transaction.set_rollback(True)
    return Ahead(operation, lanes)


def _read(subscription_id: int, asked: Asked, billing: BillingOf) -> Mapping[int, _Seen]:
    """By lane. A connection that cannot be read is no reason to say nothing."""
    found = {}
    for lane in Lane.objects.filter(
        subscription_id=subscription_id, open=True, **asked.context.scope("connection__")
    ):
        mapping = resolve(lane.pk)
        if mapping is None or mapping.line_id is None:
            found[lane.pk] = _Seen(())
            continue
        connection = get_connection(asked.context, lane.connection_id)
        since = civil_day(asked.now, connection.time_zone) - LOOKS_BACK
        line = Line(mapping.contract_id, mapping.line_id)
        try:
            found[lane.pk] = _Seen(billing(connection.id).observe([line], since=since)[line])
        except BillingError as error:
            found[lane.pk] = _Seen(None, str(error))
    return found


def _lane(
    lane_id: int, delivery_id: int, seen: Mapping[int, _Seen], asked: Asked
) -> LaneAhead | None:
    lane = Lane.objects.get(pk=lane_id)
    work = load(lane, now=asked.now)
    mapping = work.mapping
    if mapping is None:
        return None
    shown = seen.get(lane_id, _Seen(()))
    frame = frame_of(mapping)
    rows = shown.rows if shown.rows is not None else _as_proved(work.expected, frame)
    found = foresee(
        work.due,
        rows,
        line=Line(mapping.contract_id, mapping.line_id or NO_LINE),
        expected=work.expected,
        rules=work.rules(),
        frame=frame,
        today=work.today,
        own_line=mapping.own_line,
    )
    ours = next((one for one in found if one.delivery_id == delivery_id), None)
    return LaneAhead(
        connection=work.connection,
        mapping=mapping,
        expected=work.expected,
        foreseen=ours,
        waits_behind=len(unsettled_of(lane_id)) - 1,
        held=_held(lane, ours, found, work, asked),
        unread=shown.unread,
        day=next(one.effective_on for one in work.due if one.delivery_id == delivery_id),
        bills=_bills(ours, frame, work.today),
    )


def _held(
    lane: Lane, ours: Foreseen | None, found: Sequence[Foreseen], work: Work, asked: Asked
) -> str:
    if lane.begins_on is not None and lane.begins_at is not None and lane.begins_at > asked.now:
        return f"Nothing is sent before {in_words(lane.begins_on)}."
    if ours is None:
        stops = found[-1]
        number = next(one.sequence for one in work.due if one.delivery_id == stops.delivery_id)
        assert stops.cause is not None  # noqa: S101 - the last one is where it stops
        return f"It waits behind operation {number}. {stops.cause.words}"
    return ours.cause.words if ours.cause is not None else ""


def _bills(ours: Foreseen | None, frame: Frame, today: date) -> Sequence[Effect]:
    if ours is None or ours.cause is not None:
        return ()
    since = min((call.effective_on for call in ours.calls), default=today)
    return effects(ours.before, ours.after, since=since, frame=frame, periods=PERIODS_SHOWN)


def _as_proved(expected: Expected, frame: Frame) -> tuple[UnitRow, ...]:
    """Rows that show what was last proved, one for each billing period."""
    rows = []
    last = date.max if frame.ends_on is None else frame.ends_on + timedelta(days=1)
    for step in expected.steps:
        day, until = step.starts_on, min(step.until or last, last)
        while day < until:
            period = frame.period(day)
            ends = min(until, period[1]) if period else until
            price = None if step.unit_price is None else step.units * step.unit_price
            cost = None if step.unit_cost is None else step.units * step.unit_cost
            rows.append(UnitRow(day, ends, step.units, price, cost, False))
            day = ends
    return tuple(rows)


def _nobody(lane_ids: Sequence[int]) -> None:
    """Nothing will be there to be sent."""
