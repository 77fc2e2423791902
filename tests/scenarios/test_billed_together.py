"""Several subscriptions that one line bills together: declared, in order, and apart again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from checks import check_promises
from harness import Line, World, another_on, world_on
from looking import effects, lane, quantity, told
from price_desk import by as desk_by
from price_desk import listed, ruled
from tallystick.audit.events import Event, Status
from tallystick.audit.models import AuditLog
from tallystick.books.close_month import close_month
from tallystick.books.models import MonthProofLine
from tallystick.books.month_queries import get_proof
from tallystick.catalog.price_runs import Choice, left_of
from tallystick.catalog.record_promotion import NewPromotion, add_promotion
from tallystick.connections.override import override
from tallystick.connections.policies import CancelRule, SameDay, SuspendRule
from tallystick.identity.people import add_reseller
from tallystick.kit.problem import Conflicting
from tallystick.ledger.models import Delivery, Lane, Operation
from tallystick.mappings.map_subscription import map_subscription, place_of, unmap_subscription
from tallystick.mappings.models import SubscriptionMapping
from tallystick.operations.apply_prices import apply_prices
from tallystick.operations.bill_together import bill_apart, bill_together
from tallystick.operations.decide_drift import Decision, How, decide_drift
from tallystick.operations.look_at_prices import rule_to_apply
from tallystick.operations.map_existing import bring_to_ours
from tallystick.operations.move_to_reseller import move_to_reseller
from tallystick.operations.reactivate import reactivate
from tallystick.operations.renew import NewPrice, renew
from tallystick.operations.suspend import suspend
from tallystick.simulator.running import Simulator
from tallystick.subscriptions.models import Subscription


@pytest.fixture
def world(simulator: Simulator, db: None) -> Iterator[World]:
    with world_on(simulator) as found:
        simulator.set_knobs(same_day="add")
        found.policy(same_day=SameDay.ADDS)
        yield found


def another(line: Line, *, quantity: int = 5, **more: Any) -> int:
    """A second order of the same offer by the same customer."""
    held = Subscription.objects.get(pk=line.subscription_id)
    more = {"customer_id": held.customer_id, "offer_id": held.offer_id, **more}
    return line.world.tenancy.subscription(quantity=quantity, **more)


def together(line: Line, subscription_id: int) -> None:
    of = line.world.tenancy
    bill_together(
        subscription_id=subscription_id,
        connection_id=line.world.connection_id,
        with_id=line.subscription_id,
        today=of.today(),
        asked=of.asked(),
    )


def apart(line: Line) -> None:
    of = line.world.tenancy
    bill_apart(
        subscription_id=line.subscription_id,
        connection_id=line.world.connection_id,
        today=of.today(),
        asked=of.asked(),
    )


def pair(world: World, *, first: int = 10, second: int = 5) -> tuple[Line, Line]:
    """Both proved."""
    line = world.line(units=first)
    other = another_on(line, quantity=second)
    world.work()
    assert line.units(world.tenancy.today()) == first + second
    return line, other


def by(world: World) -> dict[str, Any]:
    of = world.tenancy
    return {"context": of.context, "now": of.clock.now(), "correlation_id": "c"}


def test_the_line_shows_the_sum_of_what_they_have(world: World) -> None:
    line, other = pair(world)
    assert (line.badge, other.badge) == ("synced", "synced")
    line.quantity(12)
    other.quantity(6)
    line.quantity(11)
    world.work()
    assert line.units(world.tenancy.today()) == 17
    assert (line.badge, other.badge) == ("synced", "synced")
    check_promises(line)


def test_each_operation_has_an_audit_log_of_its_own_subscription(world: World) -> None:
    line, other = pair(world)
    other.quantity(7)
    world.work()
    logs = AuditLog.objects.filter(
        tenant_id=world.tenancy.tenant_id,
        event=Event.UPDATE_SUBSCRIPTION_ON_CONNECTION.value,
        status=Status.SUCCEEDED.value,
    )
    whose = list(logs.order_by("pk").values_list("subscription_id", flat=True))
    assert whose == [line.subscription_id, other.subscription_id, other.subscription_id]


def test_one_that_stops_stops_all_and_says_whose_it_is(world: World) -> None:
    line, other = pair(world)
    other.strike("refuse")
    other.quantity(7)
    world.work()
    line.quantity(12)
    world.work()
    assert (line.badge, other.badge) == ("out_of_sync", "out_of_sync")
    assert line.units(world.tenancy.today()) == 15
    line.sync()  # by whichever of them
    assert line.units(world.tenancy.today()) == 19
    assert (line.badge, other.badge) == ("synced", "synced")


def test_a_cancelled_one_is_nothing_of_the_sum(world: World) -> None:
    line, other = pair(world)
    line.cancel()
    world.work()
    assert line.units(world.tenancy.today()) == 5
    other.cancel()
    world.work()
    assert line.units(world.tenancy.today()) == 0
    assert (line.badge, other.badge) == ("synced", "synced")


def test_a_later_change_of_one_goes_out_with_what_the_other_had_then(world: World) -> None:
    line, other = pair(world)
    world.pause()
    line.quantity(12)
    other.quantity(1)
    found = Delivery.objects.filter(lane_id=line.lane_id).order_by("sequence")
    assert list(found.values_list("others", flat=True)) == [0, 10, 5, 12]
    numbers = list(found.values_list("sequence", flat=True))
    assert numbers == sorted(set(numbers))


def test_a_price_of_one_is_the_price_of_all_in_one_call(world: World) -> None:
    line, other = pair(world)
    before = len(line.effects())
    other.price("16.40")
    world.work()
    held = Subscription.objects.filter(pk__in=[line.subscription_id, other.subscription_id])
    assert set(held.values_list("unit_price", flat=True)) == {Decimal("16.40")}
    assert len(line.effects()) == before + 1
    assert (line.badge, other.badge) == ("synced", "synced")


def test_another_price_of_one_alone_is_refused(world: World) -> None:
    line = world.line(units=10)
    second = another(line, unit_price="19.00")
    with pytest.raises(Conflicting, match="another price or cost"):
        together(line, second)
    assert not SubscriptionMapping.objects.filter(subscription_id=second).exists()


def test_it_leaves_and_the_line_goes_on_with_the_others(world: World) -> None:
    line, other = pair(world)
    apart(other)
    world.work()
    assert line.units(world.tenancy.today()) == 10
    assert (line.badge, other.badge) == ("synced", "not_mapped")
    line.quantity(11)
    world.work()
    assert line.units(world.tenancy.today()) == 11


def test_the_first_leaves_and_the_line_is_the_others(world: World) -> None:
    line, other = pair(world)
    apart(line)
    world.work()
    assert other.units(world.tenancy.today()) == 5
    assert (line.badge, other.badge) == ("not_mapped", "synced")
    assert Lane.objects.get(pk=line.lane_id).subscription_id == other.subscription_id
    other.quantity(8)
    world.work()
    assert other.units(world.tenancy.today()) == 8


def test_a_line_is_never_shared_by_mapping_alone(world: World) -> None:
    line = world.line(units=10)
    second = another(line)
    with pytest.raises(Conflicting, match="Another subscription is already billed by this line"):
        world.tenancy.map(
            second,
            world.connection_id,
            contract_id=line.contract_id,
            line_id=line.line_id,
            service_id=line.service_id,
            company_id=line.company_id,
        )


def test_a_line_that_bills_both_already_is_mapped_without_a_call(world: World) -> None:
    """Both without a first sync, which is decided on for both: 15 is what they have."""
    line = world.line(units=15, quantity=10, settled=False)
    of, held = world.tenancy, SubscriptionMapping.objects.get(lane_id=line.lane_id)
    first = of.subscription(customer_id=of.customer(), offer_id=of.offer())
    where = (line.contract_id, line.line_id, line.company_id, line.service_id)
    place = place_of(held)
    line.decide("skip")
    unmap_subscription(line.subscription_id, world.connection_id, **by(world))
    lane_id = map_subscription(first, world.connection_id, place, **by(world))
    line = Line(world, first, lane_id, *where)
    other = another_on(line, quantity=5)
    world.work()
    assert line.effects() == []
    bring_to_ours(
        subscription_id=other.subscription_id,
        connection_id=world.connection_id,
        today=of.today(),
        asked=of.asked(),
    )
    world.work()
    assert (line.badge, other.badge) == ("synced", "synced")
    assert line.effects() == []


@pytest.mark.parametrize(
    ("differs", "why"),
    [
        ({"unit_price": "19.00"}, "another price or cost"),
        ({"unit_cost": "9.00"}, "another price or cost"),
        ({"offer_id": None}, "another offer"),
        ({"customer_id": None}, "another customer"),
        ({"is_trial": True}, "trial"),
    ],
)
def test_what_differs_has_a_line_of_its_own(
    world: World, differs: dict[str, Any], why: str
) -> None:
    line = world.line(units=10)
    second = another(line, **differs)
    with pytest.raises(Conflicting, match=why):
        together(line, second)
    assert not SubscriptionMapping.objects.filter(subscription_id=second).exists()


def test_a_difference_is_decided_on_before_another_joins(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(15)
    world.sweep()
    with pytest.raises(Conflicting, match="decide on that first"):
        together(line, another(line))


def test_what_needs_a_line_of_its_own_waits_until_they_are_apart(world: World) -> None:
    line, other = pair(world)
    of, held = world.tenancy, Subscription.objects.get(pk=line.subscription_id)
    with pytest.raises(Conflicting, match="Bill it apart"):
        unmap_subscription(other.subscription_id, world.connection_id, **by(world))
    with pytest.raises(Conflicting, match="Bill it apart"):
        move_to_reseller(
            customer_id=held.customer_id,
            reseller_id=add_reseller(of.tenant_id, "The other", now=of.clock.now()),
            today=of.today(),
            asked=of.asked(),
        )
    with pytest.raises(Conflicting, match="or bill it apart"):
        override(
            world.connection_id,
            {"cancel_rule": CancelRule.PRICE_ZERO.value},
            subscription_id=other.subscription_id,
            **by(world),
        )
    assert [one.state for one in line.deliveries()] == ["synced", "synced"]


def test_a_renewal_at_another_price_is_recorded_for_all_or_not(world: World) -> None:
    line, _ = pair(world)
    of = world.tenancy
    Subscription.objects.filter(pk=line.subscription_id).update(commitment_ends_on=of.today())
    with pytest.raises(Conflicting, match="a line has one price"):
        renew(
            subscription_id=line.subscription_id,
            price=NewPrice(Decimal("16.40")),
            asked=of.asked(),
        )


def test_a_suspended_one_is_counted_by_its_rule(world: World) -> None:
    line, other = pair(world)
    of = world.tenancy
    world.policy(suspend_nce=SuspendRule.UNITS_ZERO)
    suspend(subscription_id=other.subscription_id, today=of.today(), asked=of.asked())
    world.work()
    assert line.units(of.today()) == 10
    line.quantity(12)
    world.work()
    assert line.units(of.today()) == 12
    reactivate(subscription_id=other.subscription_id, today=of.today(), asked=of.asked())
    world.work()
    assert line.units(of.today()) == 17
    assert (line.badge, other.badge) == ("synced", "synced")


def test_a_look_says_the_change_of_the_sum(world: World) -> None:
    line, other = pair(world)
    found = lane(other, quantity(other, 7, world.tenancy.today()))
    before = len(line.effects())
    assert found.target.units == 17
    other.quantity(7)
    world.work()
    assert effects(line, since=before) == told(found)


def test_a_hand_edit_is_the_lines_and_is_put_back_to_the_sum(world: World) -> None:
    line, other = pair(world)
    line.hand_edit(20)
    world.sweep()
    assert (line.badge, other.badge) == ("out_of_sync", "out_of_sync")
    of = world.tenancy
    drift_id = line.lane().drift_id
    assert drift_id is not None
    with pytest.raises(Conflicting, match="not known whose quantity"):
        decide_drift(
            drift_id,
            Decision(How.KEEP, "seen", record_quantity=True),
            today=of.today(),
            asked=of.asked(),
        )
    decide_drift(drift_id, Decision(How.RESTORE, "seen"), today=of.today(), asked=of.asked())
    world.work()
    assert line.units(of.today()) == 15
    other.quantity(6)
    world.work()
    assert line.units(of.today()) == 16
    assert (line.badge, other.badge) == ("synced", "synced")


def test_a_month_is_proved_for_the_line_as_a_whole(world: World) -> None:
    line, other = pair(world)
    of = world.tenancy
    world.clock.advance(40 * 24 * 3600)
    proof_id = close_month(
        world.connection_id, date(2026, 5, 1), billing=world.engine.billing, **by(world)
    )
    proof = get_proof(of.context, proof_id)
    assert (proof.equal, proof.different, proof.not_billed) == (1, 0, 0)
    (kept,) = MonthProofLine.objects.filter(proof_id=proof_id)
    assert kept.others == [other.subscription_id]
    assert kept.subscription_id == line.subscription_id
    assert "together with" in kept.subscription_name


def test_a_margin_rule_counts_for_each_and_goes_out_once(world: World) -> None:
    line, other = pair(world)
    of, before = world.tenancy, len(line.effects())
    listed(of, Subscription.objects.get(pk=line.subscription_id).offer_id, cost="12.10")
    what = rule_to_apply(of.context, ruled(of, "50"), today=of.today())
    run = apply_prices(what, choice=Choice(), asked=of.asked())
    assert (run.recorded, run.left) == (2, 0)
    world.work()
    assert len(line.effects()) == before + 1
    assert (line.badge, other.badge) == ("synced", "synced")
    again = apply_prices(what, choice=Choice(), asked=of.asked())
    assert (again.recorded, again.left) == (0, 0)


def test_a_rule_that_would_not_count_for_all_is_left_to_a_person(world: World) -> None:
    line, other = pair(world)
    of = world.tenancy
    offer_id = Subscription.objects.get(pk=line.subscription_id).offer_id
    listed(of, offer_id, cost="12.10")
    what = rule_to_apply(of.context, ruled(of, "50"), today=of.today())
    excluded = Choice.of((other.subscription_id,))
    run = apply_prices(what, choice=excluded, asked=of.asked())
    assert (run.recorded, run.left, run.left_out) == (0, 1, 1)
    [left] = left_of(of.context, run.id).items
    assert "one of those is left out" in left.why
    held = Subscription.objects.filter(pk__in=[line.subscription_id, other.subscription_id])
    assert set(held.values_list("unit_price", flat=True)) == {Decimal("15.20")}


def test_a_price_that_was_said_of_one_alone_is_refused(world: World) -> None:
    line, _ = pair(world)
    with pytest.raises(Conflicting, match="a line has one price"):
        line.price("16.40", alone=True)


def test_a_quantity_under_a_promotion_is_recorded_without_its_price(world: World) -> None:
    line, other = pair(world)
    of, held = world.tenancy, Subscription.objects.get(pk=line.subscription_id)
    listed(of, held.offer_id, "12.10", "15.20")
    ruled(of, "25")
    new = NewPromotion(
        "P1",
        "Ten months",
        held.offer.product_id,
        held.offer.sku_id,
        available_from=date(2024, 1, 1),
        available_to=date(2026, 12, 31),
        percent=Decimal(10),
        months=10,
    )
    add_promotion(new, by=desk_by(of))
    other.quantity(7)
    world.work()
    assert line.units(of.today()) == 17
    said = Operation.objects.filter(subscription_id=other.subscription_id).latest("sequence")
    assert "unit_price" not in said.after
    log = AuditLog.objects.filter(
        subscription_id=other.subscription_id, event=Event.UPDATE_SUBSCRIPTION.value
    ).latest("pk")
    assert "the price of the promotion Ten months is not recorded" in log.summary
