"""A change of offer moves to another line: that one is proved first, then the earlier one ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from factories import TODAY, sibling
from harness import World
from moving import ANNUAL, MONTH, YEARLY, Company, company
from tallystick.audit.models import AuditLog
from tallystick.audit.record import SYSTEM
from tallystick.bootstrap.preview_words import in_sentences, nothing_sent
from tallystick.catalog.add_offer import add_offer
from tallystick.catalog.queries import facts_of
from tallystick.catalog.terms import BillingCycle, Term
from tallystick.connections.learn import set_policy
from tallystick.connections.policies import Mode
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.ledger.models import Delivery, Lane, Operation
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.mappings.models import LineWanted, NextPlace
from tallystick.mappings.next_place import take_back
from tallystick.mappings.want_line import choose_wanted, find_wanted
from tallystick.operations.change_offer import NewOffer, change_offer
from tallystick.operations.suspend import suspend
from tallystick.subscriptions.models import Subscription
from tallystick.sync.resolve import resolve
from tallystick.sync.verify import verify

DAY_BEFORE = date(2026, 5, 9)


@pytest.fixture
def here(db: None) -> Iterator[Company]:
    with company() as made:
        yield made


def events(of: int) -> list[tuple[str, str]]:
    found = AuditLog.objects.filter(subscription_id=of).order_by("pk")
    return [(log.event, log.status) for log in found]


def test_the_new_line_is_set_and_then_the_earlier_one_goes_to_0(here: Company) -> None:
    one = here.held()
    here.to_annual(one)
    here.work()
    assert here.badge(one) == "synced", here.cause(one)
    old, new = here.here.refs["ml"], here.line_of(one)
    assert here.mapping(one).contract_name == "Cloud yearly"
    assert here.effects(new) == [("2026-05-10", 10, "182.40")]
    assert here.effects(old) == [("2026-05-10", -10, None)]
    assert (here.units(old, DAY_BEFORE), here.units(old, TODAY)) == (10, 0)
    assert here.kinds(one) == ["purchase", "change_offer", "end"]
    held = here.held_now(one)
    assert (held.offer_id, str(held.unit_price)) == (here.annual, "182.4000")
    assert Lane.objects.filter(subscription_id=one, open=True).count() == 1
    assert events(one)[-4:] == [
        ("subscription.change_offer", "succeeded"),
        ("subscription.update_on_connection", "succeeded"),
        ("subscription.end_on_contract", "succeeded"),
        ("subscription.update_on_connection", "succeeded"),
    ]
    assert verify(here.engine, here.here.connection_id).different == 0


def test_what_is_looked_at_is_what_is_sent(here: Company) -> None:
    one = here.held()
    ahead = here.ahead(one, lambda asked: here.to_annual(one, quantity=8, asked=asked))
    said = in_sentences(ahead)
    assert [lane.mapping.contract_name for lane in ahead.lanes] == ["Cloud yearly", "Cloud monthly"]
    calls = [
        [(c.unit_change, c.unit_price) for c in lane.foreseen.calls]
        for lane in ahead.lanes
        if lane.foreseen
    ]
    assert here.kinds(one) == ["purchase"], "nothing was stored"
    assert here.effects(here.here.refs["ml"]) == []
    assert "+8 units" in said[0].lead
    assert "−10 units" in said[1].lead
    here.to_annual(one, quantity=8)
    here.work()
    new = here.line_of(one)
    sent = [here.here.simulator.effects(line) for line in (new, here.here.refs["ml"])]
    assert calls == [[(e["unit_change"], e["unit_price"]) for e in line] for line in sent]
    assert here.held_now(one).quantity == 8


def test_a_free_line_that_is_looked_at_is_read(db: None) -> None:
    with company("ml", "yl") as here:
        one = here.held()
        ahead = here.ahead(one, lambda asked: here.to_annual(one, asked=asked))
        first = ahead.lanes[0]
        assert first.mapping.line_id == here.here.refs["yl"]
        assert first.foreseen is not None
        assert first.foreseen.is_already_so, "ten at that price are there"


def test_the_same_period_stays_on_its_line(here: Company) -> None:
    """Another term of the same product, billed monthly as before."""
    one = here.held()
    three_years = here.offer(MONTH, term=Term.THREE_YEARS)
    here.change(one, three_years, "14.00", quantity=12)
    here.work()
    assert here.badge(one) == "synced", here.cause(one)
    assert here.line_of(one) == here.here.refs["ml"]
    assert here.effects(here.here.refs["ml"]) == [("2026-05-10", 2, "14.00")]
    assert here.kinds(one) == ["purchase", "change_offer"]
    here.change(one, here.offer(MONTH, term=Term.MONTH), None)
    here.work()
    assert len(here.effects(here.here.refs["ml"])) == 1, "neither units nor price have changed"
    assert here.badge(one) == "synced"


def test_an_upgrade_moves_to_a_line_of_the_same_contract(here: Company) -> None:
    one = here.held()
    e5 = here.offer(MONTH, service="e5", sku="0002")
    ahead = here.ahead(one, lambda asked: here.change(one, e5, "54.00", cost="45.00", asked=asked))
    assert [said.where.split(" · ")[0] for said in in_sentences(ahead)] == [
        "Cloud monthly, E5 monthly",
        "Cloud monthly, M365 monthly",
    ]
    here.change(one, e5, "54.00", cost="45.00")
    here.work()
    assert here.badge(one) == "synced", here.cause(one)
    assert here.effects(here.line_of(one)) == [("2026-05-10", 10, "54.00")]
    assert here.effects(here.here.refs["ml"]) == [("2026-05-10", -10, None)]
    end = Operation.objects.get(subscription_id=one, kind="end")
    assert (end.before["contract"], end.after["contract"]) == (
        "Cloud monthly, M365 monthly",
        "Cloud monthly, E5 monthly",
    )


def test_an_unmapped_subscription_has_another_offer_and_nothing_is_sent(here: Company) -> None:
    one = here.of.subscription(customer_id=here.customer, offer_id=here.monthly)
    recorded = here.to_annual(one)
    assert recorded.lane_ids == ()
    assert here.held_now(one).offer_id == here.annual
    with pytest.raises(InvalidInput, match="not mapped"):
        here.to_monthly(one, to=("mk", None))


# No line fits: recorded all the same, red, with what to do.


def wanting(here: Company, *, cycle: BillingCycle = ANNUAL) -> tuple[int, int]:
    """A subscription whose new offer no service is mapped for."""
    one = here.held()
    e5 = here.offer(cycle, sku="0002")
    here.change(one, e5, "650.00", cost="540.00")
    here.work()
    return one, e5


def test_without_a_service_it_is_out_of_sync_until_the_offer_is_mapped(here: Company) -> None:
    one, e5 = wanting(here)
    assert here.badge(one) == "out_of_sync"
    assert here.cause(one) == (
        "Not sent: it needs a yearly line. Microsoft 365 E5 · 1 year · Annual is not mapped to a "
        "service yet. Its earlier line bills on as it was, and the operations behind it wait. Map "
        "the offer to a yearly service, then press Sync."
    )
    assert (
        Delivery.objects.get(
            operation__subscription_id=one, operation__kind="change_offer"
        ).cause_code
        == "needs_yearly_line"
    )
    assert here.effects(here.here.refs["ml"]) == []
    assert here.held_now(one).offer_id == e5, "it was recorded"
    here.here.load(
        services=[{"ref": "ey", "name": "E5 yearly", "period_type": 5, "unit_price": "650.00"}]
    )
    here.here.read()
    here.map_offer(e5, "ey")
    here.press_sync(one)
    assert here.badge(one) == "synced", here.cause(one)
    assert here.effects(here.line_of(one)) == [("2026-05-10", 10, "650.00")]
    assert here.effects(here.here.refs["ml"]) == [("2026-05-10", -10, None)]


def test_a_look_ahead_says_what_is_missing(here: Company) -> None:
    one = here.held()
    e5 = here.offer(ANNUAL, sku="0002")
    ahead = here.ahead(
        one, lambda asked: here.change(one, e5, "650.00", cost="540.00", asked=asked)
    )
    assert ahead.lanes == []
    assert nothing_sent(ahead).startswith(
        "It will be recorded, and is not sent yet. Not sent: it needs a yearly line."
    )
    assert not LineWanted.objects.filter(subscription_id=one).exists()


def test_without_a_contract_it_waits_for_one(here: Company) -> None:
    here.here.simulator.edit_contract(here.here.refs["yk"], status=0)
    here.here.read()
    one = here.held()
    here.to_annual(one)
    here.work()
    assert "Contoso has no yearly contract in Autotask that bills from 10 May 2026." in here.cause(
        one
    )
    here.here.load(
        contracts=[
            {"ref": "y2", "company": here.here.refs["c"], "name": "Second", "period_type": 5}
            | {"start": "2026-01-01", "end": "2029-12-31"}
        ]
    )
    here.here.read()
    here.press_sync(one)
    assert here.badge(one) == "synced", here.cause(one)
    assert here.mapping(one).contract_name == "Second"


def test_of_several_a_person_chooses(here: Company) -> None:
    two_yearly(here)
    one = here.held()
    here.to_annual(one)
    here.work()
    assert "2 contracts fit (Cloud yearly, Second)." in here.cause(one)
    here.press_sync(one)
    assert here.badge(one) == "out_of_sync", "nobody has chosen"
    choose(here, one, "y2")
    with pytest.raises(NotFound):
        choose(here, one, "y2")
    here.press_sync(one)
    assert here.badge(one) == "synced", here.cause(one)
    assert here.mapping(one).contract_name == "Second"
    assert ("connection.choose_next_line", "succeeded") in events(one)


def test_what_was_chosen_with_it_is_taken(here: Company) -> None:
    two_yearly(here)
    one = here.held()
    here.to_annual(one, to=("y2", None))
    here.work()
    assert here.badge(one) == "synced", here.cause(one)
    assert here.mapping(one).contract_name == "Second"


def test_of_several_lines_a_person_chooses(here: Company) -> None:
    refs = here.here.refs
    line: dict[str, Any] = {"contract": refs["yk"], "service": refs["ys"], "units": 0}
    here.here.load(lines=[{"ref": "a", **line}, {"ref": "b", **line}])
    here.here.read()
    one = here.held()
    here.to_annual(one)
    here.work()
    assert "2 lines of M365 yearly are free on Cloud yearly." in here.cause(one)
    choose(here, one, "yk", "b")
    here.press_sync(one)
    assert here.line_of(one) == here.here.refs["b"]
    assert here.badge(one) == "synced", here.cause(one)


def test_what_is_billed_once_has_no_line(here: Company) -> None:
    one, _ = wanting(here, cycle=BillingCycle.TRIENNIAL)
    assert "Triennial is billed once" in here.cause(one)
    with pytest.raises(Conflicting, match="Not settled yet: 1"):
        unmap(here, one)
    decide(here, one, "skip")
    unmap(here, one)
    assert not LineWanted.objects.filter(subscription_id=one).exists()
    assert not Lane.objects.filter(subscription_id=one, open=True).exists()


def test_it_may_become_the_offer_again_that_its_line_bills(here: Company) -> None:
    one, _ = wanting(here)
    here.of.quantity(one, 11, TODAY)
    here.change(one, here.monthly, "15.20", cost="12.10")
    here.work()
    assert here.badge(one) == "synced", here.cause(one)
    assert here.line_of(one) == here.here.refs["ml"]
    assert here.effects(here.here.refs["ml"]) == [("2026-05-10", 1, "15.20")]
    assert Lane.objects.filter(subscription_id=one, open=True).count() == 1


def test_another_offer_takes_the_place_of_one_that_found_no_line(here: Company) -> None:
    one, _ = wanting(here)
    here.to_annual(one)
    here.work()
    assert here.badge(one) == "synced", here.cause(one)
    assert here.mapping(one).contract_name == "Cloud yearly"


# Where it stops, and what is sent until then.


def stopped_at_the_new_line(here: Company) -> None:
    here.here.simulator.add_fault("refuse", method="POST", path="/Services", message="No.")


def stopped_at_its_units(here: Company) -> None:
    here.here.simulator.add_fault("refuse", method="POST", path="ServiceAdjustments", message="No.")


@pytest.mark.parametrize("fault", [stopped_at_the_new_line, stopped_at_its_units])
def test_the_earlier_line_is_left_alone_while_the_new_one_is_stopped(
    here: Company, fault: Callable[[Company], None]
) -> None:
    one = here.held()
    fault(here)
    here.to_annual(one)
    here.work()
    assert here.badge(one) == "out_of_sync"
    assert "Autotask refused it: No." in here.cause(one)
    assert here.effects(here.here.refs["ml"]) == []
    assert here.kinds(one) == ["purchase", "change_offer"]
    here.press_sync(one)
    assert here.badge(one) == "synced", here.cause(one)
    assert here.effects(here.here.refs["ml"]) == [("2026-05-10", -10, None)]


def test_an_earlier_line_that_cannot_be_ended_is_red_too(here: Company) -> None:
    one = here.held()
    old = here.here.refs["ml"]
    here.here.simulator.hand_edit(old, date(2026, 5, 8), units=13)
    here.to_annual(one)
    here.work()
    assert here.badge(one) == "out_of_sync"
    assert "13" in here.cause(one)
    assert here.effects(old) == []
    following = NextPlace.objects.get(subscription_id=one)
    assert here.effects(following.line_id or 0) == [("2026-05-10", 10, "182.40")]
    with pytest.raises(Conflicting, match="is to continue on Cloud yearly"):
        here.to_monthly(one)
    here.here.simulator.hand_edit(old, date(2026, 5, 8), units=10)
    here.press_sync(one)
    assert here.badge(one) == "synced", here.cause(one)
    assert here.units(old, TODAY) == 0


@pytest.mark.parametrize("which", ["new", "old"])
def test_an_answer_that_is_lost_is_looked_for_and_not_sent_again(here: Company, which: str) -> None:
    one = here.held()
    at = {"contract_service_id": here.here.refs["ml"]} if which == "old" else {}
    here.here.simulator.add_fault("lose_answer", method="POST", path="ServiceAdjustments", **at)
    here.to_annual(one)
    here.work()
    here.of.later(seconds=120)
    here.work()
    here.of.later(seconds=400)
    here.work()
    assert here.badge(one) == "synced", here.cause(one)
    assert here.effects(here.line_of(one)) == [("2026-05-10", 10, "182.40")]
    assert here.effects(here.here.refs["ml"]) == [("2026-05-10", -10, None)]


def test_one_that_was_set_aside_does_not_end_the_earlier_line(here: Company) -> None:
    one = here.held()
    stopped_at_the_new_line(here)
    here.to_annual(one)
    here.work()
    decide(here, one, "skip")
    here.work()
    assert here.effects(here.here.refs["ml"]) == [], "nobody else bills it"
    assert here.kinds(one) == ["purchase", "change_offer"]
    here.of.quantity(one, 11, TODAY)
    here.work()
    assert here.badge(one) == "synced", here.cause(one)
    assert here.units(here.here.refs["ml"], TODAY) == 0
    assert here.units(here.line_of(one), TODAY) == 11


def test_held_for_review_nothing_moves(here: Company) -> None:
    set_policy(
        here.here.connection_id,
        policy="mode",
        value=Mode.REVIEW,
        actor=here.of.context.actor,
        now=here.of.clock.now(),
        correlation_id=correlation_id(),
    )
    one = here.held()
    here.to_annual(one)
    here.work()
    assert here.badge(one) == "waiting_for_approval"
    assert here.kinds(one) == ["purchase", "change_offer"]


# A price belongs to the line of its own offer.


def test_no_price_of_the_new_offer_reaches_the_earlier_line(here: Company) -> None:
    one = here.held()
    here.here.simulator.hand_edit(here.here.refs["ml"], date(2026, 5, 8), units=13)
    here.to_annual(one)
    here.work()
    assert here.badge(one) == "out_of_sync", "the earlier line is still there"
    here.of.price(one, "190.00", date(2026, 5, 5))
    here.of.quantity(one, 12, date(2026, 5, 5))
    lanes = {
        found.operation.kind: found.operation.delivery_set.count()
        for found in Delivery.objects.filter(operation__subscription_id=one, sequence__gte=4)
    }
    assert lanes == {"update_price_margin": 1, "update_quantity": 2}
    late = Delivery.objects.get(
        operation__subscription_id=one, operation__kind="update_price_margin"
    )
    assert (late.effective_on, late.lane.ends_on) == (TODAY, None)


def test_a_price_is_never_sent_to_a_line_of_another_period(world: World) -> None:
    """Mapped to a yearly contract although it is billed monthly: Autotask's period decides."""
    line = world.line(period_type=YEARLY, unit_price="182.40")
    other = another_term(line.subscription_id)
    change_offer(
        subscription_id=line.subscription_id,
        to=NewOffer.read(other, unit_price="15.20", quantity=12, accepted=True),
        today=TODAY,
        asked=world.tenancy.asked(),
    )
    world.work()
    assert line.badge == "out_of_sync"
    assert "it needs a monthly line. In Autotask Cloud services is not billed monthly" in line.cause
    assert line.effects() == []


def another_term(subscription_id: int) -> int:
    held = Subscription.objects.select_related("offer").get(pk=subscription_id)
    facts = replace(facts_of(held.offer), term=Term.THREE_YEARS)
    return add_offer(
        facts,
        tenant_id=held.tenant_id,
        actor=SYSTEM,
        now=held.created_at,
        correlation_id="c",
    )[0]


def test_a_later_change_stays_on_the_earlier_line_until_its_day(here: Company) -> None:
    """The vendor's change of offer is heard of late: what is billed already is not undone."""
    here.here.simulator.set_knobs(same_day="add")
    one = here.held()
    here.of.quantity(one, 12, date(2026, 5, 6))
    here.work()
    here.to_annual(one, on=date(2026, 5, 4))
    here.work()
    assert here.badge(one) == "synced", here.cause(one)
    assert here.effects(here.line_of(one)) == [("2026-05-06", 12, "182.40")]
    assert here.units(here.here.refs["ml"], date(2026, 5, 6)) == 0
    moved = Delivery.objects.get(operation__subscription_id=one, operation__kind="change_offer")
    assert "first day that is billed here" in moved.moved_because


# What is refused, and names the field.


def test_what_is_refused_and_why(here: Company) -> None:
    one = here.held()
    with pytest.raises(InvalidInput, match="is the offer it has"):
        here.to_monthly(one)
    with pytest.raises(InvalidInput, match="no offer that is known here"):
        here.change(one, 10**15, "1.00")
    with pytest.raises(InvalidInput) as caught:
        here.change(one, here.annual, None)
    assert [error.field for error in caught.value.errors] == ["unit_price", "unit_cost"]
    assert "changes from Monthly to Annual" in caught.value.errors[0].message
    with pytest.raises(InvalidInput, match="before the subscription's start"):
        here.to_annual(one, on=date(2025, 12, 31))
    with pytest.raises(InvalidInput, match="not a recurring service contract of Contoso"):
        here.to_annual(one, to=("c", None))
    with pytest.raises(InvalidInput, match="is billed monthly"):
        here.to_annual(one, to=("mk", None))
    bare = here.of.subscription(
        customer_id=here.customer, offer_id=here.monthly, unit_price=None, unit_cost=None
    )
    with pytest.raises(InvalidInput, match="has no currency yet"):
        here.to_annual(bare)
    suspend(subscription_id=one, today=TODAY, asked=here.of.asked())
    with pytest.raises(InvalidInput, match="is suspended"):
        here.to_annual(one)
    assert here.kinds(one) == ["purchase", "suspend"]
    assert not NextPlace.objects.filter(subscription_id=one).exists()


def test_the_same_origin_again_is_the_same_operation(here: Company) -> None:
    one = here.held()
    asked = here.of.asked(source_id="event-7")
    first = here.to_annual(one, asked=asked)
    again = here.to_annual(one, asked=asked)
    assert (first.operation_id, first.sequence) == (again.operation_id, again.sequence)


def test_it_is_a_fact_and_is_not_taken_back(here: Company) -> None:
    one = here.held()
    here.of.quantity(one, 12, date(2026, 6, 1))
    here.work()
    here.to_annual(one)  # from 1 Jun: what is dated then stays with the earlier line
    with pytest.raises(Conflicting, match="another offer, which this line cannot bill"):
        take_back(
            one,
            here.here.connection_id,
            context=here.of.context,
            now=here.of.clock.now(),
            correlation_id="c",
        )


def test_somebody_elses_subscription_is_not_there(here: Company) -> None:
    one = here.held()
    other = sibling(here.of)
    with pytest.raises(NotFound):
        here.to_annual(one, asked=other.asked())


def test_a_lane_that_wants_no_line_finds_none(here: Company) -> None:
    one = here.held()
    assert find_wanted(here.mapping(one).lane_id) is None


# Helpers.


def two_yearly(here: Company) -> None:
    here.here.load(
        contracts=[
            {"ref": "y2", "company": here.here.refs["c"], "name": "Second", "period_type": 5}
            | {"start": "2026-01-01", "end": "2029-12-31"}
        ]
    )
    here.here.read()


def choose(here: Company, subscription_id: int, contract: str, line: str | None = None) -> None:
    choose_wanted(
        subscription_id,
        here.here.connection_id,
        contract_id=here.here.refs[contract],
        line_id=None if line is None else here.here.refs[line],
        context=here.of.context,
        now=here.of.clock.now(),
        correlation_id=correlation_id(),
    )


def decide(here: Company, subscription_id: int, how: str) -> None:
    stopped = Delivery.objects.filter(
        operation__subscription_id=subscription_id, state__in=["failed", "conflict"]
    ).earliest("sequence")
    resolve(
        stopped.operation_id,
        here.here.connection_id,
        how=how,
        reason="decided",
        context=here.of.context,
        now=here.of.clock.now(),
        wake=here.of.wake,
        correlation_id=correlation_id(),
    )


def unmap(here: Company, subscription_id: int) -> None:
    unmap_subscription(
        subscription_id,
        here.here.connection_id,
        context=here.of.context,
        now=here.of.clock.now(),
        correlation_id="c",
    )
