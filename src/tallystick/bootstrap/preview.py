"""What an operation would do: really recorded, looked at with the engine's eyes, and undone.

Autotask is read first, outside any transaction; what is decided then is decided by the functions
that decide when it is sent. So a preview cannot say anything else than the sending would do.

It never stands in the way of recording: Autotask has seconds to answer, only a few look at once,
and the locks that recording needs are given back before anything is worked out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction

from tallystick.bootstrap.clients import make_client, quick_wire
from tallystick.bootstrap.look_before import BillingOf
from tallystick.connections.queries import ConnectionView, living
from tallystick.connections.queries import load as load_connection
from tallystick.connections.trouble import BillingError
from tallystick.connectors.autotask.billing import AutotaskBilling
from tallystick.kit.clock import civil_day
from tallystick.kit.days import in_words
from tallystick.ledger.badge import approval_words
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Lane
from tallystick.ledger.queries import DeliveryView, OperationView, get_operation, unsettled_of
from tallystick.ledger.record import Recorded
from tallystick.ledger.state import STOPPED, State
from tallystick.mappings.resolve import Resolved, resolve
from tallystick.mappings.want_line import find_wanted
from tallystick.operations.finish import Asked
from tallystick.operations.take_over import end_of_move
from tallystick.sync import words
from tallystick.sync.begin import frame_of
from tallystick.sync.days import Frame
from tallystick.sync.estimate import Bill, Effect, effects, gap, stretch
from tallystick.sync.foresee import Foreseen, foresee
from tallystick.sync.load import Work, load
from tallystick.sync.port import NO_LINE, Billing, Line, UnitRow
from tallystick.sync.rules import Expected
from tallystick.sync.target import Target, target_of

# As far back as a price of a yearly period may begin.
LOOKS_BACK = timedelta(days=400)
PERIODS_SHOWN = 2
PERIODS_BEFORE = 2
# Fewer than the web server has threads: whoever records always finds one.
AT_ONCE = 3
TOO_MANY = "Several people are looking at this moment."
_places = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class LaneAhead:
    """What one connection would be told. ``foreseen`` None: something before it would stop.

    ``target``: what the operation by itself wants the line to show.
    ``unread``: why Autotask was not looked at; then it was decided from what was last proved.
    ``held``: why it would not be sent; empty when nothing known stops it. ``stopped``: the number
    of the operation that stands stopped before it already.
    ``periods``: those around its day, as they are now. ``gap``: what the days between the asked
    day and a later one would have come to.
    """

    connection: ConnectionView
    mapping: Resolved
    expected: Expected
    target: Target
    foreseen: Foreseen | None
    waits_behind: int
    held: str
    stopped: int | None
    unread: str
    day: date  # it would be sent for, as far as is known without what stops before it
    moved: Sequence[str]  # why another day than the asked one, in order
    bills: Sequence[Effect]
    periods: Sequence[Bill]
    gap: Decimal | None
    today: date  # where the connection is
    included: int = 0  # units the contract's price contains: so many fewer are billed


@dataclass(frozen=True, slots=True)
class Ahead:
    """The operation as it would be recorded, and what each line would get: where it moves to
    another line, that one first.

    ``elsewhere``: it is on its way to a connection of another context, too. ``lacks``: why no line
    would bill the offer it changes to, and what to do; empty when one does.
    """

    operation: OperationView
    lanes: Sequence[LaneAhead]
    elsewhere: bool = False
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The rows a lane's line shows, or why they could not be read."""

    rows: tuple[UnitRow, ...] | None
    unread: str = ""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A lane as it would be with the operation on it, and the operation's place in it."""

    delivery: DeliveryView
    work: Work
    waits_behind: int
    stopped: int | None
    rests_until: date | None
    asked_on: date

    @property
    def line(self) -> Line | None:
        """None: it is still to be created."""
        mapping = self.work.mapping
        if mapping is None or mapping.line_id is None:
            return None
        return Line(mapping.contract_id, mapping.line_id)


@dataclass(frozen=True, slots=True)
class _Rehearsed:
    """What was recorded and undone."""

    operation: OperationView
    waiting: Sequence[_Waiting]
    elsewhere: bool
    lacks: str


def quick_billing_of(connection_id: int) -> Billing:
    """For looking only. Raises Misconfigured."""
    return AutotaskBilling(make_client(connection_id, http=quick_wire()))


def look_ahead(
    record: Callable[[Asked], Recorded],
    subscription_id: int,
    *,
    asked: Asked,
    billing: BillingOf = quick_billing_of,
) -> Ahead:
    """Stores nothing. Raises whatever recording it would raise."""
    seen = _read(subscription_id, asked, billing)
    done = _rehearse(record, asked)
    new = {
        one.line: one.work.connection
        for one in done.waiting
        if one.line is not None and one.line not in seen
    }
    if new:  # a line it moves to is known only now; it is read as the others were, outside
        for line, connection in new.items():
            seen[line] = _glance(connection, line, asked, billing)
        done = _rehearse(record, asked)
    lanes = [
        _lane(one, seen[one.line] if one.line is not None else _Seen(()), mapping)
        for one in done.waiting
        if (mapping := one.work.mapping) is not None
    ]
    return Ahead(done.operation, lanes, done.elsewhere, done.lacks)


def _rehearse(record: Callable[[Asked], Recorded], asked: Asked) -> _Rehearsed:
    """Really recorded, with what would follow from it by itself, and undone."""
    with transaction.atomic():
        here = set(living(asked.context).values_list("pk", flat=True))
        recorded = record(replace(asked, wake=_nobody))
        operation = _operation(recorded.operation_id)
        deliveries = list(operation.deliveries)
        if operation.kind is OperationKind.CHANGE_OFFER:
            ends = end_of_move(recorded.lane_ids, now=asked.now, wake=_nobody)
            deliveries += _operation(ends).deliveries if ends is not None else ()
        waiting = [
            _load(delivery, asked, operation.effective_on)
            for delivery in deliveries
            if delivery.state is State.PENDING and delivery.connection_id in here
        ]
        lacks = next(
            (
                words.needs_line(found.period, found.why, found.do).words
                for one in waiting
                if one.work.mapping is None and (found := find_wanted(one.work.lane_id))
            ),
            "",
        )
        transaction.set_rollback(True)
    elsewhere = any(one.connection_id not in here for one in operation.deliveries)
    return _Rehearsed(operation, waiting, elsewhere, lacks)


def _operation(operation_id: int) -> OperationView:
    found = get_operation(operation_id)
    assert found is not None  # noqa: S101 - recorded a moment ago, in this transaction
    return found


def _read(subscription_id: int, asked: Asked, billing: BillingOf) -> dict[Line, _Seen]:
    """By line, of this context's connections. One that cannot be read is no reason to say
    nothing."""
    found = {}
    lanes = Lane.objects.filter(
        subscription_id=subscription_id, open=True, connection__in=living(asked.context)
    )
    for lane in lanes:
        mapping = resolve(lane.pk)
        if mapping is not None and mapping.line_id is not None:
            line = Line(mapping.contract_id, mapping.line_id)
            found[line] = _glance(load_connection(lane.connection_id), line, asked, billing)
    return found


def _glance(connection: ConnectionView, line: Line, asked: Asked, billing: BillingOf) -> _Seen:
    since = civil_day(asked.now, connection.time_zone) - LOOKS_BACK
    if not _places.acquire(blocking=False):
        return _Seen(None, TOO_MANY)
    try:
        return _Seen(billing(connection.id).observe([line], since=since)[line])
    except BillingError as error:
        return _Seen(None, str(error))
    finally:
        _places.release()


def _load(delivery: DeliveryView, asked: Asked, asked_on: date) -> _Waiting:
    lane = Lane.objects.get(pk=delivery.lane_id)
    rests = lane.begins_at is not None and lane.begins_at > asked.now
    work = load(lane, now=asked.now)
    head = work.due[0]
    return _Waiting(
        delivery=delivery,
        work=work,
        waits_behind=len(unsettled_of(lane.pk)) - 1,
        stopped=head.sequence if head.state in STOPPED else None,
        rests_until=lane.begins_on if rests else None,
        asked_on=asked_on,
    )


def _lane(one: _Waiting, shown: _Seen, mapping: Resolved) -> LaneAhead:
    work, frame, asked_on = one.work, frame_of(mapping), one.asked_on
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
    ours = next((each for each in found if each.delivery_id == one.delivery.id), None)
    goes = ours is not None and ours.cause is None
    day = ours.sent_on if ours else one.delivery.effective_on
    first_day = (one.delivery.moved_because,) if one.delivery.moved_because else ()
    around = ours.before if ours else rows
    return LaneAhead(
        connection=work.connection,
        mapping=mapping,
        expected=work.expected,
        target=target_of(
            [each for each in work.due if each.delivery_id == one.delivery.id], rules=work.rules()
        ),
        foreseen=ours,
        waits_behind=one.waits_behind,
        held=_held(one, ours, found),
        stopped=one.stopped,
        unread=shown.unread,
        day=day,
        moved=(*first_day, *(ours.moved if ours else ())),
        bills=_bills(ours, frame, work.today),
        periods=stretch(
            around,
            first=min(asked_on, day),
            last=max(asked_on, day),
            before=PERIODS_BEFORE,
            frame=frame,
        ),
        gap=gap(ours.before, ours.after, since=asked_on, until=day, frame=frame)
        if ours and goes and day > asked_on
        else None,
        today=work.today,
        included=work.told.included_units,
    )


def _held(one: _Waiting, ours: Foreseen | None, found: Sequence[Foreseen]) -> str:
    if one.rests_until is not None:
        return f"Nothing is sent before {in_words(one.rests_until)}."
    if ours is None:
        stops = found[-1]
        due = one.work.due
        number = next(each.sequence for each in due if each.delivery_id == stops.delivery_id)
        assert stops.cause is not None  # noqa: S101 - the last one is where it stops
        return f"It waits behind operation {number}. {stops.cause.words}"
    if ours.cause is not None:
        return ours.cause.words
    return approval_words(waits) if (waits := _to_approve(one.work, ours)) else ""


def _to_approve(work: Work, ours: Foreseen) -> int:
    """How many have to be approved before it is sent, it among them."""
    last = next(one.sequence for one in work.due if one.delivery_id == ours.delivery_id)
    return sum(1 for one in work.due if one.awaits_approval and one.sequence <= last)


def _bills(ours: Foreseen | None, frame: Frame, today: date) -> Sequence[Effect]:
    if ours is None or ours.cause is not None:
        return ()
    since = min((call.effective_on for call in ours.calls), default=today)
    return effects(ours.before, ours.after, since=since, frame=frame, periods=PERIODS_SHOWN)


def _as_proved(expected: Expected, frame: Frame) -> tuple[UnitRow, ...]:
    """Rows that show what was last proved, one for each billing period.

    The first one from the start of its period: a price may begin there.
    """
    rows = []
    last = date.max if frame.ends_on is None else frame.ends_on + timedelta(days=1)
    for at, step in enumerate(expected.steps):
        day, until = step.starts_on, min(step.until or last, last)
        if at == 0 and (period := frame.period(day)):
            day = max(period[0], expected.first_on or period[0])
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
