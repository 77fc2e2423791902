"""Look at every settled line of a connection, many lines a call: what differs is drift.

A lane with work under way is left to its turn, which looks before it writes. A difference turns
the badge red with both values; nothing is sent because of it. Charges of ours are looked at, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q

from tallystick.audit.events import Event
from tallystick.connections.learn import note_read, note_sweep_begun, note_swept
from tallystick.connections.queries import load as load_connection
from tallystick.connections.trouble import BillingError
from tallystick.kit.clock import civil_day
from tallystick.ledger.badge import drift_words
from tallystick.ledger.expected import clear_drift, steps
from tallystick.ledger.lease import Lease, hold
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.runs import finish_run, open_run
from tallystick.mappings.resolve import Resolved, resolve
from tallystick.sync import words
from tallystick.sync.compare import Match, Periods, covering, match_step
from tallystick.sync.engine import Engine
from tallystick.sync.load import Work, act_of
from tallystick.sync.passing import could_not_look
from tallystick.sync.port import Line, UnitRow
from tallystick.sync.sight import sight
from tallystick.sync.sweep_notes import act_of_sweep, note_drift
from tallystick.sync.unexpected import in_words
from tallystick.sync.verify_charges import verify_charges

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
    begun_at = engine.clock.now()
    if lane_ids is None:
        note_sweep_begun(connection_id, now=begun_at)
    today = civil_day(begun_at, connection.time_zone)
    billing = engine.billing(connection_id)
    same: dict[int, bool] = {}
    waiting = _quiet_lanes(connection_id, lane_ids, today)
    for start in range(0, len(waiting), LINES_A_CALL):
        chunk = waiting[start : start + LINES_A_CALL]
        lines = {lane_id: line for lane_id, line, _ in chunk}
        since = min(first for _, _, first in chunk)
        found = billing.observe(set(lines.values()), since=since)
        for lane_id, line, _ in chunk:
            same[lane_id] = _judge(engine, lane_id, found[line], today)
    for lane_id, as_expected in verify_charges(engine, connection_id, lane_ids).items():
        same[lane_id] = same.get(lane_id, True) and as_expected
    equal = sum(same.values())
    now = engine.clock.now()
    note_read(connection, now=now)
    if lane_ids is None:
        note_swept(connection_id, now=now)
    return Swept(len(same), equal, len(same) - equal)


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
            found = _drift_of(lane, included=work.told.included_units)
        elif swept.equal:
            found = words.read_and_equal().words
        else:
            found = (words.paused_unread() if paused else words.nothing_to_compare()).words
        run = open_run(lane.pk)
        assert run is not None  # noqa: S101 - a run asked for this look, and only we end it
        finish_run(run, now=act.now, found=found)
        lane.sync_asked_at = None
        lane.save(update_fields=["sync_asked_at"])
    return True


def _drift_of(lane: Lane, *, included: int) -> str:
    if lane.drift_units is None:
        return lane.drift_charges
    return drift_words(lane.drift_expected, lane.drift_units, lane.drift_amount, included=included)


def _quiet_lanes(
    connection_id: int, lane_ids: Sequence[int] | None, today: date
) -> list[tuple[int, Line, date]]:
    """Each with its line and the first day that is compared: what counts is today and later."""
    lanes = (
        Lane.objects.filter(connection_id=connection_id, open=True, expected_units__isnull=False)
        # Another lane is taking over: what the earlier contract still shows says nothing.
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gt=today))
        .exclude(pk__in=Delivery.objects.filter(UNSETTLED).values("lane_id"))
    )
    if lane_ids is not None:
        lanes = lanes.filter(pk__in=lane_ids)
    quiet = []
    for lane in lanes.order_by("pk"):
        mapping = resolve(lane.pk)
        if mapping is not None and mapping.line_id is not None:
            line = Line(mapping.contract_id, mapping.line_id)
            quiet.append((lane.pk, line, steps(lane, today=today)[0].starts_on))
    return quiet


def _judge(engine: Engine, lane_id: int, rows: Sequence[UnitRow], today: date) -> bool:
    """Equal renews the proof; different becomes drift. Work that came meanwhile decides itself."""
    with transaction.atomic():
        lane = Lane.objects.select_for_update(no_key=True).get(pk=lane_id)
        if lane.expected_units is None or Delivery.objects.filter(UNSETTLED, lane=lane).exists():
            return True
        mapping = resolve(lane.pk)
        now = engine.clock.now()
        wrong = _first_wrong(lane, rows, mapping, today)
        if wrong is None:
            if lane.drift_units is not None:
                note_drift(engine, lane, Event.DRIFT_GONE, "as expected again", now)
            lane.proved_at = now
            clear_drift(lane)
            lane.save()
            return True
        if lane.drift_units is None:
            shown = in_words(wrong.rows) if wrong.rows else "no units"
            words_for = f"Autotask shows {shown}, expected {wrong.units}"
            note_drift(engine, lane, Event.DRIFT_FOUND, words_for, now)
            lane.drift_since = lane.drift_since or now
        if mapping is not None and mapping.line_id is not None:
            line = Line(mapping.contract_id, mapping.line_id)
            act = act_of_sweep(engine, lane, now)
            sight(lane, line, rows, steps(lane, today=today), act=act)
        observed = next((row for row in wrong.rows if row.units != wrong.units), None)
        observed = observed or next(iter(wrong.rows), None)
        lane.drift_units = observed.units if observed else 0
        lane.drift_amount = observed.price if observed else None
        lane.drift_expected = wrong.units
        lane.save()
        return False


@dataclass(frozen=True, slots=True)
class _Wrong:
    """The first days that differ: what was expected, and the rows that cover them."""

    units: int
    rows: Sequence[UnitRow]


def _first_wrong(
    lane: Lane, rows: Sequence[UnitRow], mapping: Resolved | None, today: date
) -> _Wrong | None:
    if mapping is None:
        return _Wrong(lane.expected_units or 0, rows)
    periods = Periods(mapping.contract_starts_on, mapping.period_months, mapping.contract_ends_on)
    for step in steps(lane, today=today):
        shown = covering(rows, step)
        seen = match_step(rows, step, periods)
        # A contract that has ended bills nothing any more: nothing to differ.
        if seen is not Match.SAME and not (seen is Match.NO_ROWS and step.units == 0):
            return _Wrong(step.units, shown)
    return None
