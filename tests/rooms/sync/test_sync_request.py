"""Sync pressed: asks the lane again, sends nothing itself; pressed often, one run."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from checks import check_promises
from factories import sibling
from harness import Line, World, at
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.kit.problem import NotFound
from tallystick.ledger.models import SyncRun
from tallystick.sync.engine import Milestone
from tallystick.sync.request import request_sync, run_in_context
from tallystick.sync.turn import drive

MANY = 50


def test_pressed_fifty_times_at_once(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12, date(2026, 5, 11))
    line.quantity(15, date(2026, 5, 12))
    ready = Barrier(MANY)

    def press(_: int) -> int:
        try:
            ready.wait(20)
            run = line.press_sync()
            drive(world.engine, line.lane_id)
            return run.id
        finally:
            connections.close_all()

    with ThreadPoolExecutor(MANY) as threads:
        runs = set(threads.map(press, range(MANY)))
    world.work()

    assert line.changes() == [2, 3]
    assert line.badge == "synced"
    check_promises(line)
    # Whoever pressed after everything had arrived started a run that saw nothing.
    seen = sorted(SyncRun.objects.filter(pk__in=runs).values_list("seen", flat=True))
    assert seen[-1] == 2
    assert sum(seen) == 2
    assert not SyncRun.objects.filter(lane_id=line.lane_id, finished_at__isnull=True).exists()


def test_pressed_fifty_times_before_a_worker_comes_is_one_run(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    ready = Barrier(MANY)

    def press(_: int) -> int:
        try:
            ready.wait(20)
            return line.press_sync().id
        finally:
            connections.close_all()

    with ThreadPoolExecutor(MANY) as threads:
        runs = set(threads.map(press, range(MANY)))

    assert len(runs) == 1
    pressed = AuditLog.objects.filter(
        subscription_id=line.subscription_id, event=Event.REQUEST_SYNC.value
    )
    assert pressed.count() == 1
    assert pressed.get().summary == "1 operation waiting"


def test_nothing_is_sent_by_pressing(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    run = line.press_sync()

    assert line.effects() == []
    assert (run.state, run.seen, len(run.operations)) == ("running", 1, 1)


def test_a_stopped_head_is_asked_again_and_keeps_what_stopped_it(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse")
    line.quantity(12)
    world.work()
    line.press_sync()

    assert (line.head().state, line.head().cause_code) == ("pending", "refused")


def test_a_wait_is_over(world: World) -> None:
    line = world.line(units=10)
    world.simulator.add_fault("lose_before")
    line.quantity(12)
    world.work()
    assert line.head().retry_at is not None
    line.press_sync()
    assert line.head().retry_at is None


def test_what_is_being_checked_keeps_its_time(world: World) -> None:
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12)
    world.work()
    before = line.head().retry_at
    line.press_sync()
    assert line.head().retry_at == before
    world.simulator.release()


def test_a_quiet_change_recorded_after_sync_was_pressed_is_not_hurried(world: World) -> None:
    world.connection().__class__.objects.filter(pk=world.connection_id).update(quiet_seconds=60)
    line = world.line(units=10, settled=False)
    line.press_sync()
    world.clock.advance(1)
    line.drive()
    line.quantity(12)
    line.drive()
    assert line.effects() == []
    world.clock.advance(timedelta(seconds=60).total_seconds())
    world.work()
    assert line.changes() == [2]


def looked(line: Line) -> SyncRun:
    """Sync pressed with nothing waiting, and a worker that was nudged."""
    run = line.press_sync()
    line.drive()
    row = SyncRun.objects.get(pk=run.id)
    assert (row.seen, row.finished_at is None) == (0, False)
    assert line.lane().sync_asked_at is None
    return row


def test_pressed_when_nothing_waits_it_looks(world: World) -> None:
    line = world.line(units=10)
    proved = line.lane().proved_at
    world.clock.advance(3600)

    assert looked(line).found == "Read from Autotask just now, and equal. Nothing was to be sent."
    assert proved is not None and line.lane().proved_at > proved
    assert line.effects() == []


def test_a_hand_edit_is_seen_when_sync_is_pressed_and_its_repair_too(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(9)
    assert looked(line).found.startswith("Autotask shows 9 units, expected 10")
    assert line.badge == "out_of_sync"

    line.hand_edit(10)
    assert "and equal" in looked(line).found
    assert line.badge == "synced"
    assert line.attempts() == [], "nothing was sent by looking"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "html_502"}, "could not be read"),
        ({"kind": "throttle"}, "asks to wait"),
        ({"kind": "forbidden", "status": 401, "times": 2}, "refused"),
    ],
)
def test_a_look_that_fails_concludes_nothing(
    world: World, fault: dict[str, Any], words: str
) -> None:
    line = world.line(units=10)
    proved = line.lane().proved_at
    world.clock.advance(3600)
    world.simulator.add_fault(path="ContractServiceUnits", **fault)

    assert words in looked(line).found
    assert line.lane().proved_at == proved
    assert line.badge == "synced"


def test_a_paused_connection_is_not_looked_at(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(9)
    world.pause()
    asked = len(world.simulator.requests())
    assert "paused: Autotask was not read" in looked(line).found
    assert len(world.simulator.requests()) == asked


def test_a_line_nobody_has_proved_is_not_compared(world: World) -> None:
    line = world.line(units=10, settled=False)
    world.simulator.edit_contract(line.contract_id, status=0)
    world.work()
    line.decide("skip")
    assert "no line has been proved yet" in looked(line).found


def test_what_is_recorded_during_a_look_is_sent_after_it(world: World) -> None:
    line = world.line(units=10)
    line.press_sync()
    world.engine.reached = at(Milestone.TAKEN, lambda: line.quantity(12))
    line.drive()

    assert line.changes() == [2]
    assert line.badge == "synced"
    assert not SyncRun.objects.filter(lane_id=line.lane_id, finished_at=None).exists()


def test_nobody_syncs_what_they_do_not_see(world: World) -> None:
    line = world.line(units=10)
    stranger = sibling(world.tenancy)
    with pytest.raises(NotFound):
        request_sync(
            world.connection_id,
            line.subscription_id,
            context=stranger.context,
            now=world.clock.now(),
            wake=lambda _: None,
            correlation_id="x",
        )


def test_a_run_is_read_in_its_context_only(world: World) -> None:
    line = world.line(units=10)
    run = line.press_sync()
    assert run_in_context(world.tenancy.context, run.id).id == run.id
    with pytest.raises(NotFound):
        run_in_context(sibling(world.tenancy).context, run.id)
    with pytest.raises(NotFound):
        run_in_context(world.tenancy.context, 10**9)
