"""Which lanes have something due that nobody is working on."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from harness import Killed, Line, World, dies_at, world_on
from tallystick.ledger.models import Lane
from tallystick.sync.due import due_lanes, open_runs_without_work
from tallystick.sync.engine import Milestone
from tallystick.sync.turn import drive


def is_due(line: Line, *, after: float = 0.0) -> bool:
    now = line.world.clock.now() + timedelta(seconds=after)
    found = due_lanes(now=now, connection_id=line.world.connection_id)
    return line.lane_id in found


@contextmanager
def alive(holder: int) -> Iterator[None]:
    """A process that lives holds the advisory lock of its number."""
    parameters = connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    with psycopg.connect(**parameters, autocommit=True) as session:
        session.execute("SELECT pg_advisory_lock(%s)", [holder])
        yield


def test_a_settled_lane_is_not_due(world: World) -> None:
    assert not is_due(world.line())


def test_a_recorded_change_is_due(world: World) -> None:
    line = world.line()
    line.quantity(12)
    assert is_due(line)
    assert due_lanes(now=world.clock.now(), limit=0) == []


def test_the_oldest_comes_first(world: World) -> None:
    newer, older = world.line(), world.line()
    older.quantity(12)
    world.tenancy.later(seconds=1)
    newer.quantity(12)
    found = due_lanes(now=world.clock.now(), connection_id=world.connection_id)
    assert list(found) == [older.lane_id, newer.lane_id]


def test_a_stopped_lane_is_not_due_whatever_waits_behind(world: World) -> None:
    line = world.line()
    line.strike("refuse")
    line.quantity(12)
    world.work()
    line.quantity(13)
    assert not is_due(line)
    line.press_sync()
    assert is_due(line)


def test_a_wait_is_due_when_it_is_over(world: World) -> None:
    line = world.line()
    world.simulator.add_fault("lose_before")
    line.quantity(12)
    world.work()
    assert not is_due(line, after=4)
    assert is_due(line, after=5)


def test_a_quiet_time_is_due_when_it_is_over_or_sync_was_pressed(
    db: None, simulator: object
) -> None:
    with world_on(simulator, quiet_seconds=60) as world:
        line = world.line(settled=False)
        assert not is_due(line, after=59)
        assert is_due(line, after=60)
        line.press_sync()
        assert is_due(line)


def test_a_paused_connection_is_due_when_the_pause_is_over(world: World) -> None:
    line = world.line()
    line.quantity(12)
    world.pause(seconds=30)
    assert not is_due(line, after=29)
    assert is_due(line, after=30)
    world.pause()
    assert not is_due(line, after=10**6)
    world.resume()
    assert is_due(line)


@pytest.mark.parametrize("lives", [True, False])
def test_a_lane_in_the_hands_of_a_process(world: World, lives: bool) -> None:
    line = world.line()
    line.quantity(12)
    worker = world.another_worker(reached=dies_at(Milestone.INTENT_STORED))
    with suppress(Killed):
        drive(worker, line.lane_id)
    if not lives:
        assert is_due(line)
        return
    with alive(worker.holder):
        assert not is_due(line)
        drive(world.engine, line.lane_id)
        assert line.states()[-1] == "sending", "a living process keeps its lane"
        assert is_due(line, after=worker.waits.lease), "but not for ever"


def test_a_sync_whose_turn_never_came_is_found(world: World) -> None:
    line = world.line()
    line.press_sync()

    def found(seconds: float) -> bool:
        now = world.clock.now() + timedelta(seconds=seconds)
        return line.lane_id in open_runs_without_work(now=now, older_than=timedelta(minutes=2))

    assert not found(119)
    assert found(121)
    Lane.objects.filter(pk=line.lane_id).update(
        holder=1, leased_until=world.clock.now() + timedelta(minutes=5)
    )
    assert not found(121)
    line.lane()
    Lane.objects.filter(pk=line.lane_id).update(holder=None, leased_until=None)
    line.drive()
    assert not found(121)
