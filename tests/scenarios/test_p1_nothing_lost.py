"""P1: accepted means in the ledger for ever; it ends settled, or stays visibly unsettled."""

from datetime import date, timedelta

import pytest

from checks import check_promises
from factories import TODAY
from harness import CONTRACT_END, World
from tallystick.ledger.models import Delivery, Operation
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.sync import load


def test_a_change_made_while_autotask_is_away_arrives_when_it_is_back(world: World) -> None:
    line = world.line(units=10)
    away = world.simulator.add_fault("lose_before", times=None)
    line.quantity(12)
    world.wait(3600)
    assert line.states() == ["synced", "pending"]
    assert line.badge == "out_of_sync"
    assert line.effects() == []

    world.simulator.remove_fault(away)
    world.wait(900)

    assert line.badge == "synced"
    assert line.changes() == [2]
    check_promises(line)


def test_what_waits_for_a_paused_connection_stays_visible(world: World) -> None:
    line = world.line(units=10)
    world.pause(because="The API user's password is being changed.")
    line.quantity(12, date(2026, 5, 11))
    line.quantity(13, date(2026, 5, 12))
    world.wait(7200)

    badge = line.row().badge
    assert (badge.kind.value, badge.pending) == ("out_of_sync", 2)
    assert badge.cause == "The API user's password is being changed."

    world.resume()
    world.work()
    assert line.badge == "synced"
    assert line.changes() == [2, 1]


def test_a_change_outside_the_contract_stays_and_arrives_after_the_contract_was_extended(
    world: World,
) -> None:
    line = world.line(units=10)
    line.quantity(12, date(2027, 1, 10))
    world.work()
    assert line.states() == ["synced", "failed"]
    assert "after the contract's end" in line.cause

    world.simulator.edit_contract(line.contract_id, end_date=date(2027, 12, 31))
    line.sync()

    assert line.badge == "synced"
    assert line.units(date(2027, 1, 10)) == 12
    assert line.units(CONTRACT_END) == 10


def test_an_unmapped_subscription_records_and_mapping_starts_from_todays_state(
    world: World,
) -> None:
    line = world.line(units=10)
    unmap_subscription(
        line.subscription_id,
        world.connection_id,
        context=world.tenancy.context,
        now=world.clock.now(),
        correlation_id="unmap",
    )
    line.quantity(12)
    line.quantity(14)
    world.work()
    assert line.badge == "not_mapped"
    assert Operation.objects.filter(subscription_id=line.subscription_id).count() == 4
    assert Delivery.objects.filter(lane_id=line.lane_id).count() == 1
    assert line.effects() == []

    world.tenancy.map(
        line.subscription_id,
        world.connection_id,
        contract_id=line.contract_id,
        line_id=line.line_id,
        service_id=line.service_id,
        company_id=line.company_id,
        effective_on=TODAY,
    )
    world.work()

    assert line.badge == "synced"
    assert line.changes() == [4]
    assert line.units() == 14


def test_more_changes_than_a_turn_looks_ahead_all_arrive(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "HORIZON", 5)
    world.simulator.set_knobs(same_day="add")
    line = world.line(units=10)
    for quantity in range(11, 24):
        line.quantity(quantity)

    world.work()

    assert line.badge == "synced"
    assert line.changes() == [5, 5, 3]
    check_promises(line)


def test_a_lane_with_many_days_gives_way_and_is_found_again(world: World) -> None:
    world.engine.calls_per_turn = 3
    line = world.line(units=10)
    for n in range(8):
        line.quantity(11 + n, TODAY + timedelta(days=n))

    line.drive()
    assert line.changes() == [1] * 3, "one turn made room for the other lanes"
    assert line.lane().holder is None
    world.work()

    assert line.badge == "synced"
    assert line.changes() == [1] * 8
    check_promises(line)


def test_a_cancellation_arrives_as_no_units(world: World) -> None:
    line = world.line(units=10)
    line.cancel(date(2026, 6, 1))

    world.work()

    assert line.badge == "synced"
    assert (line.units(date(2026, 5, 31)), line.units(date(2026, 6, 1))) == (10, 0)
    check_promises(line)


def test_what_a_person_took_out_of_the_way_stays_in_the_ledger(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse", message="The contract is locked.")
    line.quantity(12)
    world.work()

    line.decide("skip", reason="agreed with the customer")

    assert line.states() == ["synced", "resolved"]
    check_promises(line)
