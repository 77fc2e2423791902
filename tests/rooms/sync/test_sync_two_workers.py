"""A worker that was paused for longer than its lease: the second one's word counts."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest
from django.db import transaction
from test_sync_due import alive

from checks import check_promises
from harness import Line, World, at
from tallystick.ledger.lease import LeaseLost, hold, take
from tallystick.ledger.models import Evidence
from tallystick.sync.engine import Milestone
from tallystick.sync.turn import drive

# Waking up between the intent and the call is a matter of the deadline: tested by itself.
STEPS = [step for step in Milestone if step not in {Milestone.SETTLED, Milestone.INTENT_STORED}]


def the_second_takes_over(world: World, line: Line) -> Callable[[], None]:
    """Time passes while the first worker sleeps; a second one does all there is to do."""

    def sleeps() -> None:
        second = world.another_worker()
        drive(second, line.lane_id)
        assert line.lane().holder != second.holder, "the first one lives and its lease runs"
        world.clock.advance(second.waits.lease + 1)
        drive(second, line.lane_id)
        for _ in range(10):
            world.clock.advance(60)
            drive(second, line.lane_id)

    return sleeps


@pytest.mark.parametrize("step", STEPS)
def test_the_first_continues_after_the_second_took_over(world: World, step: Milestone) -> None:
    line = world.line(units=10)
    line.quantity(12)
    first = world.another_worker()
    first.reached = at(step, the_second_takes_over(world, line))
    with alive(first.holder):
        drive(first, line.lane_id)

    assert line.badge == "synced"
    assert line.lane().holder is None
    assert line.changes() == [2]
    check_promises(line)


def test_the_first_wakes_up_before_its_call_and_it_is_too_late_to_send(world: World) -> None:
    """The deadline is on the machine's own scale: what slept through it is not sent."""
    line = world.line(units=10)
    line.quantity(12)
    first = world.another_worker(waits=world.engine.waits.__class__(send=0.0))
    first.reached = at(Milestone.INTENT_STORED, the_second_takes_over(world, line))
    with alive(first.holder):
        drive(first, line.lane_id)

    assert line.changes() == [2], "once, by the second"
    check_promises(line)


def test_the_answer_of_a_worker_that_lost_its_lane_is_not_written(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    first = world.another_worker()
    first.reached = at(Milestone.ANSWERED, the_second_takes_over(world, line))
    with alive(first.holder):
        drive(first, line.lane_id)

    (attempt,) = line.attempts()
    kinds = Evidence.objects.filter(attempt=attempt).order_by("id").values_list("kind", flat=True)
    assert "answer" not in kinds
    assert list(kinds) == ["reading", "conclusion"]


def test_a_stale_token_can_write_nothing(world: World) -> None:
    line = world.line(units=10)
    now = world.clock.now()
    with transaction.atomic():
        old = take(line.lane_id, holder=1, now=now, seconds=0)
        new = take(line.lane_id, holder=2, now=now, seconds=60)
        assert old is not None
        assert new is not None
        with pytest.raises(LeaseLost):
            hold(old)
        assert hold(new).pk == line.lane_id


@pytest.mark.parametrize("step", [Milestone.OBSERVED, Milestone.ANSWERED])
def test_a_fault_of_the_first_after_it_lost_its_lane_stops_nothing(
    world: World, step: Milestone
) -> None:
    line = world.line(units=10)
    line.quantity(12, date(2026, 5, 11))
    take_over = the_second_takes_over(world, line)

    def falls() -> None:
        take_over()
        raise RuntimeError("woke up confused")

    first = world.another_worker(reached=at(step, falls))
    with alive(first.holder), suppress(AssertionError):
        drive(first, line.lane_id)

    assert line.badge == "synced"
    check_promises(line)


def test_a_person_decides_while_it_is_being_looked_at(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    world.engine.reached = at(Milestone.OBSERVED, lambda: line.decide("skip"))
    world.work()

    assert line.states()[-1] == "resolved"
    assert line.effects() == []


def test_a_person_decides_while_nothing_needs_to_be_sent(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    line.quantity(10)
    world.engine.reached = at(Milestone.OBSERVED, lambda: line.decide("skip"))
    world.work()

    assert line.states()[1:] == ["resolved", "synced"]
