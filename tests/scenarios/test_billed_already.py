"""A line that bills three subscriptions already: none of it is sent a second time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness import World, world_on
from tallystick.bootstrap.first_sync import decide_first_sync, look_at_left
from tallystick.bootstrap.mapping import FirstSync
from tallystick.mappings.map_subscription import Place, map_subscription
from tallystick.mappings.rows import subscription_row
from tallystick.operations.bill_together import bill_together
from tallystick.simulator.running import Simulator


@pytest.fixture
def world(simulator: Simulator, db: None) -> Iterator[World]:
    with world_on(simulator) as found:
        yield found


@pytest.mark.parametrize("how", [FirstSync.ADOPT, FirstSync.BRING])
def test_three_are_added_and_nothing_is_sent(world: World, how: FirstSync) -> None:
    """As docs/mapping.md says it: the first without a first sync, then the others; which is decided
    on for all of them."""
    of = world.tenancy
    whose = {"customer_id": of.customer(), "offer_id": of.offer()}
    loaded = world.simulator.load(
        companies=[{"ref": "c", "name": "Fabrikam"}],
        services=[{"ref": "s", "name": "M365", "unit_price": "15.20", "unit_cost": "12.10"}],
        contracts=[
            {"ref": "k", "company": "c", "name": "Cloud", "start": "2026-01-01"}
            | {"end": "2026-12-31"}
        ],
        lines=[
            {"ref": "l", "contract": "k", "service": "s", "units": 18, "unit_price": "15.20"}
            | {"unit_cost": "12.10"}
        ],
    )["refs"]
    place = Place(loaded["c"], "Fabrikam", loaded["k"], "Cloud", loaded["s"], "M365", loaded["l"])
    first, *others = (of.subscription(quantity=held, **whose) for held in (10, 5, 3))
    by = {"context": of.context, "now": of.clock.now(), "correlation_id": "c"}
    map_subscription(first, world.connection_id, place, **by)
    for one in others:
        bill_together(
            subscription_id=one,
            connection_id=world.connection_id,
            with_id=first,
            today=of.today(),
            asked=of.asked(),
        )
        world.work()
        assert world.simulator.effects(loaded["l"]) == []
    seen = look_at_left(
        others[0],
        world.connection_id,
        day=of.today(),
        asked=of.asked(),
        billing=world.engine.billing,
    )
    assert seen.look is not None
    assert (seen.ours.units, seen.look.is_same) == (18, True)
    decide_first_sync(
        others[0],
        world.connection_id,
        first_sync=how,
        today=of.today(),
        asked=of.asked(),
        billing=world.engine.billing,
    )
    world.work()
    assert world.simulator.effects(loaded["l"]) == []
    rows = [badge_of(world, one) for one in (first, *others)]
    assert rows == ["synced"] * 3


def badge_of(world: World, subscription_id: int) -> str:
    of = world.tenancy
    row = subscription_row(of.context, subscription_id, now=of.clock.now())
    return row.badge.kind.value
