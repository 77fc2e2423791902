"""A plan that has ended gets its last months by charges, also where months are set on the line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from azure_world import plan_on
from factories import TODAY
from harness import World
from tallystick.connections.amounts_policy import AzureAmounts
from tallystick.operations.end import delete_by_vendor


def test_amounts_of_a_month_without_a_unit_are_charged_and_corrected(world: World) -> None:
    """At 0 units every rate shows as nothing: that is no proof that the month is billed."""
    world.policy(azure_amounts=AzureAmounts.LINE)
    plan = plan_on(world)
    delete_by_vendor(
        subscription_id=plan.line.subscription_id,
        effective_on=date(2026, 4, 1),
        today=TODAY,
        asked=world.tenancy.asked(),
    )
    world.work()
    for price, cost in (("631.11", "504.89"), ("518.43", "414.74"), ("0.00", "0.00")):
        plan.amounts("2026-04", price, cost)
        world.work()
        assert plan.line.badge == "synced", plan.line.cause
        charged = [sum(one[place] for one in plan.charged()) for place in (1, 2)]
        assert charged == [Decimal(price), Decimal(cost)]


def test_a_month_of_nothing_needs_no_charge(world: World) -> None:
    world.policy(azure_amounts=AzureAmounts.LINE)
    plan = plan_on(world)
    plan.amounts("2026-04", "0.00")
    world.work()
    assert (plan.line.badge, plan.charged(), plan.line.effects()) == ("synced", [], [])
