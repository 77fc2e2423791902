"""What one reading says of one line that nothing waits for, and what is kept of it.

Equal renews the proof. Different is kept as drift with both values day by day, and turns the badge
red; the same difference again, or one a person has agreed to, changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.db import transaction

from tallystick.audit.events import Event, Status
from tallystick.audit.record import SYSTEM, record
from tallystick.connections.queries import load as load_connection
from tallystick.connections.queries import subject_on
from tallystick.ledger.difference import DayRange, first_wrong, is_still
from tallystick.ledger.drifts import Found, clear_drift, days_of, open_drift
from tallystick.ledger.expected import steps
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.profile import Step, until_day
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.settle import Act
from tallystick.mappings.resolve import Resolved, resolve
from tallystick.subscriptions.queries import views_by_id
from tallystick.sync.compare import Match, Periods, match_step
from tallystick.sync.differ import a_month, both_by_day, doubled
from tallystick.sync.engine import Engine
from tallystick.sync.port import Line, UnitRow
from tallystick.sync.sent import sent_lately
from tallystick.sync.sight import sight
from tallystick.sync.unexpected import in_words


class Verdict(StrEnum):
    EQUAL = "equal"
    DIFFERENT = "different"
    AGREED = "agreed"


def is_equal_today(engine: Engine, lane_id: int, rows: Sequence[UnitRow], today: date) -> bool:
    """Judge it by today's row alone, when that is as expected; else it must be read whole."""
    with transaction.atomic():
        lane = _lock(lane_id)
        if _has_work(lane):
            return True
        mapping = resolve(lane.pk)
        if mapping is None or lane.drift_units is not None:
            return False
        only = until_day(steps(lane, today=today), today + timedelta(days=1))
        if _differs(rows, only, _periods(mapping)):
            return False
        _is_as_expected(engine, lane, engine.clock.now())
        return True


def judge(engine: Engine, lane_id: int, rows: Sequence[UnitRow], today: date) -> Verdict:
    """Work that came meanwhile decides itself. ``rows``: all from the first compared day on."""
    with transaction.atomic():
        lane = _lock(lane_id)
        if _has_work(lane):
            return Verdict.EQUAL
        mapping, now = resolve(lane.pk), engine.clock.now()
        expected = steps(lane, today=today)
        if mapping is None or mapping.line_id is None:
            _without_line(engine, lane, rows, now)
            return Verdict.DIFFERENT
        if not _differs(rows, expected, _periods(mapping)):
            _is_as_expected(engine, lane, now)
            return Verdict.EQUAL
        line = Line(mapping.contract_id, mapping.line_id)
        found = _found(lane, line, rows, expected, mapping, now)
        if _is_agreed(lane, found, now):
            return Verdict.AGREED
        _keep(engine, lane, found, now)
        sight(lane, line, rows, expected, act=_act(engine, lane, now))
        return Verdict.DIFFERENT


def _lock(lane_id: int) -> Lane:
    rows = Lane.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("drift", "agreed__drift").get(pk=lane_id)


def _has_work(lane: Lane) -> bool:
    return lane.expected_units is None or Delivery.objects.filter(UNSETTLED, lane=lane).exists()


def _periods(mapping: Resolved) -> Periods:
    return Periods(mapping.contract_starts_on, mapping.period_months, mapping.contract_ends_on)


def _differs(rows: Sequence[UnitRow], expected: Sequence[Step], periods: Periods) -> bool:
    for step in expected:
        seen = match_step(rows, step, periods)
        # A contract that has ended bills nothing any more: nothing to differ.
        if seen is not Match.SAME and not (seen is Match.NO_ROWS and step.units == 0):
            return True
    return False


def _is_as_expected(engine: Engine, lane: Lane, now: datetime) -> None:
    if lane.drift_units is not None:
        _note(engine, lane, Event.DRIFT_GONE, "as expected again", now)
    lane.proved_at = now
    clear_drift(lane, now=now)
    lane.save()


def _found(
    lane: Lane,
    line: Line,
    rows: Sequence[UnitRow],
    expected: Sequence[Step],
    mapping: Resolved,
    now: datetime,
) -> Found:
    days = both_by_day(rows, expected, _periods(mapping))
    wrong = first_wrong(days)
    twice = doubled(rows, expected, sent_lately(lane, now=now), _periods(mapping))
    began = next((row.starts_on for row in rows if row.until > wrong.starts_on), wrong.starts_on)
    return Found(
        contract_id=line.contract_id,
        line_id=line.line_id,
        began_on=min(began, wrong.starts_on),
        days=days,
        stake=a_month(wrong, mapping.period_months),
        attempt_id=twice.attempt_id if twice else None,
    )


def _is_agreed(lane: Lane, found: Found, now: datetime) -> bool:
    agreed = lane.agreed
    return (
        agreed is not None
        and agreed.until_at is not None
        and agreed.until_at > now
        and is_still(days_of(agreed.drift), found.days)
    )


def _keep(engine: Engine, lane: Lane, found: Found, now: datetime) -> None:
    kept = lane.drift
    if (
        kept is not None
        and lane.agreed is None
        and kept.attempt_id == found.attempt_id
        and is_still(days_of(kept), found.days)
    ):
        return
    if lane.drift_units is None or lane.agreed is not None:
        _note(engine, lane, Event.DRIFT_FOUND, _words(first_wrong(found.days)), now)
    open_drift(lane, found, now=now)
    lane.save()


def _words(wrong: DayRange) -> str:
    if wrong.found is None:
        return f"Autotask shows no units, expected {wrong.expected.units}"
    amount = "" if wrong.found.price is None else f" (amount {wrong.found.price:f})"
    return f"Autotask shows {wrong.found.units} units{amount}, expected {wrong.expected.units}"


def _without_line(engine: Engine, lane: Lane, rows: Sequence[UnitRow], now: datetime) -> None:
    """Unmapped while it was read: nothing says what its rows should be."""
    if lane.drift_units is None:
        shown = in_words(rows) if rows else "no units"
        words = f"Autotask shows {shown}, expected {lane.expected_units}"
        _note(engine, lane, Event.DRIFT_FOUND, words, now)
        lane.drift_since = now
    lane.drift_units = rows[0].units if rows else 0
    lane.drift_amount = rows[0].price if rows else None
    lane.drift_expected = lane.expected_units
    lane.save()


def _act(engine: Engine, lane: Lane, now: datetime) -> Act:
    view = views_by_id([lane.subscription_id])[lane.subscription_id]
    connection = load_connection(lane.connection_id)
    return Act(now, SYSTEM, subject_on(view.subject(), connection), engine.correlation())


def _note(engine: Engine, lane: Lane, event: Event, what: str, now: datetime) -> None:
    act = _act(engine, lane, now)
    record(
        event,
        actor=act.actor,
        now=now,
        subject=act.subject,
        correlation_id=act.correlation_id,
        status=Status.FAILED if event is Event.DRIFT_FOUND else Status.SUCCEEDED,
        summary=what,
    )
