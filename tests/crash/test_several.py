"""Several workers at once, one that is paused, one that drains, a database that goes away."""

from __future__ import annotations

import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections

from checks import check_promises
from harness import Line, eventually
from tallystick.ledger.models import SyncRun

LEASE = 33  # seconds: the time of a send (3) and the margin (30)


def green(*lines: Line, seconds: float = 60) -> None:
    def settled() -> bool:
        return all(line.badge in {"synced", "out_of_sync"} for line in lines)

    eventually(settled, seconds=seconds)
    assert [(line.badge, line.cause) for line in lines] == [("synced", "")] * len(lines)
    for line in lines:
        check_promises(line)


def test_two_workers_on_one_lane(yard: Any) -> None:
    """Both are woken for every operation; each change arrives once, in order."""
    line = yard.line(units=10)
    yard.worker()
    yard.worker()
    today = yard.world.tenancy.today()
    for day in range(20):
        line.quantity(11 + day, today + timedelta(days=day))
    green(line)
    assert line.changes() == [1] * 20
    assert len(line.attempts()) == 20


def test_workers_killed_again_and_again(yard: Any) -> None:
    """Ten lanes, twelve deaths at random moments: nothing is lost, nothing arrives twice."""
    chance = random.Random(20261)
    today = yard.world.tenancy.today()
    lines = [yard.line(units=10) for _ in range(10)]
    yard.simulator.set_knobs(latency_ms=40)
    expected: dict[int, list[int]] = {line.lane_id: [] for line in lines}
    at = {line.lane_id: 10 for line in lines}
    for death in range(12):
        worker = yard.worker()
        for line in lines:
            change = chance.choice([-2, 1, 3])
            at[line.lane_id] += change
            expected[line.lane_id].append(change)
            line.quantity(at[line.lane_id], today + timedelta(days=death))
        time.sleep(chance.uniform(0.05, 1.2))
        worker.process.kill()
        worker.process.wait(10)
    yard.simulator.set_knobs(latency_ms=0)
    yard.worker()
    yard.worker()
    green(*lines, seconds=90)
    assert {line.lane_id: line.changes() for line in lines} == expected


def test_a_worker_paused_for_longer_than_its_lease(yard: Any) -> None:
    """It wakes up with an answer in its hands, and may not write it: the lane is another's."""
    line = yard.line(units=10)
    sleeper = yard.worker("--stop-at", "answered")
    line.quantity(12)
    eventually(lambda: stopped(sleeper), seconds=90)
    yard.worker()
    line.quantity(15, yard.world.tenancy.today() + timedelta(days=1))
    time.sleep(3)
    assert line.states()[1:] == ["sending", "pending"], "its lease is not over, and it lives"

    green(line, seconds=LEASE + 30)
    before = line.lane().token, line.states(), [a.pk for a in line.attempts()]
    sleeper.process.send_signal(signal.SIGCONT)
    sleeper.wait_for("lane was taken over", seconds=90)

    assert (line.lane().token, line.states(), [a.pk for a in line.attempts()]) == before
    assert line.changes() == [2, 3]
    green(line)


def test_a_worker_paused_before_its_call_does_not_send_when_it_wakes(yard: Any) -> None:
    """The deadline of the call is measured from before the intent."""
    line = yard.line(units=10)
    sleeper = yard.worker("--stop-at", "intent_stored")
    line.quantity(12)
    eventually(lambda: stopped(sleeper), seconds=90)
    time.sleep(4)  # longer than a send may take
    sleeper.process.send_signal(signal.SIGCONT)

    green(line)
    first, second = line.attempts()
    assert second.resend_of_id is None or second.resend_of_id == first.pk
    assert line.changes() == [2]


def stopped(worker: Any) -> bool:
    """Whether the kernel shows the process as stopped."""
    stat = Path(f"/proc/{worker.process.pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "T"


def test_sync_pressed_fifty_times_at_once(yard: Any) -> None:
    line = yard.line(units=10)
    yard.simulator.edit_contract(line.contract_id, status=0)
    line.quantity(12)
    line.quantity(15, yard.world.tenancy.today() + timedelta(days=1))
    yard.worker()
    yard.worker()
    eventually(lambda: line.badge == "out_of_sync", seconds=90)
    yard.simulator.edit_contract(line.contract_id, status=1)

    def press(_: int) -> int:
        try:
            return int(line.press_sync().id)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        runs = set(pool.map(press, range(50)))

    green(line)
    assert line.changes() == [2, 3]
    eventually(lambda: not SyncRun.objects.filter(lane_id=line.lane_id, finished_at=None).exists())
    seen = sorted(SyncRun.objects.filter(pk__in=runs).values_list("seen", flat=True))
    assert seen[-1] == 2 and sum(seen) == 2, "one run did it, later ones only looked"


def test_the_database_drops_every_connection_again_and_again(yard: Any) -> None:
    """As a restart of the server does, in the middle of everything."""
    yard.simulator.set_knobs(latency_ms=50)
    today = yard.world.tenancy.today()
    lines = [yard.line(units=10) for _ in range(4)]
    worker = yard.worker()
    for day in range(6):
        for line in lines:
            line.quantity(11 + day, today + timedelta(days=day))
        time.sleep(0.4)
        drop_connections()
    green(*lines, seconds=90)
    assert [line.changes() for line in lines] == [[1] * 6] * 4
    assert worker.process.poll() is None, "the worker lives through it"


def drop_connections() -> None:
    """Every connection to this database but our own."""
    own = connections["default"]
    own.ensure_connection()
    parameters = own.get_connection_params()
    for name in ("cursor_factory", "context", "options"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters, autocommit=True) as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), %s)",
            [own.connection.info.backend_pid],
        )


def test_a_worker_asked_to_stop_finishes_its_turn(yard: Any) -> None:
    line = yard.line(units=10)
    yard.simulator.set_knobs(latency_ms=300)
    worker = yard.worker()
    line.quantity(12)
    eventually(lambda: bool(line.attempts()), seconds=90)
    worker.process.terminate()

    assert worker.process.wait(40) == 0
    assert line.states()[-1] == "synced"
    assert line.lane().holder is None
    green(line)
