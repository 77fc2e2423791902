"""Real worker processes on the test's database, against the session's simulator, in real time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from nursery import MAIN, Nursery, Worker

from harness import Line, World, eventually, world_on
from processes import Process
from tallystick.kit.clock import DatabaseClock
from tallystick.simulator.running import Simulator
from tallystick.sync.jobs import wake_lanes

# Small, so that a test can wait for them; their proportions are those of an installation.
WAITS = {"SETTLE": "2", "RECHECK": "1", "SEND": "3", "PUT_ASIDE": "3"}


def environment_of_workers(origin: str) -> dict[str, str]:
    """On the test's database, and the simulator of this origin."""
    return {
        **os.environ,
        **{f"TALLYSTICK_{name}_SECONDS": value for name, value in WAITS.items()},
        "DATABASE_URL": os.environ["TALLYSTICK_TEST_DATABASE_URL"],
        "TALLYSTICK_DATABASE_AS": "worker",
        "DJANGO_SETTINGS_MODULE": "tallystick.settings",
        "TALLYSTICK_AUTOTASK_ORIGINS": origin,
        "TALLYSTICK_AUTOTASK_DISCOVERY_URL": origin,
        "TALLYSTICK_WORKER_TURNS": "6",
    }


@dataclass
class Yard:
    """A tenant in real time, whose lanes are woken through the job engine."""

    world: World
    nursery: Nursery
    workers: list[Worker | Process] = field(default_factory=list)
    # Given to the workers besides; they then are begun afresh, for the nursery has read its own.
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def simulator(self) -> Simulator:
        return self.world.simulator

    def line(self, *, units: int = 10, **more: Any) -> Line:
        """A green subscription, on a contract that runs for a year around today."""
        today = self.world.tenancy.today()
        return self.world.line(
            units=units,
            starts=today - timedelta(days=100),
            ends=today + timedelta(days=265),
            **more,
        )

    def own_line(self, *, quantity: int) -> Line:
        today = self.world.tenancy.today()
        return self.world.own_line(
            quantity=quantity, starts=today - timedelta(days=100), ends=today + timedelta(days=265)
        )

    def worker(self, *how: str) -> Worker | Process:
        """A worker, ready to work."""
        worker: Worker | Process
        if self.environment:
            environment = {**environment_of_workers(self.simulator.origin), **self.environment}
            worker = Process(str(MAIN), *how, environment=environment)
        else:
            worker = self.nursery.worker(how)
        self.workers.append(worker)
        worker.wait_for("READY", seconds=60)
        return worker

    def struck(self, fault_id: int) -> bool:
        """Whether a request has met the fault."""
        return any(one["id"] == fault_id and one["hits"] for one in self.simulator.faults())

    def stop(self) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.process.kill()
            worker.process.wait(10)
        # What a killed worker asked is answered to nobody, and has a thread until then.
        eventually(lambda: self.simulator.inside() == 0, seconds=90)


@pytest.fixture(scope="session")
def nursery(
    django_db_setup: None, stand_in: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Nursery]:
    environment = environment_of_workers(stand_in.origin)
    made = Nursery(tmp_path_factory.mktemp("workers"), environment=environment)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def yard(db: None, simulator: Simulator, nursery: Nursery) -> Iterator[Yard]:
    with world_on(simulator, clock=DatabaseClock(), wake=wake_lanes) as world:
        made = Yard(world, nursery)
        try:
            yield made
        finally:
            made.stop()
