"""Many days of one subscription beside single changes of others: nobody is kept waiting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

from django.db import connections

from checks import check_promises
from harness import Line, World
from tallystick.ledger.models import Delivery
from tallystick.sync.due import due_lanes

MANY, OTHERS = 24, 6


def work_at_once(world: World, lines: list[Line]) -> None:
    """A turn of each, all begun together, as a worker's threads do."""
    ready = Barrier(len(lines))

    def turn(line: Line) -> None:
        try:
            ready.wait(60)
            line.drive()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(lines)) as threads:
        list(threads.map(turn, lines))


def sent(world: World, since: int) -> list[int]:
    """The lines that were changed, in order."""
    return [effect["contract_service_id"] for effect in world.simulator.effects()[since:]]


def test_each_small_one_is_sent_before_the_large_ones_twentieth(world: World) -> None:
    world.engine.calls_per_turn = 8
    large, small = world.line(units=10), [world.line(units=10) for _ in range(OTHERS)]
    for day in range(MANY):
        large.quantity(11 + day, world.tenancy.today() + timedelta(days=day))
    for line in small:
        line.quantity(12)
    before = len(world.simulator.effects())
    world.simulator.set_knobs(latency_ms=20)
    work_at_once(world, [large, *small])
    world.work()
    order = sent(world, before)
    twentieth = [n for n, line_id in enumerate(order) if line_id == large.line_id][19]
    for line in small:
        assert order.index(line.line_id) < twentieth
        assert line.badge == "synced"
    assert large.changes() == [1] * MANY
    check_promises(large)


def test_beside_others_the_large_one_does_not_give_way(world: World) -> None:
    """It is one turn of many: its days go on while the others are at work."""
    world.engine.calls_per_turn = 3
    large, other = world.line(units=10), world.line(units=10)
    for day in range(8):
        large.quantity(11 + day, world.tenancy.today() + timedelta(days=day))
    with world.engine.turnstile(world.connection_id).turn(other.lane_id):
        large.drive()
    # With three or fewer left, when it looks, it is a lane as the others are.
    assert large.changes() == [1] * 6
    assert large.lane().holder is None
    world.work()
    assert large.changes() == [1] * 8
    check_promises(large)


def test_the_longest_is_woken_first_then_the_oldest(world: World) -> None:
    older, newer, large = (world.line(units=10) for _ in range(3))
    today = world.tenancy.today()
    for line, days in ((older, 1), (newer, 2), (large, 3)):
        for day in range(days):
            line.quantity(11 + day, today + timedelta(days=day))
        world.tenancy.later(seconds=1)
    found = due_lanes(now=world.clock.now(), connection_id=world.connection_id)
    assert list(found) == [large.lane_id, older.lane_id, newer.lane_id]


def test_what_waited_for_autotask_is_due_once_it_answers_again(world: World) -> None:
    """Their own pauses are minutes by then; the first that is carried out ends them all."""
    first, second = world.line(units=10), world.line(units=10)
    away = world.simulator.add_fault("html_502", status=503, times=None)
    first.quantity(12)
    second.quantity(15)
    world.wait(300)
    assert {line.head().cause_code for line in (first, second)} == {"unreachable"}
    world.simulator.remove_fault(away)
    Delivery.objects.filter(pk=first.head().pk).update(retry_at=world.clock.now())
    assert second.head().retry_at > world.clock.now()

    asked = calls(world)
    world.work()

    assert (first.badge, second.badge) == ("synced", "synced")
    assert calls(world) - asked == 6, "what is known of the contracts is not asked again"
    check_promises(first)


def calls(world: World) -> int:
    return len(world.simulator.requests())


def test_a_call_that_fails_again_ends_nobodys_pause(world: World) -> None:
    """Reading works and writing does not: nobody is sent to try in vain before his time."""
    first, second = world.line(units=10), world.line(units=10)
    away: dict[str, Any] = {"status": 503, "times": None}
    reading = world.simulator.add_fault("html_502", **away)
    first.quantity(12)
    second.quantity(15)
    world.wait(300)
    world.simulator.remove_fault(reading)
    world.simulator.add_fault("throttle", method="POST", path="ServiceAdjustments", times=None)
    Delivery.objects.filter(pk=first.head().pk).update(retry_at=world.clock.now())
    until = second.head().retry_at

    world.work()

    assert second.head().retry_at == until
    assert second.changes() == []
