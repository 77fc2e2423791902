"""What an operation would do: really recorded, looked at with the engine's eyes, and undone.

Autotask is read first, outside any transaction; what is decided then is decided by the functions
that decide when it is sent. So a preview cannot say anything else than the sending would do.

It never stands in the way of recording: Autotask has seconds to answer, only a few look at once,
and the locks that recording needs are given back before anything is worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db import transaction

from tallystick.bootstrap.as_proved import as_proved
from tallystick.bootstrap.glance import (
    Place,
    Seen,
    charges_now,
    quick_billing_of,
    read_lines,
    read_places,
)
from tallystick.bootstrap.look_before import BillingOf
from tallystick.connections.queries import ConnectionView, living
from tallystick.kit.days import in_words
from tallystick.ledger.badge_words import approval_words
from tallystick.ledger.gap_charges import charged_between
from tallystick.ledger.kinds import PUT_BACK, OperationKind
from tallystick.ledger.models import Lane
from tallystick.ledger.profile import from_json
from tallystick.ledger.queries import DeliveryView, OperationView, get_operation, waiting_before
from tallystick.ledger.record import Recorded
from tallystick.ledger.state import STOPPED, State
from tallystick.mappings.resolve import Resolved
from tallystick.mappings.want_line import find_wanted
from tallystick.operations.finish import Asked
from tallystick.operations.take_over import end_of_move
from tallystick.operations.worth_knowing import worth_knowing
from tallystick.sync import words_line
from tallystick.sync.begin import frame_of
from tallystick.sync.charges_ahead import ChargesAhead
from tallystick.sync.days import Frame
from tallystick.sync.estimate import Bill, Effect, effects, gap, stretch
from tallystick.sync.foresee import Foreseen, foresee
from tallystick.sync.load import Work, load
from tallystick.sync.port import NO_LINE, Line, UnitRow
from tallystick.sync.rules import Expected
from tallystick.sync.target import Target, target_of

PERIODS_SHOWN = 2
PERIODS_BEFORE = 2


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
    is_amount: bool = False  # it is billed by its own amount, whatever the line bills


@dataclass(frozen=True, slots=True)
class Ahead:
    """The operation as it would be recorded, and what each line would get: where it moves to
    another line, that one first.

    ``elsewhere``: it is on its way to a connection of another context, too. ``lacks``: why no line
    would bill the offer it changes to, and what to do; empty when one does. ``warnings``: what a
    person should know of it, wherever it is sent (``operations/worth_knowing``).
    """

    operation: OperationView
    lanes: Sequence[LaneAhead]
    elsewhere: bool = False
    lacks: str = ""
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lane as it would be with the operation on it, and the operation's place in it."""

    delivery: DeliveryView
    work: Work
    waits_behind: int
    stopped: int | None
    rests_until: date | None
    asked_on: date

    @property
    def place(self) -> Place | None:
        """None: its line is still to be created."""
        mapping = self.work.mapping
        if mapping is None or mapping.line_id is None:
            return None
        return self.work.connection.id, Line(mapping.contract_id, mapping.line_id)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What was recorded and undone; the rest as ``Ahead`` has it."""

    operation: OperationView
    waiting: Sequence[Waiting]
    elsewhere: bool
    lacks: str = ""
    warnings: Sequence[str] = ()

    def places(self) -> set[Place]:
        return {one.place for one in self.waiting if one.place is not None}


def look_ahead(
    record: Callable[[Asked], Recorded],
    subscription_id: int,
    *,
    asked: Asked,
    billing: BillingOf = quick_billing_of,
) -> Ahead:
    """Stores nothing. Raises whatever recording it would raise."""
    seen = read_lines([subscription_id], asked, billing)
    done = _rehearse(record, asked)
    if new := done.places() - seen.keys():
        # A line it moves to is known only now; it is read as the others were, outside.
        seen |= read_places(new, asked, billing)
        done = _rehearse(record, asked)
    return ahead_of(done, seen, billing)


def _rehearse(record: Callable[[Asked], Recorded], asked: Asked) -> Rehearsed:
    with transaction.atomic():
        done = recorded_here(record, asked)
        transaction.set_rollback(True)
    return done


def recorded_here(record: Callable[[Asked], Recorded], asked: Asked) -> Rehearsed:
    """In a transaction that is undone: the operation, with what would follow from it by itself,
    and where they stand in the lanes of this context."""
    recorded = record(replace(asked, wake=_nobody))
    operation = _operation(recorded.operation_id)
    operations = [operation]
    if operation.kind is OperationKind.CHANGE_OFFER:
        ends = end_of_move(recorded.lane_ids, now=asked.now, wake=_nobody)
        operations += [_operation(ends)] if ends is not None else []
    here = set(living(asked.context).values_list("pk", flat=True))
    waiting = [
        load_waiting(delivery, asked, operation.effective_on)
        for one in operations
        for delivery in one.deliveries
        if delivery.state is State.PENDING and delivery.connection_id in here
    ]
    elsewhere = any(one.connection_id not in here for one in operation.deliveries)
    warnings = worth_knowing(operation, now=asked.now)
    return Rehearsed(operation, waiting, elsewhere, _lacks(waiting), warnings)


def _operation(operation_id: int) -> OperationView:
    found = get_operation(operation_id)
    assert found is not None  # noqa: S101 - recorded a moment ago, in this transaction
    return found


def _lacks(waiting: Sequence[Waiting]) -> str:
    wanted = (find_wanted(one.work.lane_id) for one in waiting if one.work.mapping is None)
    found = next((one for one in wanted if one is not None), None)
    return words_line.needs_line(found.period, found.why, found.do).words if found else ""


def ahead_of(done: Rehearsed, seen: Mapping[Place, Seen], billing: BillingOf) -> Ahead:
    """Worked out when the locks are given back already; charges are read now, if any is due."""
    lanes = [
        _lane(
            one,
            seen[one.place] if one.place is not None else Seen(()),
            mapping,
            charges_now(one.work, mapping, billing),
        )
        for one in done.waiting
        if (mapping := one.work.mapping) is not None
    ]
    return Ahead(done.operation, lanes, done.elsewhere, done.lacks, done.warnings)


def load_waiting(delivery: DeliveryView, asked: Asked, asked_on: date) -> Waiting:
    """Where the delivery stands in its lane."""
    lane = Lane.objects.get(pk=delivery.lane_id)
    rests = lane.begins_at is not None and lane.begins_at > asked.now
    work = load(lane, now=asked.now)
    head = work.due[0]
    return Waiting(
        delivery=delivery,
        work=work,
        waits_behind=waiting_before(lane.pk, delivery.sequence),
        stopped=head.number if head.state in STOPPED else None,
        rests_until=lane.begins_on if rests else None,
        asked_on=asked_on,
    )


def _lane(one: Waiting, shown: Seen, mapping: Resolved, charges: ChargesAhead) -> LaneAhead:
    work, frame, asked_on = one.work, frame_of(mapping), one.asked_on
    rows = shown.rows if shown.rows is not None else as_known(work, frame)
    found = foresee(
        work.due,
        rows,
        line=Line(mapping.contract_id, mapping.line_id or NO_LINE),
        expected=work.expected,
        rules=work.rules(),
        frame=frame,
        today=work.today,
        own_line=mapping.own_line,
        charges=charges,
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
        gap=_gap(one, ours, day, frame) if ours and goes and day > asked_on else None,
        today=work.today,
        included=work.told.included_units,
        is_amount=any(each.is_amount for each in work.due if each.delivery_id == one.delivery.id),
    )


def _gap(one: Waiting, ours: Foreseen, day: date, frame: Frame) -> Decimal | None:
    found = gap(ours.before, ours.after, since=one.asked_on, until=day, frame=frame)
    charged = charged_between(one.delivery.lane_id, one.asked_on, day)
    return None if found is None else found - charged


def _held(one: Waiting, ours: Foreseen | None, found: Sequence[Foreseen]) -> str:
    if one.rests_until is not None:
        return f"Nothing is sent before {in_words(one.rests_until)}."
    if ours is None:
        stops = found[-1]
        due = one.work.due
        number = next(each.number for each in due if each.delivery_id == stops.delivery_id)
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


def as_known(work: Work, frame: Frame) -> tuple[UnitRow, ...]:
    """What was last proved; of a line that is put back, what it was last seen to show."""
    seen = [one.after["seen"] for one in work.due if one.kind in PUT_BACK]
    if not seen:
        return as_proved(work.expected, frame)
    return as_proved(replace(work.expected, steps=from_json(seen[-1])), frame)


def _nobody(lane_ids: Sequence[int]) -> None:
    """Nothing will be there to be sent."""
