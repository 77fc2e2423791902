"""Who may ask for a look at lines now, and at which."""

from __future__ import annotations

from typing import Any

import pytest

from harness import World
from tallystick.kit.problem import Conflicting
from tallystick.ledger.standings import drifted_subscriptions, unsettled_subscriptions
from tallystick.subscriptions.models import Subscription
from tallystick.sync.look_now import look_now

Asked = list[tuple[int, list[int] | None]]


def look(world: World, **chosen: Any) -> Asked:
    asked: Asked = []
    look_now(
        world.connection_id,
        context=world.tenancy.context,
        now=world.clock.now(),
        start=lambda of, lanes: asked.append((of, None if lanes is None else list(lanes))),
        correlation_id="look",
        **chosen,
    )
    return asked


def test_all_a_selection_and_a_customer(world: World) -> None:
    one, other = world.line(settled=False), world.line(settled=False)
    here = world.connection_id
    assert look(world) == [(here, None)]
    assert look(world, subscription_ids=[one.subscription_id]) == [(here, [one.lane_id])]
    customer = Subscription.objects.get(pk=other.subscription_id).customer_id
    assert look(world, customer_id=customer) == [(here, [other.lane_id])]


def test_nothing_to_compare(world: World) -> None:
    world.line(settled=False)
    with pytest.raises(Conflicting, match="there is nothing to compare"):
        look(world, subscription_ids=[])


def test_which_are_open_and_which_show_something_else(world: World) -> None:
    calm, waits, differs = (world.line() for _ in range(3))
    waits.quantity(12)
    differs.hand_edit(11)
    differs.quantity(12)
    differs.drive()
    scope = {"connection_id": world.connection_id}
    open_ones = set(unsettled_subscriptions(scope).values_list("subscription_id", flat=True))
    assert open_ones == {waits.subscription_id, differs.subscription_id}
    differing = set(drifted_subscriptions(scope).values_list("subscription_id", flat=True))
    assert differing == {differs.subscription_id}
    assert calm.badge == "synced"
