"""What is said of amounts before they are recorded is what is sent; what is held is offered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from azure_world import Plan, keep, plan_on
from harness import World, wire_to
from tallystick.bootstrap.clients import make_client
from tallystick.bootstrap.gap_charge import record_with_gap
from tallystick.bootstrap.preview import Ahead, look_ahead
from tallystick.bootstrap.preview_words import in_sentences
from tallystick.connections.amounts_policy import AzureAmounts
from tallystick.connections.policies import SameDay
from tallystick.connections.trouble import Unavailable
from tallystick.connectors.autotask.billing import AutotaskBilling
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.gap_charges import charged_between
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Operation
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked
from tallystick.operations.reactivate import reactivate
from tallystick.operations.record_amounts import NotRecorded, Why, record_amounts
from tallystick.operations.state_amounts import Stated, state_amounts
from tallystick.operations.suspend import suspend
from tallystick.operations.update_price import update_price
from tallystick.subscriptions.azure_models import AzureAmountRow

APRIL = date(2026, 4, 1)
Verb = Callable[[Asked], Recorded]


def billing_of(world: World) -> Callable[[int], AutotaskBilling]:
    http = wire_to(world.simulator.origin)
    return lambda number: AutotaskBilling(make_client(number, clock=world.clock, http=http))


def look(plan: Plan, verb: Verb, **more: Any) -> Ahead:
    of = plan.world.tenancy
    billing = more.pop("billing", billing_of(plan.world))
    return look_ahead(verb, plan.line.subscription_id, asked=of.asked(), billing=billing)


def amounts(plan: Plan, month: str, price: str, cost: str = "0.00") -> Verb:
    of = plan.world.tenancy
    return lambda asked: state_amounts(
        subscription_id=plan.line.subscription_id,
        stated=Stated(month, price, cost, "EUR"),
        today=of.today(),
        asked=asked,
    )


def sent_after(plan: Plan, number: int) -> list[tuple[Any, ...]]:
    """What the attempts behind that number sent."""
    found: list[tuple[Any, ...]] = []
    for one in plan.line.attempts():
        if one.number <= number:
            continue
        body = one.body
        if one.kind == "adjust":
            rates = (Decimal(body["unit_price"]), Decimal(body["unit_cost"]))
            found.append((body["effective_on"], *rates))
        else:
            price, cost = Decimal(body["price"]), Decimal(body["cost"])
            found.append((one.kind, body["day"], price, cost))
    return found


def foretold(ahead: Ahead) -> list[tuple[Any, ...]]:
    [lane] = ahead.lanes
    assert lane.foreseen is not None
    if (charge := lane.foreseen.charge) is not None:
        kind = "change_charge" if charge.before else "create_charge"
        becomes = charge.becomes
        return [(kind, becomes.day.isoformat(), becomes.price, becomes.cost)]
    return [
        (call.effective_on.isoformat(), call.unit_price, call.unit_cost)
        for call in lane.foreseen.calls
    ]


@pytest.mark.parametrize("policy", list(AzureAmounts))
@pytest.mark.parametrize("same_day", [SameDay.ADDS, SameDay.REFUSES, SameDay.REPLACES])
@pytest.mark.parametrize("posted", [True, False])
def test_what_is_foretold_is_what_is_sent(
    world: World, policy: AzureAmounts, same_day: SameDay, posted: bool
) -> None:
    knob = {SameDay.ADDS: "add", SameDay.REFUSES: "refuse", SameDay.REPLACES: "replace"}
    world.simulator.set_knobs(same_day=knob[same_day])
    world.policy(azure_amounts=policy, same_day=same_day)
    plan = plan_on(world)
    asked = [
        ("2026-02", "120.00", "90.00"),
        ("2026-03", "130.00", "95.00"),
        ("2026-02", "121.00", "90.00"),
        ("2026-04", "0.00", "0.00"),
    ]
    for month, price, cost in asked:
        ahead = look(plan, amounts(plan, month, price, cost))
        number = len(plan.line.attempts())
        assert number == max([one.number for one in plan.line.attempts()], default=0)
        plan.amounts(month, price, cost)
        world.work()
        assert plan.line.badge == "synced", plan.line.cause
        assert sent_after(plan, number) == foretold(ahead), (month, price)
        if posted:
            plan.post(date(2026, 2, 28))


def test_in_words(world: World) -> None:
    plan = plan_on(world)
    [said] = in_sentences(look(plan, amounts(plan, "2026-04", "130.00", "95.00")))
    assert said.lead == (
        "Autotask will get a charge of 130.00\xa0EUR (cost 95.00\xa0EUR), dated 30 Apr 2026."
    )
    assert said.estimate == "The bill of April 2026 +130.00\xa0EUR."
    plan.amounts("2026-04", "130.00", "95.00")
    [said] = in_sentences(look(plan, amounts(plan, "2026-04", "131.00", "95.00")))
    assert said.lead == (
        "Autotask will get another amount for the charge of 30 Apr 2026: 131.00\xa0EUR "
        "(cost 95.00\xa0EUR)."
    )
    assert said.estimate == "The bill of April 2026 +1.00\xa0EUR."
    world.work()
    plan.line.world.policy(azure_amounts=AzureAmounts.LINE)
    [said] = in_sentences(look(plan, amounts(plan, "2026-04", "132.00", "95.00")))
    assert "something of this month is billed already" in said.moves[0]
    [said] = in_sentences(look(plan, amounts(plan, "2026-03", "132.00", "95.00")))
    assert said.calls == [
        "unit price 132.00\xa0EUR and unit cost 95.00\xa0EUR from 1 Mar 2026",
        "unit price 0.00\xa0EUR and unit cost 0.00\xa0EUR from 1 Apr 2026",
    ]


def test_what_would_stop_it_is_said(world: World) -> None:
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()
    plan.edit_charge(plan.charges()[0]["id"], billableAmount="7.00")
    [lane] = look(plan, amounts(plan, "2026-04", "131.00", "95.00")).lanes
    assert "shows 7.00 in Autotask, expected 130.00" in lane.held


def test_without_a_reading_it_follows_from_what_was_proved(world: World) -> None:
    plan = plan_on(world)
    plan.amounts("2026-04", "130.00", "95.00")
    world.work()

    def nobody(_: int) -> AutotaskBilling:
        raise Unavailable("no answer")

    ahead = look(plan, amounts(plan, "2026-04", "131.00", "95.00"), billing=nobody)
    assert foretold(ahead) == [("change_charge", "2026-04-30", Decimal("131"), Decimal("95"))]
    assert ahead.lanes[0].unread == "no answer"


def test_a_look_stores_no_amounts(world: World) -> None:
    plan = plan_on(world)
    look(plan, amounts(plan, "2026-04", "130.00", "95.00"))
    assert not AzureAmountRow.objects.filter(subscription=plan.line.subscription_id).exists()


# Suspended and reactivated.


def recorded(plan: Plan, month: date) -> Why | None:
    of = plan.world.tenancy
    found = record_amounts(subscription_id=plan.line.subscription_id, month=month, asked=of.asked())
    return found.why if isinstance(found, NotRecorded) else None


def test_amounts_of_a_suspended_plan_are_held_and_offered(world: World) -> None:
    plan, of = plan_on(world), world.tenancy
    it: dict[str, Any] = {"subscription_id": plan.line.subscription_id, "today": of.today()}
    suspend(**it, asked=of.asked())
    for month, price in ((date(2026, 2, 1), "120.00"), (date(2026, 3, 1), "130.00")):
        keep(plan, month, price)
        assert recorded(plan, month) is Why.HELD
    keep(plan, APRIL, "140.00", final=False)
    assert recorded(plan, APRIL) is Why.NOT_FINAL
    assert recorded(plan, date(2026, 1, 1)) is Why.NOTHING

    for wrong in (["2026-04"], ["May"]):
        with pytest.raises(InvalidInput) as refused:
            reactivate(**it, months=wrong, asked=of.asked())
        assert [one.field for one in refused.value.errors] == ["months"]

    done = reactivate(**it, months=["2026-03"], asked=of.asked())
    after = Operation.objects.get(pk=done.operation_id).after
    assert [(one["month"], one["price"], one["billed"]) for one in after["held"]] == [
        ("2026-02", "120.0000", False),
        ("2026-03", "130.0000", True),
    ]
    world.work()
    assert plan.charged() == [("2026-03-31", Decimal("130"), Decimal("130"))]
    assert recorded(plan, date(2026, 3, 1)) is Why.SAME


def test_stating_it_while_suspended_says_what_to_do(world: World) -> None:
    plan, of = plan_on(world), world.tenancy
    suspend(subscription_id=plan.line.subscription_id, today=of.today(), asked=of.asked())
    with pytest.raises(Exception, match="They are offered when it is reactivated"):
        plan.amounts("2026-04", "1.00")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"month": "April"}, "month"),
        ({"month": "2026-06"}, "month"),
        ({"price": "1,5"}, "price"),
        ({"price": "1e10"}, "price"),
        ({"cost": "9999999999.00"}, "cost"),
        ({"currency": "Euro"}, "currency"),
        ({"cost_currency": "?"}, "cost_currency"),
    ],
)
def test_what_cannot_be_meant_is_refused(world: World, given: dict[str, str], field: str) -> None:
    plan, of = plan_on(world), world.tenancy
    said = {"month": "2026-04", "price": "1.00", "cost": "1.00", "currency": "EUR", **given}
    with pytest.raises(InvalidInput) as refused:
        state_amounts(
            subscription_id=plan.line.subscription_id,
            stated=Stated(**said),
            today=of.today(),
            asked=of.asked(),
        )
    assert [one.field for one in refused.value.errors] == [field]
    licence = world.line()
    with pytest.raises(InvalidInput):
        Plan(licence).amounts("2026-04", "1.00")


def test_the_same_again_is_no_operation(world: World) -> None:
    plan, of = plan_on(world), world.tenancy
    it: dict[str, Any] = {"subscription_id": plan.line.subscription_id, "today": of.today()}
    stated = Stated("2026-04", "1.00", "1.00", "EUR")
    asked = of.asked(source="api", source_id="once")
    first = state_amounts(**it, stated=stated, asked=asked)
    assert state_amounts(**it, stated=stated, asked=asked).operation_id == first.operation_id
    with pytest.raises(Exception, match="recorded already, with the same amounts"):
        plan.amounts("2026-04", "1.00", "1.00")


# The gap of a price that had to wait.


def test_a_price_that_waits_brings_the_charge_for_its_gap(world: World) -> None:
    line, of = world.line(), world.tenancy
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    it: dict[str, Any] = {"subscription_id": line.subscription_id, "today": of.today()}

    def price(asked: Asked) -> Recorded:
        return update_price(**it, unit_price="18.30", effective_on="2026-05-01", asked=asked)

    asked = of.asked(source="api", source_id="gap")
    billing = billing_of(world)
    [lane] = look_ahead(price, line.subscription_id, asked=of.asked(), billing=billing).lanes
    done = record_with_gap(price, line.subscription_id, asked=asked, billing=billing).recorded
    again = record_with_gap(price, line.subscription_id, asked=asked, billing=billing)
    assert done.operation_id == again.recorded.operation_id
    world.work()

    assert line.badge == "synced", line.cause
    plan = Plan(line)
    assert plan.charged() == [("2026-05-01", Decimal("31.00"), Decimal(0))]
    assert lane.gap == Decimal("31.00")
    last = Operation.objects.filter(subscription=line.subscription_id).latest("sequence")
    assert (last.kind, last.after["for_operation"]) == (
        OperationKind.ONE_OFF_CHARGE.value,
        done.sequence,
    )
    [said] = in_sentences(_gap_ahead(world, line.subscription_id, it))
    assert any("record a one-off charge with it" in words for words in said.warnings)


def test_the_same_days_are_never_charged_twice(world: World) -> None:
    world.simulator.set_knobs(same_day="add")
    world.policy(same_day=SameDay.ADDS)
    line, of = world.line(), world.tenancy
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))

    def charge(unit_price: str) -> None:
        record_with_gap(
            lambda asked: update_price(
                subscription_id=line.subscription_id,
                unit_price=unit_price,
                effective_on="2026-05-01",
                today=of.today(),
                asked=asked,
            ),
            line.subscription_id,
            asked=of.asked(),
            billing=billing_of(world),
        )
        world.work()
        assert line.badge == "synced", line.cause

    for unit_price in ("18.30", "19.30", "15.20"):
        charge(unit_price)
    amounts = [price for _, price, _ in Plan(line).charged()]
    assert amounts == [Decimal("31.00"), Decimal("10.00"), Decimal("-41.00")]
    charge("17.20")
    assert charged_between(line.lane_id, date(2026, 5, 1), date(2026, 6, 1)) == 20
    assert charged_between(line.lane_id, date(2026, 4, 1), date(2026, 5, 1)) == 0


def test_a_charge_that_was_skipped_is_not_taken_for_billed(world: World) -> None:
    line, of = world.line(), world.tenancy
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    it: dict[str, Any] = {"subscription_id": line.subscription_id, "today": of.today()}
    world.simulator.add_fault("refuse", path="ContractCharges", times=None)
    record_with_gap(
        lambda asked: update_price(
            **it, unit_price="18.30", effective_on="2026-05-01", asked=asked
        ),
        line.subscription_id,
        asked=of.asked(),
        billing=billing_of(world),
    )
    world.work()
    assert line.head().operation.kind == OperationKind.ONE_OFF_CHARGE.value
    line.decide("skip")
    [lane] = _gap_ahead(world, line.subscription_id, it).lanes
    assert lane.gap == Decimal("41.00")


def _gap_ahead(world: World, subscription_id: int, it: dict[str, Any]) -> Ahead:
    def price(asked: Asked) -> Recorded:
        return update_price(**it, unit_price="19.30", effective_on="2026-05-01", asked=asked)

    return look_ahead(
        price, subscription_id, asked=world.tenancy.asked(), billing=billing_of(world)
    )


def test_without_a_gap_nothing_is_recorded(world: World) -> None:
    line, of = world.line(), world.tenancy
    it: dict[str, Any] = {"subscription_id": line.subscription_id, "today": of.today()}
    before = Operation.objects.filter(subscription=line.subscription_id).count()
    with pytest.raises(InvalidInput) as refused:
        record_with_gap(
            lambda asked: update_price(**it, unit_price="18.30", asked=asked),
            line.subscription_id,
            asked=of.asked(),
            billing=billing_of(world),
        )
    assert [one.field for one in refused.value.errors] == ["gap_charge"]
    assert Operation.objects.filter(subscription=line.subscription_id).count() == before
