"""Look at every settled line of a connection, many lines a call: what differs is drift.

A lane with work under way is left to its turn, which looks before it writes. A difference turns
the badge red with both values; nothing is sent because of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction

from tallystick.audit.events import Event, Status
from tallystick.audit.record import SYSTEM, Subject, record
from tallystick.connections.learn import note_read, note_swept
from tallystick.connections.queries import load as load_connection
from tallystick.kit.clock import civil_day
from tallystick.ledger.badge import drift_words
from tallystick.ledger.lease import Lease, hold
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.runs import finish_run, open_run
from tallystick.mappings.resolve import Resolved, resolve
from tallystick.subscriptions.queries import views_by_id
from tallystick.sync import words
from tallystick.sync.compare import Match, Periods, match
from tallystick.sync.engine import Engine
from tallystick.sync.load import Work, act_of
from tallystick.sync.passing import could_not_look
from tallystick.sync.plan import in_words
from tallystick.sync.port import BillingError, Line, UnitRow

LINES_A_CALL = 500


@dataclass(frozen=True, slots=True)
class Swept:
    """Counts of lines."""

    looked_at: int
    equal: int
    different: int


def verify(engine: Engine, connection_id: int, lane_ids: Sequence[int] | None = None) -> Swept:
    """Read and compare. Raises BillingError: then nothing was concluded from what was not read."""
    connection = load_connection(connection_id)
    today = civil_day(engine.clock.now(), connection.time_zone)
    billing = engine.billing(connection_id)
    equal = different = 0
    waiting = _quiet_lanes(connection_id, lane_ids)
    for start in range(0, len(waiting), LINES_A_CALL):
        chunk = waiting[start : start + LINES_A_CALL]
        lines = {lane_id: line for lane_id, line, _ in chunk}
        days = [_day(since, today) for _, _, since in chunk]
        found = billing.observe(set(lines.values()), since=min(days))
        for (lane_id, line, _), day in zip(chunk, days, strict=True):
            rows = [row for row in found[line] if row.until > day]
            if _judge(engine, lane_id, rows):
                equal += 1
            else:
                different += 1
    now = engine.clock.now()
    note_read(connection_id, now=now)
    if lane_ids is None:
        note_swept(connection_id, now=now)
    return Swept(equal + different, equal, different)


def look_again(engine: Engine, lease: Lease, work: Work) -> bool:
    """Sync was pressed and nothing waits: read this one line, and answer what that showed."""
    paused = work.connection.is_paused(engine.clock.now())
    swept, failed = Swept(0, 0, 0), None
    if not paused:
        try:
            swept = verify(engine, work.connection.id, [work.lane_id])
        except BillingError as error:
            failed = error
    with transaction.atomic():
        lane = hold(lease)
        act = act_of(engine, work)
        if failed is not None:
            found = could_not_look(failed, work=work, act=act)
        elif swept.different:
            found = drift_words(lane.expected_units, lane.drift_units, lane.drift_amount)
        elif swept.equal:
            found = words.read_and_equal().words
        else:
            found = (words.paused_unread() if paused else words.nothing_to_compare()).words
        run = open_run(lane.pk)
        if run is not None:
            finish_run(run, now=act.now, found=found)
        lane.sync_asked_at = None
        lane.save(update_fields=["sync_asked_at"])
    return True


def _day(since: date | None, today: date) -> date:
    """What counts is today and later; a change proved for a later day counts from there."""
    return max(since, today) if since is not None else today


def _quiet_lanes(
    connection_id: int, lane_ids: Sequence[int] | None
) -> list[tuple[int, Line, date | None]]:
    lanes = Lane.objects.filter(
        connection_id=connection_id, open=True, expected_units__isnull=False
    ).exclude(pk__in=Delivery.objects.filter(UNSETTLED).values("lane_id"))
    if lane_ids is not None:
        lanes = lanes.filter(pk__in=lane_ids)
    quiet = []
    for lane in lanes.order_by("pk"):
        mapping = resolve(lane.subscription_id, connection_id)
        if mapping is not None and mapping.line_id is not None:
            quiet.append((lane.pk, Line(mapping.contract_id, mapping.line_id), lane.expected_from))
    return quiet


def _judge(engine: Engine, lane_id: int, rows: Sequence[UnitRow]) -> bool:
    """Equal renews the proof; different becomes drift. Work that came meanwhile decides itself."""
    with transaction.atomic():
        lane = Lane.objects.select_for_update(no_key=True).get(pk=lane_id)
        if lane.expected_units is None or Delivery.objects.filter(UNSETTLED, lane=lane).exists():
            return True
        mapping = resolve(lane.subscription_id, lane.connection_id)
        now = engine.clock.now()
        if _equal(lane, rows, mapping):
            if lane.drift_units is not None:
                _note(engine, lane, Event.DRIFT_GONE, "as expected again", now)
            lane.proved_at = now
            lane.drift_units = lane.drift_amount = lane.drift_since = None
            lane.save()
            return True
        observed = _differing(lane, rows)
        if lane.drift_units is None:
            shown = f"Autotask shows {in_words(rows) if rows else 'no units'}, "
            _note(engine, lane, Event.DRIFT_FOUND, shown + f"expected {lane.expected_units}", now)
            lane.drift_since = now
        lane.drift_units = observed.units if observed else 0
        lane.drift_amount = observed.price if observed else None
        lane.save()
        return False


def _equal(lane: Lane, rows: Sequence[UnitRow], mapping: Resolved | None) -> bool:
    if mapping is None or lane.expected_units is None:
        return False
    seen = match(
        rows,
        units=lane.expected_units,
        unit_price=lane.expected_unit_price,
        unit_cost=lane.expected_unit_cost,
        periods=Periods(mapping.contract_starts_on, mapping.period_months),
    )
    # A contract that has ended bills nothing any more: nothing to differ.
    return seen is Match.SAME or (seen is Match.NO_ROWS and lane.expected_units == 0)


def _differing(lane: Lane, rows: Sequence[UnitRow]) -> UnitRow | None:
    different = [row for row in rows if row.units != lane.expected_units]
    found = different or list(rows)
    return found[0] if found else None


def _note(engine: Engine, lane: Lane, event: Event, what: str, now: datetime) -> None:
    view = views_by_id([lane.subscription_id])[lane.subscription_id]
    connection = load_connection(lane.connection_id)
    subject: Subject = replace(
        view.subject(), connection_id=connection.id, connection_name=connection.name
    )
    record(
        event,
        actor=SYSTEM,
        now=now,
        subject=subject,
        correlation_id=engine.correlation(),
        status=Status.FAILED if event is Event.DRIFT_FOUND else Status.SUCCEEDED,
        summary=what,
    )
