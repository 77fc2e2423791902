"""Every fault of the simulator, striking the write and each read of a turn.

Never twice, never lost; green after the fault is gone and, where a person is needed, Sync pressed.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any

import pytest

from checks import check_promises
from harness import Line, World, at, world_on
from tallystick.mappings.models import SubscriptionMapping
from tallystick.simulator.faults import KINDS
from tallystick.simulator.running import running_simulator
from tallystick.sync.engine import Milestone, Waits
from tallystick.sync.turn import drive

# Seconds and sizes that are enough for a fault to be one, and no longer.
SMALL: dict[str, dict[str, Any]] = {
    "hang": {"seconds": 0.4},
    "slow": {"seconds": 0.2},
    "huge_body": {"megabytes": 20},
    "gzip_bomb": {"megabytes": 60},
}
KINDS_BUT_ZONE_MOVE = sorted(set(KINDS) - {"zone_move"})
READS = {
    "the line": "ContractServices/query",
    "the contract": "Contracts/query",
    "the units before": "ContractServiceUnits/query",
    "the units after": "ContractServiceUnits/query",
}


def it_struck(world: World) -> bool:
    return all(fault["hits"] for fault in world.simulator.faults())


def mended(world: World, line: Line) -> None:
    """The fault is gone; a person resumes the connection and presses Sync where it is red."""
    world.simulator.release()
    world.simulator.clear_faults()
    world.wait(500)
    world.resume()
    world.wait(60)
    if line.badge == "out_of_sync":
        line.sync()
        world.wait(130)
    assert line.badge == "synced", (line.states(), line.cause)
    assert line.changes() == [2]
    assert line.units() == 12
    check_promises(line)


@pytest.mark.parametrize("applied", [True, False, None], ids=["landed", "not landed", "as it is"])
@pytest.mark.parametrize("kind", KINDS_BUT_ZONE_MOVE)
def test_on_the_write(world: World, kind: str, applied: bool | None) -> None:
    line = world.line(units=10)
    line.strike(kind, applied=applied, **SMALL.get(kind, {}))
    line.quantity(12)
    world.work()
    assert it_struck(world)
    check_promises(line)
    mended(world, line)


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("kind", KINDS_BUT_ZONE_MOVE)
def test_on_a_read(world: World, kind: str, read: str) -> None:
    line = world.line(units=10)
    look_at_the_contract_again(line)
    line.quantity(12)
    world.simulator.add_fault(
        kind,
        path=READS[read],
        skip=1 if read == "the units after" else 0,
        times=3,
        **SMALL.get(kind, {}),
    )
    world.work()
    assert it_struck(world)
    assert line.changes() in ([], [2])
    check_promises(line)
    mended(world, line)


@pytest.mark.parametrize("kind", KINDS_BUT_ZONE_MOVE)
def test_on_the_write_and_the_read_back(world: World, kind: str) -> None:
    line = world.line(units=10)
    line.strike("lose_answer")
    world.simulator.add_fault(
        kind, path="ContractServiceUnits/query", skip=1, times=2, **SMALL.get(kind, {})
    )
    line.quantity(12)
    world.work()
    assert it_struck(world)
    assert line.changes() == [2]
    mended(world, line)


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("rows", ["before", "after"])
def test_a_row_that_is_missing_from_a_page(world: World, rows: str, silent: bool) -> None:
    line = world.line(units=10)
    world.simulator.add_fault(
        "drop_row",
        path="ContractServiceUnits/query",
        silent=silent,
        skip=0 if rows == "before" else 1,
    )
    line.quantity(12)
    world.work()
    assert it_struck(world)
    mended(world, line)


@pytest.mark.parametrize("own", ["find", "create"])
@pytest.mark.parametrize("kind", KINDS_BUT_ZONE_MOVE)
def test_on_the_making_of_a_line_of_its_own(world: World, kind: str, own: str) -> None:
    line = world.own_line(quantity=10)
    path = "ContractServices/query" if own == "find" else "/Services$"
    world.simulator.add_fault(kind, method="POST", path=path, **SMALL.get(kind, {}))
    world.work()
    assert it_struck(world)
    assert len(line.own_lines()) <= 1
    world.simulator.release()
    world.simulator.clear_faults()
    world.wait(500)
    world.resume()
    world.wait(60)
    if line.badge == "out_of_sync":
        line.sync()
        world.wait(130)

    assert line.badge == "synced", (line.states(), line.cause)
    (made,) = line.own_lines()
    assert world.simulator.units_on(made, date(2026, 5, 20)) == 10
    assert len(world.simulator.effects(made)) == 1


@pytest.mark.parametrize("path", ["ContractServiceUnits/query", "ServiceAdjustments"])
@pytest.mark.parametrize("times", [1, 2])
def test_the_tenant_moves(db: None, own_simulator: Any, path: str, times: int) -> None:
    with world_on(own_simulator) as world:
        line = world.line(units=10)
        own_simulator.add_fault("zone_move", path=path, times=times)
        line.quantity(12)
        world.work()
        assert own_simulator.knobs()["zone"] == 1 + times
        mended(world, line)


def test_autotask_is_gone_when_it_is_our_turn_to_write(db: None) -> None:
    with ExitStack() as gone:
        simulator = gone.enter_context(running_simulator())
        with world_on(simulator) as world:
            line = world.line(units=10)
            line.quantity(12)
            world.engine.reached = at(Milestone.INTENT_STORED, gone.close)
            world.work()

            assert line.states()[-1] == "pending"
            assert "could not be reached" in line.cause
            assert "Nothing was sent." in line.cause
            assert line.head().retry_at is not None
            check_promises(line)


def test_the_time_for_sending_was_over_before_it_was_our_turn(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    drive(world.another_worker(waits=Waits(send=0.0)), line.lane_id)
    assert line.states()[-1] == "pending"
    assert line.effects() == []

    mended(world, line)


@pytest.fixture
def own_simulator() -> Iterator[Any]:
    with running_simulator() as simulator:
        yield simulator


def look_at_the_contract_again(line: Line) -> None:
    """As after a day: what is known of the contract is read anew."""
    SubscriptionMapping.objects.filter(subscription_id=line.subscription_id).update(checked_at=None)
