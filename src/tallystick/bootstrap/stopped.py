"""What is stopped: what each way past it would do, and the way itself with its reading.

A look really decides, looks with the engine's eyes at what would be sent then, and undoes it: so
it cannot say anything else than deciding would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tallystick.bootstrap.glance import glance, quick_billing_of
from tallystick.bootstrap.look_before import BillingOf
from tallystick.bootstrap.preview import as_known
from tallystick.bootstrap.preview_charges import charges_ahead
from tallystick.bootstrap.preview_words import gets_in_words
from tallystick.identity.context import Context
from tallystick.kit.problem import NotFound
from tallystick.ledger.kinds import Resolution
from tallystick.ledger.models import Lane
from tallystick.ledger.queries import get_operations
from tallystick.ledger.wake import Wake
from tallystick.mappings.rows import Row
from tallystick.sync.begin import frame_of
from tallystick.sync.by_hand import read_by_hand
from tallystick.sync.foresee import Foreseen, foresee
from tallystick.sync.load import Work, load
from tallystick.sync.may_resolve import NEXT_PERIOD, PUSH_OURS
from tallystick.sync.plan import first_day
from tallystick.sync.port import NO_LINE, Line, UnitRow
from tallystick.sync.resolve import resolve

# Ways that ask for the operation again: what it sends is part of what they do.
SENDS = frozenset({PUSH_OURS, NEXT_PERIOD})


@dataclass(frozen=True, slots=True)
class Next:
    """What would become of one operation: its calls in words, or why it would stop."""

    summary: str
    calls: Sequence[str]
    stops: str

    @property
    def in_words(self) -> str:
        if self.stops:
            return f"It would stop: {self.stops}"
        if not self.calls:
            return "Autotask shows it already: nothing is sent."
        return f"Autotask gets {', then '.join(self.calls)}."


@dataclass(frozen=True, slots=True)
class WayAhead:
    """``expects``: what is expected of the line afterwards, in words. ``unread``: why Autotask was
    not looked at; then it follows from what was last proved."""

    expects: str
    then: Sequence[Next]
    unread: str


def take_way(
    operation_id: int,
    connection_id: int,
    lane_id: int,
    *,
    how: str,
    reason: str,
    believed: bool,
    context: Context,
    now: datetime,
    wake: Wake,
    correlation_id: str,
    billing: BillingOf = quick_billing_of,
) -> None:
    """Decide; *done by hand* is looked at in Autotask first. Raises as ``sync/resolve``."""
    by_hand = how == Resolution.DONE_BY_HAND.value
    resolve(
        operation_id,
        connection_id,
        how=how,
        reason=reason,
        context=context,
        now=now,
        wake=wake,
        correlation_id=correlation_id,
        reading=read_by_hand(lane_id, now=now, billing_of=billing) if by_hand else None,
        believed=believed,
    )


def look_at_way(
    operation_id: int,
    connection_id: int,
    lane_id: int,
    *,
    how: str,
    believed: bool,
    context: Context,
    now: datetime,
    correlation_id: str,
    billing: BillingOf = quick_billing_of,
) -> WayAhead:
    """Stores nothing. Raises whatever deciding so would raise."""
    rows, unread = _read(lane_id, now, billing)
    by_hand = how == Resolution.DONE_BY_HAND.value
    reading = read_by_hand(lane_id, now=now, billing_of=billing) if by_hand else None
    with transaction.atomic():
        resolve(
            operation_id,
            connection_id,
            how=how,
            reason="looked at before it is decided",
            context=context,
            now=now,
            wake=lambda _: None,
            correlation_id=correlation_id,
            reading=reading,
            believed=believed,
        )
        work = load(Lane.objects.get(pk=lane_id), now=now)
        transaction.set_rollback(True)
    return WayAhead(_expects(work), _then(work, rows, billing), unread)


def what_waits(row: Row, *, now: datetime, billing: BillingOf = quick_billing_of) -> WayAhead:
    """What everything that waits would come to if it were asked again now, oldest first."""
    if row.lane is None:
        raise NotFound("The subscription is not mapped to this connection.")
    rows, unread = _read(row.lane.id, now, billing)
    with transaction.atomic():
        work = load(Lane.objects.get(pk=row.lane.id), now=now)
    return WayAhead(_expects(work), _then(work, rows, billing), unread)


def _read(
    lane_id: int, now: datetime, billing: BillingOf
) -> tuple[tuple[UnitRow, ...] | None, str]:
    with transaction.atomic():
        work = load(Lane.objects.get(pk=lane_id), now=now)
    mapping = work.mapping
    if mapping is None or mapping.line_id is None or not work.due:
        return (), ""
    line = Line(mapping.contract_id, mapping.line_id)
    days = [first_day(one.effective_on, work.today) for one in work.due]
    seen = glance(work.connection.id, line, min(days), billing)
    return seen.rows, seen.unread


def _expects(work: Work) -> str:
    units = work.expected.units
    return "" if units is None else f"{units} unit{'' if units == 1 else 's'}"


def _then(work: Work, rows: tuple[UnitRow, ...] | None, billing: BillingOf) -> Sequence[Next]:
    mapping = work.mapping
    if mapping is None or not work.due:
        return ()
    frame = frame_of(mapping)
    found = foresee(
        work.due,
        as_known(work, frame) if rows is None else rows,
        line=Line(mapping.contract_id, mapping.line_id or NO_LINE),
        expected=work.expected,
        rules=work.rules(),
        frame=frame,
        today=work.today,
        own_line=mapping.own_line,
        charges=charges_ahead(work, mapping, lambda: billing(work.connection.id)),
    )
    names = {one.id: one.in_words() for one in get_operations([d.operation_id for d in work.due])}
    by_delivery = {one.delivery_id: one for one in found}
    return [
        _next(names[due.operation_id], by_delivery.get(due.delivery_id), found, work)
        for due in work.due
    ]


def _next(summary: str, seen: Foreseen | None, found: Sequence[Foreseen], work: Work) -> Next:
    if seen is None:
        return Next(summary, (), "what is before it stops first.")
    if seen.cause is not None:
        return Next(summary, (), seen.cause.words)
    riders = [one for one in found if one.calls is seen.calls or one.calls == seen.calls]
    first = riders[0].delivery_id == seen.delivery_id
    calls = gets_in_words(seen, work.connection) if first or not seen.calls else ()
    if seen.calls and not first:
        return Next(summary, ["the same change as the one before"], "")
    return Next(summary, calls, "")
