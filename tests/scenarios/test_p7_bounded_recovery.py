"""P7: after a kill, a machine or a database restart, work resumes without a person."""

import os
from contextlib import suppress
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from checks import check_promises
from harness import Killed, World, at, dies_at
from tallystick.audit.record import SYSTEM
from tallystick.connections.pause import hold_all
from tallystick.sync.due import due_lanes
from tallystick.sync.engine import Milestone
from tallystick.sync.turn import drive


@pytest.mark.parametrize("milestone", list(Milestone))
def test_a_lane_of_a_dead_process_is_taken_up_at_once(world: World, milestone: Milestone) -> None:
    line = world.line(units=10)
    line.quantity(12)
    with suppress(Killed):
        drive(world.another_worker(reached=dies_at(milestone)), line.lane_id)

    # Nobody waits for the lease of a dead process to run out.
    if milestone is not Milestone.SETTLED:
        assert line.lane().leased_until > world.clock.now()
        assert line.lane_id in due_lanes(now=world.clock.now(), connection_id=world.connection_id)
    world.work()
    if milestone is Milestone.INTENT_STORED:
        world.wait(500)  # nobody knows whether it was sent: looked at, until it is proved

    assert line.badge == "synced"
    assert line.changes() == [2]
    check_promises(line)


@pytest.mark.parametrize(
    "milestone", [Milestone.OBSERVED, Milestone.INTENT_STORED, Milestone.ANSWERED]
)
def test_the_database_goes_away_in_the_middle_of_a_turn(world: World, milestone: Milestone) -> None:
    line = world.line(units=10)
    line.quantity(12)
    engine = world.another_worker(reached=at(milestone, the_database_restarts))
    drive(engine, line.lane_id)
    connection.close()

    world.work()
    world.wait(600)

    assert line.badge == "synced"
    assert line.changes() == [2]
    check_promises(line)


def test_a_database_that_is_back_at_once_gives_the_lane_back(world: World) -> None:
    def hiccup() -> None:
        the_database_restarts()
        with suppress(Exception):
            connection.cursor().execute("SELECT 1")

    line = world.line(units=10)
    line.quantity(12)
    drive(world.another_worker(reached=at(Milestone.OBSERVED, hiccup)), line.lane_id)
    connection.close()
    world.work()
    assert line.changes() == [2]


def test_a_restored_database_looks_before_it_sends(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    world.work()
    line.quantity(15)
    hold_all(
        because="Restored from a backup.",
        actor=SYSTEM,
        now=world.clock.now(),
        correlation_id="restore",
    )
    world.wait(600)
    assert line.changes() == [2]
    assert line.cause == "Restored from a backup."

    # What was done after the backup was made is seen, not sent again.
    line.hand_edit(15)
    world.sweep()
    world.resume()
    world.work()

    assert line.badge == "synced"
    assert line.changes() == [2]


def test_a_run_of_sync_that_died_with_its_process_still_ends(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    run = line.press_sync()
    with suppress(Killed):
        drive(world.another_worker(reached=dies_at(Milestone.READ_BACK)), line.lane_id)
    world.tenancy.later(minutes=2)
    world.work()

    assert line.press_sync().id != run.id, "the first run has ended"


def test_a_long_outage_ends_within_a_quarter_of_an_hour_after_it(world: World) -> None:
    line = world.line(units=10)
    away = world.simulator.add_fault("lose_before", times=None)
    line.quantity(12)
    world.wait(4 * 3600)
    assert line.head().retry_at - world.clock.now() <= timedelta(minutes=15)

    world.simulator.remove_fault(away)
    world.wait(900)
    assert line.changes() == [2]


def the_database_restarts() -> None:
    """Every session of this process is cut, as by a restart."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    owner = os.environ["TALLYSTICK_TEST_DATABASE_URL"]
    with psycopg.connect(owner, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
