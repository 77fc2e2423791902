"""A worker killed with SIGKILL at every step, every commit and every call; another goes on.

Whatever the moment: nothing is lost, nothing arrives twice, and the badge turns green only when
Autotask has been read and is equal.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from nursery import Worker

from azure_world import AZURE_PLAN, Plan
from checks import check_promises
from harness import Line, another_on, eventually
from tallystick.sync.engine import Milestone

KILLED = -9
# The commits of a turn that sends one change, from taking the lane to giving it back. Past the
# last one nobody dies any more, which the last test of the series shows.
COMMITS = range(1, 10)


def recovered(yard: Any, line: Line, *, quantity: int, changes: list[int]) -> None:
    """Another worker brings the line to green, and Autotask has exactly these changes."""
    yard.worker()
    eventually(lambda: line.badge in {"synced", "out_of_sync"}, seconds=90)
    assert (line.badge, line.cause) == ("synced", ""), yard.workers[-1].said
    assert line.units(tomorrow(yard)) == quantity
    assert line.changes() == changes
    check_promises(line)


def tomorrow(yard: Any) -> date:
    """Another day than today, so that each change is a call of its own."""
    return yard.world.tenancy.today() + timedelta(days=1)


def dies(worker: Worker) -> None:
    assert worker.process.wait(20) == KILLED


@pytest.mark.parametrize("milestone", Milestone)
def test_at_every_step(yard: Any, milestone: Milestone) -> None:
    line = yard.line(units=10)
    worker = yard.worker("--die-at", milestone)
    line.quantity(12)
    dies(worker)

    line.quantity(15, tomorrow(yard))
    recovered(yard, line, quantity=15, changes=[2, 3])


@pytest.mark.parametrize("milestone", Milestone)
def test_at_every_step_of_a_line_that_bills_two(yard: Any, milestone: Milestone) -> None:
    line = yard.line(units=10)
    other = another_on(line, quantity=5)
    worker = yard.worker("--die-at", milestone)
    dies(worker)

    line.quantity(12, tomorrow(yard))
    other.quantity(8, tomorrow(yard))
    recovered(yard, other, quantity=20, changes=[5, 5])


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("commit", COMMITS)
def test_at_every_commit(yard: Any, commit: int, when: str) -> None:
    line = yard.line(units=10)
    worker = yard.worker(f"--die-{when}", str(commit))
    line.quantity(12)
    dies(worker)

    line.quantity(15, tomorrow(yard))
    recovered(yard, line, quantity=15, changes=[2, 3])


def test_a_turn_has_no_more_commits_than_those(yard: Any) -> None:
    """Else the series above would leave one out."""
    for _ in range(3):
        line = yard.line(units=10)
        worker = yard.worker("--die-before", str(COMMITS.stop))
        line.quantity(12)
        eventually(lambda: line.badge == "synced" or worker.process.poll() is not None, seconds=90)  # noqa: B023 - asked at once
        if worker.process.poll() is None:
            return
        # A turn of many seconds on a busy machine notes once more that it has read.
    raise AssertionError("no turn came to its end in so many commits")


def own_line(yard: Any) -> Line:
    """The line itself is still to be created: two calls, each proved."""
    return yard.own_line(quantity=4)


def lost_answer(yard: Any) -> Line:
    """Never arrived, and nobody knows: checked through the whole window, then sent once more."""
    line = yard.line(units=10)
    line.strike("lose_before")
    line.quantity(14)
    return line


def refused(yard: Any) -> Line:
    """Stopped by Autotask, mended, and asked again with Sync."""
    line = yard.line(units=10)
    line.strike("refuse")
    line.quantity(14)
    return line


def batch(yard: Any) -> Line:
    """Three operations of one day travel in one call."""
    line = yard.line(units=10)
    for quantity in (11, 13, 14):
        line.quantity(quantity)
    return line


@pytest.mark.parametrize("scene", [own_line, lost_answer, refused, batch])
@pytest.mark.parametrize("milestone", Milestone)
def test_at_every_step_of_other_cases(yard: Any, scene: Any, milestone: Milestone) -> None:
    """The first time and the second: two workers die, a third goes on."""
    line = scene(yard)
    first = yard.worker("--die-at", milestone)
    eventually(lambda: first.process.poll() is not None or line.badge == "out_of_sync", seconds=90)
    second = yard.worker("--die-at", milestone)
    eventually(lambda: second.process.poll() is not None or line.badge != "syncing", seconds=90)
    yard.worker()
    eventually(lambda: line.badge in {"synced", "out_of_sync"}, seconds=90)
    if scene is refused and line.badge == "out_of_sync":
        # Else the refusal died with the worker: seen not to have landed, and sent once more.
        line.press_sync()
        eventually(lambda: line.badge == "synced", seconds=90)
    assert (line.badge, line.cause) == ("synced", "")
    if scene is own_line:
        (line.line_id,) = line.own_lines()
    assert line.changes() == [4]
    check_promises(line)


def new_charge(yard: Any) -> Plan:
    """What a month came to: one charge."""
    plan = Plan(yard.line(**AZURE_PLAN))
    plan.amounts(f"{last_month(yard):%Y-%m}", "131.00", "96.00")
    return plan


def changed_charge(yard: Any) -> Plan:
    """A correction of one that is there."""
    plan = Plan(yard.line(**AZURE_PLAN))
    plan.amounts(f"{last_month(yard):%Y-%m}", "130.00", "95.00")
    plan.line.world.work()
    plan.amounts(f"{last_month(yard):%Y-%m}", "131.00", "96.00")
    return plan


def last_month(yard: Any) -> date:
    """Its last day."""
    return yard.world.tenancy.today().replace(day=1) - timedelta(days=1)


@pytest.mark.parametrize("scene", [new_charge, changed_charge])
@pytest.mark.parametrize("milestone", Milestone)
def test_at_every_step_of_a_charge(yard: Any, scene: Any, milestone: Milestone) -> None:
    """It is found by our reference, whoever died."""
    plan = scene(yard)
    dies(yard.worker("--die-at", milestone))
    yard.worker()
    eventually(lambda: plan.line.badge in {"synced", "out_of_sync"}, seconds=90)
    assert (plan.line.badge, plan.line.cause) == ("synced", "")
    assert plan.charged() == [(last_month(yard).isoformat(), Decimal(131), Decimal(96))]
    check_promises(plan.line)


WRITE = {"method": "POST", "path": "ServiceAdjustments"}
READ = {"path": "ContractServiceUnits"}


@pytest.mark.parametrize(
    ("where", "applied"),
    [
        pytest.param({**WRITE}, False, id="the change, before Autotask has carried it out"),
        pytest.param({**WRITE}, True, id="the change, which Autotask carries out all the same"),
        pytest.param({**READ}, True, id="the reading before the change"),
        pytest.param({**READ, "skip": 1}, True, id="the reading back"),
        pytest.param({"path": "Contracts"}, True, id="the reading of the contract"),
        pytest.param({"path": "zoneInformation"}, True, id="the question for the zone"),
    ],
)
def test_during_every_call(yard: Any, where: dict[str, Any], applied: bool) -> None:
    line = yard.line(units=10)
    worker = yard.worker()
    held = yard.simulator.add_fault("hang", seconds=1.5, applied=applied, **where)
    line.quantity(12)
    eventually(lambda: yard.struck(held), seconds=90)
    worker.process.kill()
    dies(worker)
    yard.simulator.remove_fault(held)

    line.quantity(15, tomorrow(yard))
    recovered(yard, line, quantity=15, changes=[2, 3])
