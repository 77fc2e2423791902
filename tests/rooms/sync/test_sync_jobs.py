"""The nudges, run by the job engine's real worker: idempotent, part of the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Q
from procrastinate.contrib.django import app as procrastinate_app
from procrastinate.contrib.django.models import ProcrastinateJob

from harness import Killed, Line, World, dies_at
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.connections.budget import note_calls
from tallystick.connections.models import CallMinute, Connection
from tallystick.identity.roles import Role
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.problem import Conflicting, NotAllowed
from tallystick.sync import jobs
from tallystick.sync.engine import Milestone
from tallystick.sync.health import worker_seen_at
from tallystick.sync.look_now import look_now
from tallystick.sync.turn import drive


@pytest.fixture
def alone(world: World) -> Iterator[World]:
    """A world whose engine is this process's, and no other test's connection wants anything."""
    now = DatabaseClock().now()
    Connection.objects.exclude(pk=world.connection_id).update(
        paused_at=now, paused_because="another test's", last_swept_at=now, resume_at=None
    )
    before = jobs._engine
    jobs.use_engine(lambda: world.engine)
    run_worker()  # what other tests left
    yield world
    jobs._engine = before


def run_worker() -> None:
    """Work until nothing is due any more: a job may ask for another one."""
    for _ in range(10):
        connector = procrastinate_app.connector.get_worker_connector()
        with procrastinate_app.replace_connector(connector) as app:
            app.run_worker(wait=False, concurrency=2, delete_jobs="successful")
        due = Q(scheduled_at__isnull=True) | Q(scheduled_at__lte=DatabaseClock().now())
        if not ProcrastinateJob.objects.filter(due, status="todo").exists():
            return
    raise AssertionError("the jobs never came to rest")


def nudges(line: Line) -> list[ProcrastinateJob]:
    found = ProcrastinateJob.objects.filter(
        task_name=jobs.DRIVE, status="todo", args__lane_id=line.lane_id
    )
    return list(found.order_by("id"))


def test_a_nudge_drives_the_lane(alone: World) -> None:
    line = alone.line(units=10)
    line.quantity(12)
    jobs.wake_lanes([line.lane_id])
    run_worker()

    assert line.badge == "synced"
    assert nudges(line) == []


def test_one_waiting_nudge_is_enough(alone: World) -> None:
    line = alone.line(units=10)
    jobs.wake_lanes([line.lane_id, line.lane_id])
    jobs.wake_later(line.lane_id, None)
    assert len(nudges(line)) == 1
    run_worker()


def test_a_nudge_exists_exactly_when_what_it_is_about_exists(alone: World) -> None:
    line = alone.line(units=10)
    with suppress(ZeroDivisionError), transaction.atomic():
        line.quantity(12)
        jobs.wake_lanes([line.lane_id])
        raise ZeroDivisionError
    assert nudges(line) == []


def test_an_earlier_wake_is_not_lost_to_a_later_one(alone: World) -> None:
    line = alone.line(units=10)
    now = DatabaseClock().now()
    for minutes in (60, 1, 1):
        jobs.wake_later(line.lane_id, now + timedelta(minutes=minutes))
    assert len(nudges(line)) == 2
    run_worker()
    assert len(nudges(line)) == 2, "not before their time"


def test_the_sweep_finds_what_a_dead_worker_left(alone: World) -> None:
    line = alone.line(units=10)
    line.quantity(12)
    with suppress(Killed):
        drive(alone.another_worker(reached=dies_at(Milestone.ANSWERED)), line.lane_id)
    jobs.sweep_due.defer(timestamp=0)
    run_worker()

    assert line.badge == "synced"
    assert line.changes() == [2]


def test_the_sweep_lets_the_longest_lane_go_before_all_that_wait(alone: World) -> None:
    """After an outage it may have asked later than they."""
    small, large = alone.line(units=10), alone.line(units=10)
    small.quantity(12)
    for day in range(2):
        large.quantity(11 + day, alone.tenancy.today() + timedelta(days=day))
    jobs.nudge_due()
    jobs.nudge_due()
    priorities = ProcrastinateJob.objects.filter(status="todo").order_by("id")
    asked = {
        line.lane_id: list(
            priorities.filter(args__lane_id=line.lane_id).values_list("priority", flat=True)
        )
        for line in (small, large)
    }
    assert asked == {small.lane_id: [0], large.lane_id: [1, 0]}
    run_worker()
    assert (small.badge, large.badge) == ("synced", "synced")
    assert large.changes() == [1, 1]


def test_the_sweep_itself_waits_behind_no_lane(alone: World) -> None:
    """After an outage a thousand lanes wait; what says which is due may not wait behind them."""
    line = alone.line(units=10)
    jobs.wake_lanes([line.lane_id])
    jobs.sweep_due.defer(timestamp=0)
    waiting = ProcrastinateJob.objects.filter(status="todo").order_by("-priority", "id")
    assert next(job.task_name for job in waiting) == "tallystick.sweep_due"
    run_worker()


def test_the_sweep_ends_a_sync_whose_nudge_was_lost(alone: World) -> None:
    line = alone.line(units=10)
    line.press_sync()
    alone.clock.advance(121)
    jobs.nudge_due()
    assert len(nudges(line)) == 1
    run_worker()
    assert nudges(line) == []


def test_a_connection_not_looked_at_lately_is_verified_and_its_threshold_read(
    alone: World,
) -> None:
    line = alone.line(units=10)
    line.hand_edit(11)
    alone.simulator.set_knobs(hourly_threshold=5000)
    jobs.watch_connections.defer(timestamp=0)
    run_worker()

    assert line.badge == "out_of_sync"
    assert alone.connection().hourly_threshold == 5000
    assert alone.connection().reported_calls is not None


def test_a_connection_looked_at_lately_is_left_alone(alone: World) -> None:
    line = alone.line(units=10)
    Connection.objects.filter(pk=alone.connection_id).update(last_swept_at=DatabaseClock().now())
    line.hand_edit(11)
    jobs.watch_connections.defer(timestamp=0)
    run_worker()
    assert line.badge == "synced"

    Connection.objects.filter(pk=alone.connection_id).update(
        last_swept_at=DatabaseClock().now() - jobs.SWEPT_EVERY - timedelta(minutes=1)
    )
    jobs.watch_connections.defer(timestamp=0)
    run_worker()
    assert line.badge == "out_of_sync"


def test_a_restored_connection_is_looked_at_while_it_is_paused(alone: World) -> None:
    line = alone.line(units=10)
    line.hand_edit(11)
    alone.pause(because="Restored from a backup.")
    jobs.watch_connections.defer(timestamp=0)
    run_worker()

    assert alone.connection().last_swept_at is not None
    assert line.lane().drift_units == 11


def test_a_reading_that_fails_stops_the_sweep_of_that_connection_only(alone: World) -> None:
    alone.line(units=10)
    alone.simulator.add_fault("html_502", times=None)
    jobs.watch_connections.defer(timestamp=0)
    run_worker()

    assert alone.connection().last_swept_at is None
    assert alone.connection().sweep_begun_at is not None
    assert alone.connection().sweep_stopped_because
    assert alone.connection().reported_calls is None
    assert not ProcrastinateJob.objects.filter(task_name=jobs.VERIFY, status="todo").exists()


def look(world: World, **changes: Any) -> None:
    context = replace(world.tenancy.context, **changes)
    now = world.clock.now()
    look_now(
        world.connection_id,
        context=context,
        now=now,
        start=jobs.start_look,
        correlation_id="look",
    )


def test_a_person_asks_for_a_look_at_every_line_now(alone: World) -> None:
    line = alone.line(units=10)
    line.hand_edit(11)
    Connection.objects.filter(pk=alone.connection_id).update(last_swept_at=alone.clock.now())
    look(alone)
    look(alone)
    assert ProcrastinateJob.objects.filter(task_name=jobs.VERIFY, status="todo").count() == 1
    run_worker()
    assert line.badge == "out_of_sync"
    assert line.changes() == [], "nothing is sent by looking"
    told = AuditLog.objects.filter(
        event=Event.LOOK_AT_LINES.value, connection_id=alone.connection_id
    )
    assert [one.actor for one in told] == ["Ada Admin"] * 2


def test_some_lines_are_looked_at_and_no_others(alone: World) -> None:
    one, other = alone.line(units=10), alone.line(units=10)
    Connection.objects.filter(pk=alone.connection_id).update(last_swept_at=alone.clock.now())
    for line in (one, other):
        line.hand_edit(11)
    jobs.start_look(alone.connection_id, [one.lane_id])
    run_worker()
    assert (one.badge, other.badge) == ("out_of_sync", "synced")


def test_nobody_looks_at_a_paused_connection_nor_without_the_right(alone: World) -> None:
    alone.pause()
    with pytest.raises(Conflicting, match="is paused"):
        look(alone)
    with pytest.raises(NotAllowed):
        look(alone, role=Role.VIEWER)
    assert not ProcrastinateJob.objects.filter(task_name=jobs.VERIFY, status="todo").exists()


def test_a_connection_on_which_nothing_happens_says_that_its_key_is_missing(alone: World) -> None:
    Connection.objects.filter(pk=alone.connection_id).update(key_id="feedf00d")
    jobs.watch_connections.defer(timestamp=0)
    run_worker()

    row = alone.connection()
    assert (row.paused_at is not None, row.resume_at) == (True, None)
    assert "the key feedf00d, which this server does not have" in row.paused_because


def test_old_minutes_of_the_journal_are_forgotten(alone: World) -> None:
    now = DatabaseClock().now()
    note_calls(alone.connection_id, 3, now=now - timedelta(days=2))
    note_calls(alone.connection_id, 3, now=now)
    jobs.watch_connections.defer(timestamp=0)
    run_worker()
    kept = CallMinute.objects.filter(connection_id=alone.connection_id, calls=3)
    assert [one.minute.date() for one in kept] == [now.date()]


def test_a_job_of_a_dead_worker_is_put_back(alone: World) -> None:
    line = alone.line(units=10)
    line.quantity(12)
    jobs.wake_lanes([line.lane_id])
    with transaction.atomic():
        (job,) = nudges(line)
        took_it_and_died(job.id)
    assert nudges(line) == []
    assert worker_seen_at() is not None
    jobs.rescue.defer(timestamp=0)
    run_worker()

    assert line.badge == "synced"


def took_it_and_died(job_id: int) -> None:
    """What the job engine's tables show of a worker that took a job and was killed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) "
            "VALUES (now() - interval '1 hour') RETURNING id"
        )
        (worker,) = cursor.fetchone()
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s",
            [worker, job_id],
        )


def test_a_process_without_an_engine_says_so() -> None:
    before = jobs._engine
    jobs._engine = None
    try:
        with pytest.raises(RuntimeError, match="without an engine"):
            jobs.engine()
    finally:
        jobs._engine = before
