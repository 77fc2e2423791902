"""Many at once do things to subscriptions that one line bills: nobody waits in a circle, the line
is brought to what all of them have, and all of them have one price."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pytest

from crowd import CROWD, DONE, Act, Crowd, crowd
from harness import Line, World, another_on, world_on
from tallystick.connections.policies import SameDay
from tallystick.kit.problem import Problem
from tallystick.ledger.group import lanes_of, sharers_of
from tallystick.ledger.models import Delivery, Lane
from tallystick.operations.at_once import Ask, record_all
from tallystick.operations.bill_together import bill_apart, bill_together
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.update_price import update_price
from tallystick.simulator.running import Simulator
from tallystick.subscriptions.models import Subscription

ROUNDS = 4


@pytest.fixture
def world(simulator: Simulator, db: None) -> Iterator[World]:
    with world_on(simulator) as found:
        simulator.set_knobs(same_day="add")
        found.policy(same_day=SameDay.ADDS)
        yield found


@pytest.fixture
def all_at_once(db: None) -> Iterator[Crowd]:
    with crowd() as together:
        yield together


def acts(world: World, ids: list[int], chance: Random) -> list[Act]:
    """Some at random; what is refused is refused, and everything else fails the test."""
    of, today = world.tenancy, world.tenancy.today()

    def one() -> Callable[[], object]:
        whose, other = chance.sample(ids, 2)
        it = {"today": today, "asked": of.asked()}
        match chance.randrange(6):
            case 0:
                price = f"{chance.randint(1520, 1700) / 100}"
                return lambda: update_price(subscription_id=whose, unit_price=price, **it)
            case 1:
                on = {"connection_id": world.connection_id}
                return lambda: bill_apart(subscription_id=whose, **on, **it)
            case 2:
                on = {"connection_id": world.connection_id, "with_id": other}
                return lambda: bill_together(subscription_id=whose, **on, **it)
            case 3:
                price = f"{chance.randint(1520, 1700) / 100}"
                asks = [
                    Ask(
                        each,
                        lambda asked, each=each: update_price(
                            subscription_id=each, unit_price=price, today=today, asked=asked
                        ),
                    )
                    for each in (whose, other)
                ]
                return lambda: record_all(asks, asked=of.asked())
            case _:
                to = chance.randint(1, 30)
                return lambda: change_quantity(subscription_id=whose, quantity=to, **it)

    def carried_out(act: Callable[[], object]) -> Act:
        def do() -> str:
            try:
                act()
            except Problem:
                return "refused"
            return DONE

        return do

    return [carried_out(one()) for _ in range(CROWD)]


def test_whatever_many_do_at_once_the_line_shows_the_sum(world: World, all_at_once: Crowd) -> None:
    first: Line = world.line(units=10)
    lines = [first]
    for _ in range(2):
        lines.append(another_on(first, quantity=5))
        world.work()
    ids, chance = [one.subscription_id for one in lines], Random(20261127)
    done = 0
    for _ in range(ROUNDS):
        done += all_at_once.do(acts(world, ids, chance)).count(DONE)
        world.work()
        for lane in Lane.objects.filter(lanes_of(ids), open=True):
            on_it = [lane.subscription_id, *sharers_of([lane.pk]).get(lane.pk, ())]
            held = Subscription.objects.filter(pk__in=on_it)
            assert len(set(held.values_list("unit_price", flat=True))) == 1
            numbers = Delivery.objects.filter(lane=lane).order_by("pk")
            assert len({one.sequence for one in numbers}) == numbers.count()
            assert {one.state for one in numbers} == {"synced"}
            units = world.simulator.units_on(first.line_id, world.tenancy.today())
            assert units == sum(one.quantity for one in held)
    assert done > ROUNDS
