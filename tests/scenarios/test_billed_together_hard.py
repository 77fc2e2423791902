"""Where several on one line could be billed wrongly: what waits, is skipped, begins later, ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from checks import check_promises
from harness import Line, World, another_on, world_on
from tallystick.connections.models import Connection
from tallystick.connections.policies import CancelRule, Mode, SameDay
from tallystick.kit.problem import Conflicting, InvalidInput, Problem
from tallystick.ledger.record import Origin
from tallystick.mappings.models import SubscriptionMapping
from tallystick.operations.bill_together import bill_apart, bill_together
from tallystick.operations.charge_once import charge_gap
from tallystick.operations.suspend import suspend
from tallystick.operations.update_price import update_price
from tallystick.simulator.running import Simulator
from tallystick.subscriptions.models import Subscription
from tallystick.sync.by_hand import read_by_hand
from tallystick.sync.deal_with import deal_with
from tallystick.sync.port import Billing, UnitRow
from tallystick.sync.port import Line as AutotaskLine

JUNE = date(2026, 6, 1)


@pytest.fixture
def world(simulator: Simulator, db: None) -> Iterator[World]:
    with world_on(simulator) as found:
        simulator.set_knobs(same_day="add")
        found.policy(same_day=SameDay.ADDS)
        yield found


def pair(world: World) -> tuple[Line, Line]:
    """10 and 5, proved."""
    line = world.line(units=10)
    other = another_on(line, quantity=5)
    world.work()
    assert shown(line) == 15
    return line, other


def shown(line: Line) -> int | None:
    return line.units(line.world.tenancy.today())


def it(line: Line) -> dict[str, Any]:
    of = line.world.tenancy
    return {
        "subscription_id": line.subscription_id,
        "today": of.today(),
        "asked": of.asked(),
    }


def apart(line: Line, **more: Any) -> None:
    bill_apart(connection_id=line.world.connection_id, **it(line), **more)


def review(world: World, mode: Mode) -> None:
    Connection.objects.filter(pk=world.connection_id).update(mode=mode.value)


# A suspended one whose units stay: it is billed, so it counts.


def test_a_suspended_one_whose_units_stay_counts(world: World) -> None:
    line, other = pair(world)
    suspend(**it(other))
    world.work()
    line.quantity(12)
    world.work()
    assert shown(line) == 17
    third = another_on(line, quantity=3)
    world.work()
    assert shown(line) == 20
    apart(third)
    world.work()
    assert shown(line) == 17
    assert (line.badge, other.badge) == ("synced", "synced")


# What waits on the line, and what is dated later.


def test_nobody_joins_while_something_waits_there(world: World) -> None:
    world.policy(cancel_rule=CancelRule.PRICE_ZERO)
    line = world.line(units=10)
    world.pause()
    line.cancel()
    with pytest.raises(Conflicting, match="is not settled"):
        another_on(line, quantity=5)


def test_who_joins_after_the_price_went_to_nothing_brings_it_back(world: World) -> None:
    world.policy(cancel_rule=CancelRule.PRICE_ZERO)
    line, other = pair(world)
    line.cancel()
    other.cancel()
    world.work()
    assert line.lane().expected_unit_price == 0
    another_on(line, quantity=4)
    world.work()
    assert shown(line) == 4
    assert line.lane().expected_unit_price == Decimal("15.20")


def test_nobody_joins_before_a_price_that_begins_later(world: World) -> None:
    line = world.line(units=10)
    line.price("16.40", on=JUNE)
    world.work()
    held = Subscription.objects.get(pk=line.subscription_id)
    of = world.tenancy
    second = of.subscription(
        quantity=5, unit_price="16.40", customer_id=held.customer_id, offer_id=held.offer_id
    )
    with pytest.raises(Conflicting, match="from a later day"):
        bill_together(
            subscription_id=second,
            connection_id=world.connection_id,
            with_id=line.subscription_id,
            today=of.today(),
            asked=of.asked(),
        )


def test_changes_that_come_to_nothing_on_a_later_day_are_not_sent_today(world: World) -> None:
    line, other = pair(world)
    world.pause()
    line.quantity(12, on=JUNE)
    other.quantity(3, on=JUNE)
    world.resume()
    world.work()
    other.quantity(4)
    world.work()
    # Before June it is 14; what the first has from June on is not billed earlier.
    assert shown(line) == 15
    assert "out_of_sync" in {line.badge, other.badge}
    assert "before" in line.cause


def test_what_was_skipped_is_not_sent_with_another_ones_change(world: World) -> None:
    line, other = pair(world)
    line.strike("refuse")
    line.cancel(on=JUNE)
    world.work()
    other.quantity(6)  # recorded before it was skipped, and behind it
    line.decide("skip")
    world.work()
    assert shown(line) == 16
    other.quantity(7)
    world.work()
    assert shown(line) == 17


def test_what_was_skipped_counts_until_its_subscription_says_anew_what_it_has(world: World) -> None:
    line, other = pair(world)
    line.strike("refuse")
    line.quantity(20)
    world.work()
    other.quantity(6)
    line.quantity(21)
    other.quantity(7)
    assert [one.others for one in line.deliveries()[-4:]] == [5, 20, 6, 21]
    line.decide("skip")
    assert [one.others for one in line.deliveries()[-4:]] == [5, 10, 6, 21]
    world.work()
    assert shown(line) == 28


def test_whose_first_sync_was_skipped_is_not_billed_there(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse")
    other = another_on(line, quantity=5)
    world.work()
    apart(other)
    other.decide("skip")  # what joined it, which is not billed there any more
    line.quantity(11)
    world.work()
    assert shown(line) == 11
    assert line.badge == "synced"


def test_what_was_not_approved_is_not_sent_with_another_ones_change(world: World) -> None:
    line, other = pair(world)
    review(world, Mode.REVIEW)
    line.quantity(20)
    line.decide("skip", reason="not approved")
    review(world, Mode.AUTOMATIC)
    other.quantity(6)
    world.work()
    assert shown(line) == 16
    line.quantity(21)
    world.work()
    assert shown(line) == 27


def test_nothing_is_adopted_for_a_later_day(world: World) -> None:
    line, _ = pair(world)
    line.hand_edit(20)
    line.quantity(12, on=JUNE)
    world.work()
    assert line.badge == "out_of_sync"
    with pytest.raises(Conflicting, match="about a later day"):
        line.decide("adopt")


# Its end.


def test_the_end_of_one_behind_the_contracts_end_is_not_the_end_of_all(world: World) -> None:
    line, other = pair(world)
    line.cancel(on=date(2027, 1, 5))
    world.work()
    assert (line.badge, other.badge) == ("out_of_sync", "out_of_sync")
    assert line.lane().expected_units == 15


def test_done_by_hand_needs_the_others_units(world: World) -> None:
    line, _ = pair(world)
    line.strike("refuse")
    line.cancel()
    world.work()
    real, today = world.engine.billing(world.connection_id), world.tenancy.today()

    class NothingFromToday:
        """Reads the line as if its later periods were not there."""

        def observe(
            self, lines: Sequence[AutotaskLine], *, since: date
        ) -> Mapping[AutotaskLine, tuple[UnitRow, ...]]:
            found = real.observe(lines, since=since)
            return {
                one: tuple(row for row in rows if row.until <= today) for one, rows in found.items()
            }

    def billing(_: int) -> Billing:
        return NothingFromToday()

    reading = read_by_hand(line.lane_id, now=world.clock.now(), billing_of=billing)
    assert reading is not None
    assert not reading.agrees


def test_leaving_waits_for_approval_like_every_change(world: World) -> None:
    _, other = pair(world)
    review(world, Mode.REVIEW)
    apart(other)
    world.work()
    assert shown(other) == 15


def test_it_leaves_on_its_day_and_is_mapped_anew_when_it_has_left(world: World) -> None:
    line, other = pair(world)
    with pytest.raises(InvalidInput, match="tomorrow at the latest"):
        apart(other, effective_on=JUNE)
    line.strike("refuse")
    line.quantity(12)
    world.work()
    apart(other)
    world.work()
    assert shown(line) == 15
    empty = world.line(units=0, quantity=1)
    place = {"contract_id": empty.contract_id, "line_id": None, "service_id": empty.service_id}

    def map_anew() -> int:
        it_is = (other.subscription_id, world.connection_id)
        return world.tenancy.map(*it_is, company_id=empty.company_id, **place)

    with pytest.raises(Conflicting, match="still bills it"):
        map_anew()
    line.sync()
    assert shown(line) == 12
    assert map_anew()


def test_it_leaves_and_joins_again(world: World) -> None:
    line, other = pair(world)
    apart(line)
    world.work()
    assert shown(line) == 5
    bill_together(connection_id=world.connection_id, with_id=other.subscription_id, **it(line))
    world.work()
    assert shown(line) == 15
    other.quantity(6)
    line.quantity(11)
    world.work()
    assert shown(line) == 17
    apart(other)
    world.work()
    assert shown(line) == 11


def test_a_line_with_a_charge_stays_with_whose_it_is(world: World) -> None:
    line, _ = pair(world)
    of = world.tenancy
    world.pause()
    charge_gap(
        subscription_id=line.subscription_id,
        of_operation=1,
        price=Decimal("9.00"),
        currency="EUR",
        since=of.today() - timedelta(days=5),
        until=of.today(),
        lane_id=line.lane_id,
        asked=of.asked(),
    )
    with pytest.raises(Conflicting, match="the line stays with it"):
        apart(line)


# One price, told twice.


def test_two_prices_told_of_two_are_two_prices_and_the_last_one_counts(world: World) -> None:
    line, other = pair(world)
    asked = world.tenancy.asked()
    for one, price in ((line, "16.40"), (other, "17.00")):
        origin = Origin("x", f"run/{one.subscription_id}")
        update_price(**{**it(one), "asked": replace(asked, origin=origin)}, unit_price=price)
    held = Subscription.objects.filter(pk__in=[line.subscription_id, other.subscription_id])
    assert set(held.values_list("unit_price", flat=True)) == {Decimal(17)}
    world.work()
    assert line.lane().expected_unit_price == 17
    check_promises(line)


def test_a_price_that_cannot_be_is_refused_also_behind_one_that_was_recorded(world: World) -> None:
    line, other = pair(world)
    asked = world.tenancy.asked()
    update_price(**{**it(line), "asked": asked}, unit_price="16.40")
    with pytest.raises(Problem):
        update_price(**{**it(other), "asked": asked}, unit_price="170.00")


# What is of the line is everybody's.


def test_a_second_writer_is_dealt_with_from_any_of_them(world: World) -> None:
    _, other = pair(world)
    of = world.tenancy
    with pytest.raises(Conflicting, match="Nothing is open here"):
        deal_with(
            other.subscription_id,
            world.connection_id,
            reason="seen",
            context=of.context,
            now=of.clock.now(),
            correlation_id="c",
        )


def test_what_is_read_of_the_contract_is_known_of_each(world: World) -> None:
    line, _ = pair(world)
    world.clock.advance(40 * 24 * 3600)
    line.quantity(12)
    world.work()
    rows = SubscriptionMapping.objects.filter(lane_id=line.lane_id)
    assert len(set(rows.values_list("checked_at", "contract_ends_on"))) == 1
