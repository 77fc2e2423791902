"""Faults that are no answer of Autotask's: a gone line, a full disk, dying workers, clocks, months.

Which test holds which fault: ``fault_table.py``.
"""

from contextlib import suppress
from datetime import date, datetime, timedelta

import pytest
from django.db import OperationalError
from structlog.testing import capture_logs

from checks import check_promises
from full_disk import no_room_for
from harness import Killed, Line, World, at
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import Conflicting
from tallystick.kit.storage import storage_is_full
from tallystick.ledger.models import Operation
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.sync.engine import Milestone
from tallystick.sync.turn import drive


def killed() -> None:
    raise Killed


def dies(world: World, line: Line, step: Milestone) -> None:
    """A worker process takes the lane and ends without a word."""
    with suppress(Killed):
        drive(world.another_worker(reached=at(step, killed)), line.lane_id)


# 22: Autotask would silently make a line that is not there.


def test_a_line_that_was_taken_off_the_contract_is_not_made_again(world: World) -> None:
    line = world.line(units=10)
    with world.simulator.lock:
        there = world.simulator.world
        del there.lines[line.line_id]
        there.table("ContractServices").remove(line.line_id)
    world.clock.advance(25 * 3600)  # what was known of the line is a day old
    line.quantity(12)
    world.work()

    assert line.badge == "out_of_sync"
    assert f"Not sent: the contract no longer has the line {line.line_id}" in line.cause
    assert line.own_lines() == []
    assert line.attempts() == []


# 46: the disk of the database is full.


def test_without_room_for_the_intent_nothing_is_sent_and_it_resumes_by_itself(
    world: World,
) -> None:
    line = world.line(units=10)
    line.quantity(12)
    with no_room_for("ledger_attempt", "lane_id", line.lane_id), capture_logs() as said:
        for _ in range(5):
            line.drive()
            world.clock.advance(90)
    assert {one["event"] for one in said} == {"storage of the database is full: nothing is sent"}
    assert line.effects() == []
    assert line.states()[1:] == ["pending"]

    world.work()
    assert line.badge == "synced"
    assert line.changes() == [2]
    check_promises(line)


def test_what_there_is_no_room_for_was_not_recorded(world: World) -> None:
    line = world.line(units=10)
    with (
        no_room_for("ledger_operation", "subscription_id", line.subscription_id),
        pytest.raises(OperationalError) as refused,
    ):
        line.quantity(12)
    assert storage_is_full(refused.value)
    assert Operation.objects.filter(subscription_id=line.subscription_id).count() == 2
    line.quantity(12)
    world.work()
    assert line.changes() == [2]


# 49: whatever makes worker processes die must not take them all along.


@pytest.mark.parametrize("step", [Milestone.TAKEN, Milestone.OBSERVED])
def test_a_lane_in_which_workers_die_is_put_aside(world: World, step: Milestone) -> None:
    line, other = world.line(units=10), world.line(units=10)
    line.quantity(12)
    for _ in range(3):
        dies(world, line, step)
    world.work()
    assert line.states()[1:] == ["pending"]
    assert "3 worker processes in a row ended" in line.cause
    assert "left alone until" in line.cause
    assert line.effects() == []

    other.quantity(12)
    world.work()
    assert other.badge == "synced", "the others go on"

    world.clock.advance(901)
    dies(world, line, step)
    world.work()
    assert line.badge == "out_of_sync", "a fourth death in a row is red"
    assert "4 worker processes" in line.cause

    world.wait(901)
    assert line.badge == "synced", "a turn that ends well ends it"
    assert line.lane().turns_lost == 0
    assert line.changes() == [2]
    check_promises(line)


@pytest.mark.parametrize("landed", [True, False])
def test_what_was_being_sent_when_they_died_is_looked_at_later(world: World, landed: bool) -> None:
    line = world.line(units=10)
    line.quantity(12)
    dies(world, line, Milestone.ANSWERED if landed else Milestone.INTENT_STORED)
    for _ in range(2):
        dies(world, line, Milestone.TAKEN)
    world.work()
    assert line.badge == "checking"
    assert "3 worker processes in a row ended" in line.cause
    assert len(line.attempts()) == 1

    world.wait(1500)
    assert line.badge == "synced"
    assert line.changes() == [2]
    check_promises(line)


def test_a_lane_with_nothing_to_do_rests(world: World) -> None:
    line = world.line(units=10)
    for _ in range(4):
        dies(world, line, Milestone.TAKEN)
    line.drive()
    assert line.badge == "synced"


def test_what_has_stopped_stays_stopped(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse")
    line.quantity(12)
    world.work()
    cause = line.cause
    for _ in range(3):
        dies(world, line, Milestone.TAKEN)
    line.drive()
    assert line.states()[1:] == ["failed"]
    assert line.cause == cause
    line.sync()
    assert line.badge == "synced"


def test_sync_tries_at_once(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    for _ in range(3):
        dies(world, line, Milestone.OBSERVED)
    world.work()
    assert line.states()[1:] == ["pending"]
    line.sync()
    assert line.badge == "synced"


def test_a_worker_that_died_now_and_then_is_nothing(world: World) -> None:
    line = world.line(units=10)
    for day in range(5):
        line.quantity(11 + day, world.tenancy.today() + timedelta(days=day))
        dies(world, line, Milestone.OBSERVED)
        dies(world, line, Milestone.OBSERVED)
        world.work()
        assert line.badge == "synced"


# 53: clocks that jump. Order is the ledger's, so only waits move.


@pytest.mark.parametrize(
    "jump",
    [
        timedelta(hours=1),
        timedelta(hours=-1),
        timedelta(days=1),
        timedelta(days=-1),
        timedelta(days=9 * 365),
    ],
    ids=["an hour on", "an hour back", "a day on", "a day back", "to 2035"],
)
@pytest.mark.parametrize("step", [Milestone.INTENT_STORED, Milestone.ANSWERED, Milestone.SETTLED])
def test_a_clock_that_jumps_in_the_middle(world: World, jump: timedelta, step: Milestone) -> None:
    line = world.line(units=10, ends=date(2039, 12, 31))
    today = world.tenancy.today()
    line.quantity(12, today)
    line.quantity(15, today + timedelta(days=1))
    with suppress(Killed):

        def jumps() -> None:
            world.clock.jump(jump)

        drive(world.another_worker(reached=at(step, jumps)), line.lane_id)
    line.quantity(14, today + timedelta(days=2))
    world.wait(1200)
    assert line.badge == "synced", line.cause
    assert line.changes() == [2, 3, -1]
    assert [one.sequence for one in line.deliveries()] == [2, 3, 4, 5]
    check_promises(line)


def test_a_clock_set_back_does_not_settle_what_was_lost_earlier(world: World) -> None:
    """What is on its way may still land: it is not believed lost before the window is over."""
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12)
    world.work()
    world.clock.jump(timedelta(hours=-1))
    world.work()
    assert line.badge == "checking"
    world.simulator.release()
    world.wait(3600 + 600)
    assert line.badge == "synced"
    assert line.changes() == [2]
    check_promises(line)


# 57: an operation waits while its period ends, and is posted.


def test_units_that_waited_over_a_posting_go_for_their_own_day(world: World) -> None:
    line = world.line(units=10)
    world.pause()
    line.quantity(12, date(2026, 5, 20))
    over_the_posting(world, line)
    world.resume()
    world.work()
    assert line.badge == "synced", line.cause
    assert [(one["effective_on"], one["unit_change"]) for one in line.effects()] == [
        ("2026-05-20", 2)
    ]
    check_promises(line)


def test_a_price_that_waited_over_a_posting_goes_to_the_next_period_and_says_so(
    world: World,
) -> None:
    line = world.line(units=10)
    world.pause()
    line.price("16.00", date(2026, 5, 20))
    over_the_posting(world, line)
    world.resume()
    world.work()
    assert line.badge == "synced", line.cause
    [delivery] = line.deliveries()[1:]
    assert delivery.operation.effective_on == date(2026, 5, 20)
    assert delivery.effective_on == date(2026, 6, 1)
    assert "posted" in delivery.moved_because
    assert [one["effective_on"] for one in line.effects()] == ["2026-06-01"]


def over_the_posting(world: World, line: Line) -> None:
    """June has come, and May was approved and posted."""
    days = (datetime(2026, 6, 2, 9, tzinfo=world.clock.now().tzinfo) - world.clock.now()).days + 1
    world.clock.advance(days * 24 * 3600)
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))


# 19, 26, 37, 38: what stops, and whom it does not stop.


def test_a_contract_that_is_gone_keeps_what_waits(world: World) -> None:
    line = world.line(units=10)
    with world.simulator.lock:
        there = world.simulator.world
        contract = there.table("Contracts").remove(line.contract_id)
    world.clock.advance(25 * 3600)
    line.quantity(12)
    line.quantity(15, world.tenancy.today() + timedelta(days=1))
    world.work()
    assert line.badge == "out_of_sync"
    assert f"contract {line.contract_id}, which Autotask does not show" in line.cause
    assert line.states()[1:] == ["failed", "pending"]

    with world.simulator.lock:
        there.table("Contracts").put(line.contract_id, contract)
    line.sync()
    assert line.badge == "synced", line.cause
    assert line.changes() == [2, 3]
    check_promises(line)


def test_a_line_lowered_by_hand_is_a_conflict_before_anything_is_sent(world: World) -> None:
    """8 fewer of the 2 that are left would be -6."""
    line = world.line(units=10)
    line.hand_edit(2)
    line.quantity(2, world.tenancy.today() + timedelta(days=1))
    line.quantity(1, world.tenancy.today() + timedelta(days=2))
    world.work()
    assert line.badge == "out_of_sync"
    assert line.states()[1:] == ["conflict", "pending"]
    assert line.effects() == []
    assert "2" in line.cause and "10" in line.cause


def test_nothing_is_unmapped_while_something_waits(world: World) -> None:
    line = world.line(units=10)
    world.pause()
    line.quantity(12)
    with pytest.raises(Conflicting):
        unmap_subscription(
            line.subscription_id,
            world.connection_id,
            context=world.tenancy.context,
            now=world.clock.now(),
            correlation_id=correlation_id(),
        )
    world.resume()
    world.work()
    assert line.changes() == [2]


def test_one_with_many_days_does_not_keep_the_others_waiting(world: World) -> None:
    """A turn gives way after 25 calls: the others' changes go out long before its last one."""
    long, others = world.line(units=10), [world.line(units=10) for _ in range(5)]
    today = world.tenancy.today()
    for day in range(60):
        long.quantity(11 + day, today + timedelta(days=day))
    for line in others:
        line.quantity(12)
    before = len(world.simulator.effects())
    world.work()
    order = [effect["contract_service_id"] for effect in world.simulator.effects()[before:]]
    for line in others:
        assert line.badge == "synced"
        assert order.index(line.line_id) < 35
    assert long.badge == "synced"
    assert long.changes() == [1] * 60
