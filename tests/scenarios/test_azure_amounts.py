"""What an Azure plan came to in a month is billed once, under either policy, and proved."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from azure_world import Plan, plan_on
from checks import check_promises
from harness import World
from tallystick.connections.amounts_policy import AzureAmounts
from tallystick.connections.policies import CancelRule, SameDay

MONTHS = {
    "2026-02": ("120.00", "90.00"),
    "2026-03": ("135.50", "101.25"),
    "2026-04": ("0.40", "0.30"),
}
CORRECTED = ("140.00", "99.75")


def sums(**corrected: tuple[str, str]) -> dict[str, tuple[Decimal, Decimal]]:
    return {
        month: (Decimal(price), Decimal(cost))
        for month, (price, cost) in {**MONTHS, **corrected}.items()
    }


@pytest.mark.parametrize("simulated", ["add", "replace", "refuse"])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("policy", list(AzureAmounts))
@pytest.mark.parametrize("posted", [True, False])
def test_three_months_and_a_late_correction(
    world: World, policy: AzureAmounts, simulated: str, known: bool, posted: bool
) -> None:
    world.simulator.set_knobs(same_day=simulated)
    learnt = {"add": SameDay.ADDS, "replace": SameDay.REPLACES, "refuse": SameDay.REFUSES}
    world.policy(azure_amounts=policy)
    if known:
        world.policy(same_day=learnt[simulated])
    plan = plan_on(world)
    for month, (price, cost) in MONTHS.items():
        plan.amounts(month, price, cost)
        world.work()
        assert plan.line.badge == "synced", plan.line.cause
        if posted:
            plan.post(date.fromisoformat(f"{month}-28"))
    plan.post(date(2026, 4, 30))

    plan.amounts("2026-03", *CORRECTED)
    world.work()

    assert plan.line.badge == "synced", plan.line.cause
    plan.post(date(2026, 4, 30))
    assert plan.billed() == sums(**{"2026-03": CORRECTED})
    world.sweep()
    assert plan.line.badge == "synced", plan.line.cause
    check_promises(plan.line)


def kinds(plan: Plan) -> list[tuple[str, str]]:
    """What was sent of months, in order: kind and day."""
    return [
        (one.kind, one.effective_on.isoformat())
        for one in plan.line.attempts()
        if one.effective_on >= date(2026, 2, 1)
    ]


def test_a_charge_a_month_and_a_correction_of_what_is_billed(world: World) -> None:
    plan = plan_on(world)
    plan.amounts("2026-03", "120.00", "90.00")
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    assert plan.charged() == [
        ("2026-03-31", Decimal("120"), Decimal("90")),
        ("2026-04-30", Decimal("130"), Decimal("95")),
    ]
    first, second = plan.charges()
    assert first["name"] == "Azure March 2026"
    assert first["internalPurchaseOrderNumber"] == f"tallystick:{plan.line.lane_id}:2026-03:1"

    plan.post(date(2026, 3, 31))
    plan.amounts("2026-03", "118.50", "88.00")  # billed: a second charge of the difference
    plan.amounts("2026-04", "131.00", "96.00")  # not billed: the charge is changed
    world.work()

    assert plan.charged() == [
        ("2026-03-31", Decimal("120"), Decimal("90")),
        ("2026-04-30", Decimal("131"), Decimal("96")),
        ("2026-03-31", Decimal("-1.5"), Decimal("-2")),
    ]
    assert plan.charges()[2]["name"] == "Azure March 2026, correction"
    assert [one.kind for one in plan.line.attempts()][-2:] == ["create_charge", "change_charge"]
    change = plan.line.attempts()[-1]
    assert change.request_text == (
        f'{{"id":{second["id"]},"unitPrice":131.0000,"unitCost":96.0000}}'
    )
    check_promises(plan.line)


@pytest.mark.parametrize("simulated", ["add", "replace", "refuse"])
@pytest.mark.parametrize("later_rows", ["all_later_rows", "that_row"])
def test_months_of_one_run_are_reset_once(world: World, simulated: str, later_rows: str) -> None:
    world.simulator.set_knobs(same_day=simulated, reprice_scope=later_rows)
    world.policy(azure_amounts=AzureAmounts.LINE)
    plan = plan_on(world)
    for month, (price, cost) in MONTHS.items():
        plan.amounts(month, price, cost)
    world.work()

    assert plan.line.badge == "synced", plan.line.cause
    days = ["2026-02-01", "2026-03-01", "2026-04-01"]
    reset = ["2026-05-01"] if later_rows == "all_later_rows" else []
    assert kinds(plan) == [("adjust", day) for day in [*days, *reset]]
    assert plan.line.states() == ["synced"] * 4
    plan.post(date(2026, 5, 31))
    assert plan.billed() == sums()
    check_promises(plan.line)


def test_the_end_of_a_plan_goes_out_behind_the_month_before_it(world: World) -> None:
    """One run sends both, the months together, and the end by itself."""
    world.policy(azure_amounts=AzureAmounts.LINE)
    plan = plan_on(world)
    plan.amounts("2026-03", "120.00", "90.00")
    plan.amounts("2026-04", "130.00", "95.00")
    plan.line.cancel()
    world.work()

    assert plan.line.badge == "synced", plan.line.cause
    assert plan.line.units(date(2026, 4, 30)) == 1
    assert plan.line.units() == 0
    plan.post(date(2026, 5, 31))
    assert plan.billed() == {"2026-03": (Decimal("120"), Decimal("90"))} | {
        "2026-04": (Decimal("130"), Decimal("95"))
    }
    check_promises(plan.line)


def test_a_posted_month_goes_out_as_a_charge_and_says_so(world: World) -> None:
    world.policy(azure_amounts=AzureAmounts.LINE)
    plan = plan_on(world)
    plan.post(date(2026, 4, 30))
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    assert kinds(plan) == [("create_charge", "2026-04-30")]
    assert plan.line.deliveries()[-1].moved_because == (
        "sent as a contract charge: April 2026 is approved and posted already"
    )


def test_a_contract_of_other_periods_gets_a_charge(world: World) -> None:
    world.policy(azure_amounts=AzureAmounts.LINE)
    plan = plan_on(world, period_type=5)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    assert kinds(plan) == [("create_charge", "2026-04-30")]
    assert "calendar months" in plan.line.deliveries()[-1].moved_because


def test_a_line_of_two_units_gets_a_charge(world: World) -> None:
    world.policy(azure_amounts=AzureAmounts.LINE)
    plan = plan_on(world, units=2)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    assert kinds(plan) == [("create_charge", "2026-04-30")]
    assert "exactly 1 unit" in plan.line.deliveries()[-1].moved_because


def test_an_earlier_month_is_not_tried_where_its_price_could_stay(world: World) -> None:
    """Whether a second change on a day is taken is not known: the reset could be refused."""
    world.policy(azure_amounts=AzureAmounts.LINE)
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    plan.amounts("2026-03", "120.00", "90.00")
    world.work()
    assert kinds(plan)[-1] == ("create_charge", "2026-03-31")
    assert "not known yet" in plan.line.deliveries()[-1].moved_because
    plan.post(date(2026, 4, 30))
    assert plan.billed() == {
        "2026-03": (Decimal("120"), Decimal("90")),
        "2026-04": (Decimal("130"), Decimal("95")),
    }


def test_an_earlier_month_on_the_line_leaves_the_later_one_as_it_is(world: World) -> None:
    world.simulator.set_knobs(same_day="add")
    world.policy(azure_amounts=AzureAmounts.LINE, same_day=SameDay.ADDS)
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    plan.amounts("2026-03", "120.00", "90.00")
    world.work()
    assert {kind for kind, _ in kinds(plan)} == {"adjust"}
    plan.post(date(2026, 5, 31))
    assert plan.billed() == {
        "2026-03": (Decimal("120"), Decimal("90")),
        "2026-04": (Decimal("130"), Decimal("95")),
    }


def test_another_policy_counts_from_the_next_one_on(world: World) -> None:
    plan = plan_on(world)
    plan.amounts("2026-03", "120.00", "90.00")
    world.work()
    world.policy(azure_amounts=AzureAmounts.LINE)
    plan.amounts("2026-04", "130.00", "95.00")
    plan.amounts("2026-03", "121.00", "90.00")
    world.work()
    assert kinds(plan) == [
        ("create_charge", "2026-03-31"),
        ("adjust", "2026-04-01"),
        ("adjust", "2026-05-01"),
        ("change_charge", "2026-03-31"),
    ]


def test_a_reset_that_is_refused_stops_and_is_ended_on_the_line(world: World) -> None:
    """What is set for the month is there: a charge beside it would bill it twice."""
    world.policy(azure_amounts=AzureAmounts.LINE)
    plan = plan_on(world)
    words = "Attempt to insert duplicate data into contract_service_period"
    world.simulator.add_fault(
        "refuse", method="POST", path="ServiceAdjustments", skip=1, message=words
    )
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    assert plan.line.states()[-1] == "failed"
    assert "the line cannot be reset there" in plan.line.cause
    assert plan.charges() == []
    world.policy(azure_amounts=AzureAmounts.CHARGE)
    plan.line.sync()
    assert plan.line.badge == "synced", plan.line.cause
    plan.post(date(2026, 5, 31))
    assert plan.billed() == {"2026-04": (Decimal("130"), Decimal("95"))}


def test_a_quantity_does_not_double_a_month_that_is_set_on_the_line(world: World) -> None:
    world.policy(azure_amounts=AzureAmounts.LINE)
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    plan.line.quantity(2, date(2026, 4, 20))
    world.work()
    assert plan.line.states()[-1] == "not_applicable"
    plan.post(date(2026, 5, 31))
    assert plan.billed() == {"2026-04": (Decimal("130"), Decimal("95"))}
    check_promises(plan.line)


@pytest.mark.parametrize("rule", list(CancelRule))
@pytest.mark.parametrize("day", [date(2026, 4, 1), date(2026, 4, 20), date(2026, 5, 1)])
def test_an_end_does_not_cut_a_month_that_is_set_on_the_line(
    world: World, rule: CancelRule, day: date
) -> None:
    world.policy(azure_amounts=AzureAmounts.LINE, same_day=SameDay.ADDS, cancel_rule=rule)
    world.simulator.set_knobs(same_day="add")
    plan = plan_on(world)
    plan.amounts("2026-03", "120.00", "90.00")
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    plan.line.cancel(day)
    world.work()
    assert plan.line.badge == "synced", plan.line.cause
    last = plan.line.deliveries()[-1]
    assert last.effective_on == date(2026, 5, 1)
    assert ("would be billed in part" in last.moved_because) is (day < date(2026, 5, 1))
    plan.post(date(2026, 5, 31))
    assert plan.billed() == {
        "2026-03": (Decimal("120"), Decimal("90")),
        "2026-04": (Decimal("130"), Decimal("95")),
    }
    assert world.sweep().different == 0


def test_neither_quantity_nor_price_between_two_months_is_in_the_way(world: World) -> None:
    world.policy(azure_amounts=AzureAmounts.LINE)
    plan = plan_on(world)
    plan.amounts("2026-03", "120.00", "90.00")
    plan.line.price("0.00", currency="EUR")
    plan.line.quantity(2, date(2026, 5, 20))
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    assert kinds(plan)[:3] == [
        ("adjust", "2026-03-01"),
        ("adjust", "2026-04-01"),
        ("adjust", "2026-05-01"),
    ]
    plan.post(date(2026, 4, 30))
    assert plan.billed() == {
        "2026-03": (Decimal("120"), Decimal("90")),
        "2026-04": (Decimal("130"), Decimal("95")),
    }


def test_what_never_arrived_is_sent_again_with_the_months_it_rode_with(world: World) -> None:
    world.policy(azure_amounts=AzureAmounts.LINE)
    plan = plan_on(world)
    plan.line.strike("lose_before")
    plan.amounts("2026-03", "120.00", "90.00")
    world.work()
    plan.amounts("2026-04", "130.00", "95.00")
    world.wait(500)
    first, again, *_ = [one for one in plan.line.attempts() if one.kind == "adjust"]
    assert again.resend_of_id == first.pk
    assert plan.line.badge == "synced", plan.line.cause
    plan.post(date(2026, 4, 30))
    assert plan.billed() == {
        "2026-03": (Decimal("120"), Decimal("90")),
        "2026-04": (Decimal("130"), Decimal("95")),
    }
