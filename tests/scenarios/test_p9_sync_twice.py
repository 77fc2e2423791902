"""P9: pressing Sync twice is harmless."""

from datetime import date, timedelta

import pytest

from checks import check_promises
from harness import World, at, world_on
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.identity.roles import Role
from tallystick.kit.problem import NotFound, Problem
from tallystick.ledger.runs import get_run
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.sync.engine import Milestone


def test_sync_pressed_twice_is_one_run_and_one_effect(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    runs = {line.press_sync().id, line.press_sync().id}
    world.work()
    line.drive()

    (run_id,) = runs
    run = get_run(run_id, tenant_id=world.tenancy.tenant_id)
    assert (run.seen, run.written, run.state) == (1, 1, "finished")
    assert line.changes() == [2]
    pressed = AuditLog.objects.filter(
        subscription_id=line.subscription_id, event=Event.REQUEST_SYNC.value
    )
    assert pressed.count() == 1


def test_sync_pressed_while_it_is_being_sent(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    world.engine.reached = at(Milestone.INTENT_STORED, line.press_sync)
    world.work()
    line.sync()

    assert line.changes() == [2]
    check_promises(line)


def test_sync_pressed_while_it_is_being_checked_sends_nothing(world: World) -> None:
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12)
    world.work()
    for _ in range(5):
        line.sync()
        world.tenancy.later(seconds=7)
    assert line.badge == "checking"

    world.simulator.release()
    world.wait(61)
    assert line.changes() == [2]


def test_sync_with_nothing_to_do_ends_at_once(world: World) -> None:
    line = world.line(units=10)
    first = line.press_sync()
    line.drive()
    second = line.press_sync()

    assert first.seen == 0
    assert second.id != first.id
    assert line.effects() == []


def test_sync_ends_the_quiet_time(simulator: object, db: None) -> None:
    with world_on(simulator, quiet_seconds=600) as world:
        line = world.line(units=10, settled=False)
        world.work()
        assert line.badge == "syncing"
        line.sync()
        assert line.badge == "synced"

        line.quantity(12)
        world.work()
        line.drive()
        assert line.effects() == [], "a quiet time lets a burst become one call"
        line.quantity(15)
        world.wait(600)
        assert line.changes() == [5]


def test_sync_ends_a_wait(world: World) -> None:
    line = world.line(units=10)
    world.simulator.add_fault("lose_before")
    line.quantity(12)
    world.work()
    assert line.head().retry_at == world.clock.now() + timedelta(seconds=5)
    line.sync()

    assert line.changes() == [2]


def test_sync_does_not_end_a_pause(world: World) -> None:
    line = world.line(units=10)
    world.pause()
    line.quantity(12)
    line.sync()
    line.drive()

    assert line.effects() == []
    assert line.badge == "out_of_sync"


def test_the_counts_of_a_run_add_up(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse", skip=1)
    line.quantity(12, date(2026, 5, 11))
    line.quantity(13, date(2026, 5, 12))
    line.quantity(14, date(2026, 5, 13))
    run = line.press_sync()
    world.work()

    done = get_run(run.id, tenant_id=world.tenancy.tenant_id)
    assert (done.seen, done.written, done.failed, done.waiting) == (3, 1, 1, 1)


def test_an_unmapped_subscription_has_nothing_to_sync(world: World) -> None:
    line = world.line(units=10)
    unmap_subscription(
        line.subscription_id,
        world.connection_id,
        context=world.tenancy.context,
        now=world.clock.now(),
        correlation_id="unmap",
    )
    with pytest.raises(NotFound):
        line.press_sync()


def test_who_may_only_look_may_not_sync(world: World) -> None:
    line = world.line(units=10)
    world.tenancy.context = world.tenancy.context.__class__(
        world.tenancy.tenant_id, None, Role.VIEWER, world.tenancy.context.actor
    )
    with pytest.raises(Problem):
        line.press_sync()
