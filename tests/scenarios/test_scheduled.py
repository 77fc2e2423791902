"""What is scheduled takes effect by itself: on its day, once, also when no worker was there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from factories import TODAY, Tenancy, nobody_wakes, number
from moving import LAST, MONTH, NEXT, Company, carry, company
from price_desk import listed, ruled
from tallystick.audit.models import AuditLog
from tallystick.audit.record import Actor
from tallystick.catalog.models import Offer
from tallystick.catalog.terms import BillingCycle, Term
from tallystick.identity.context import Context
from tallystick.identity.people import add_tenant
from tallystick.identity.roles import Role
from tallystick.kit.clock import SteppedClock
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.models import Operation
from tallystick.operations.carry_out import carry_out_due
from tallystick.operations.change_offer import NewOffer
from tallystick.operations.note import rename
from tallystick.operations.reactivate import reactivate
from tallystick.operations.renew import NewPrice, renew
from tallystick.operations.schedule import (
    Plan,
    change_offer_from,
    schedule,
    take_back_scheduled,
)
from tallystick.operations.schedule_ahead import schedule_ahead
from tallystick.operations.suspend import suspend
from tallystick.subscriptions.models import ScheduledChange, Subscription
from tallystick.subscriptions.refused import RefusedView, refused_of
from tallystick.subscriptions.scheduled import scheduled_of
from tallystick.subscriptions.status import EndOfTerm


@pytest.fixture
def here(db: None) -> Iterator[Company]:
    with company() as made:
        yield made


def plan(here: Company, subscription_id: int, **what: Any) -> None:
    schedule(
        subscription_id=subscription_id,
        plan=Plan(**what),
        today=here.of.today(),
        asked=here.of.asked(),
    )


def last(subscription_id: int, kind: str) -> Operation:
    return Operation.objects.filter(subscription_id=subscription_id, kind=kind).latest("sequence")


def test_scheduling_sends_nothing_and_says_so(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    plan(here, one, offer_id=here.annual, quantity=8, price=NewPrice.read("182.40", "145.20"))
    here.work()
    assert here.badge(one) == "synced"
    told = last(one, "schedule_change")
    words = "Microsoft 365 Business Premium · 1 year · Annual, quantity 8, unit price 182.40"
    assert told.after["value"] == f"{words} from 1 Jan 2027"
    delivery = told.delivery_set.get()
    assert (delivery.state, delivery.cause) == (
        "not_applicable",
        "It takes effect by itself on 1 Jan 2027. Nothing is sent now.",
    )
    assert here.held_now(one).offer_id == here.monthly
    carry(here)
    assert here.kinds(one) == ["purchase", "schedule_change"]


def test_another_cycle_at_renewal_moves_to_its_line(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    plan(here, one, offer_id=here.annual, quantity=8, price=NewPrice.read("182.40", "145.20"))
    here.until(NEXT + timedelta(days=4))  # nobody worked on the day itself
    carry(here)
    carry(here)
    assert here.badge(one) == "synced", here.cause(one)
    assert here.kinds(one) == ["purchase", "schedule_change", "change_offer", "end"]
    assert here.effects(here.line_of(one)) == [("2027-01-01", 8, "182.40")]
    assert here.effects(here.here.refs["ml"]) == [("2027-01-01", -10, None)]
    held = here.held_now(one)
    assert (held.offer_id, held.quantity) == (here.annual, 8)
    assert held.commitment_ends_on == date(2027, 12, 31)
    assert last(one, "change_offer").actor == "Tallystick, for Ada Admin"
    assert not ScheduledChange.objects.filter(subscription_id=one).exists()


def test_a_renewal_with_another_quantity_and_price(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    plan(here, one, then=EndOfTerm.RENEW, quantity=7, price=NewPrice.read("16.00", None))
    here.until(NEXT)
    carry(here)
    assert here.badge(one) == "synced", here.cause(one)
    assert here.effects(here.here.refs["ml"]) == [("2027-01-01", -3, "16.00")]
    assert here.kinds(one)[-1] == "renew"
    assert here.held_now(one).commitment_ends_on == date(2027, 12, 31)


PLANS: dict[str, dict[str, Any]] = {
    "renews": {"then": EndOfTerm.RENEW, "quantity": 7, "price": NewPrice.read("16.00", None)},
    "ends": {"then": EndOfTerm.CANCEL},
    "goes on by the month": {"then": EndOfTerm.EXTEND},
}


@pytest.mark.parametrize("said", [*PLANS, "another cycle"])
def test_a_look_says_what_is_then_recorded_and_sent(here: Company, said: str) -> None:
    one = here.held(commitment_ends_on=LAST)
    moves = {"offer_id": here.annual, "quantity": 8, "price": NewPrice.read("182.40", "145.20")}
    what = Plan(**PLANS.get(said, moves))
    ahead = here.ahead(
        one,
        lambda asked: schedule_ahead(
            subscription_id=one, plan=what, today=here.of.today(), asked=asked
        ),
    )
    assert here.kinds(one) == ["purchase"], "a look stores nothing"
    assert scheduled_of([one]) == {}
    looked = ahead.operation
    schedule(subscription_id=one, plan=what, today=here.of.today(), asked=here.of.asked())
    here.until(NEXT)
    carry(here)
    done = last(one, looked.kind.value)
    # The offer of the extended service term is added on the day: another number, the same offer.
    assert {**done.after, "offer_id": 0} == {**looked.after, "offer_id": 0}
    assert looked.effective_on == done.effective_on == NEXT
    calls = [
        (call.effective_on.isoformat(), call.unit_change, call.unit_price)
        for lane in ahead.lanes
        if lane.foreseen
        for call in lane.foreseen.calls
    ]
    sent = [
        (day, change, None if price is None else Decimal(price))
        for ref in ("yl", "ml")
        for day, change, price in here.effects(here.here.refs.get(ref, 0))
    ]
    new_line = here.line_of(one)
    if said == "another cycle":
        sent = [("2027-01-01", 8, Decimal("182.40")), *sent]
        assert here.effects(new_line) == [("2027-01-01", 8, "182.40")]
    assert calls == sent


def test_a_look_is_refused_as_its_day_would_refuse_it(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    Subscription.objects.filter(pk=one).update(status="suspended")
    with pytest.raises(InvalidInput, match="cannot be changed while it is suspended"):
        here.ahead(
            one,
            lambda asked: schedule_ahead(
                subscription_id=one,
                plan=Plan(then=EndOfTerm.RENEW, quantity=7),
                today=here.of.today(),
                asked=asked,
            ),
        )
    assert here.kinds(one) == ["purchase"]


def test_what_is_to_end_ends(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    plan(here, one, quantity=7)
    plan(here, one, then=EndOfTerm.CANCEL)
    assert last(one, "schedule_change").after["value"] == "Ends when its term ends"
    assert scheduled_of([one]) == {}
    here.until(NEXT)
    carry(here)
    assert here.kinds(one)[-1] == "expire"
    assert here.effects(here.here.refs["ml"]) == [("2027-01-01", -10, None)]


def test_an_upgrade_on_a_day_of_its_own_keeps_its_term(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    e5 = here.offer(MONTH, service="e5", sku="0002")
    change_offer_from(
        subscription_id=one,
        to=NewOffer.read(e5, unit_price="54.00", unit_cost="45.00"),
        effective_on=date(2026, 7, 1),
        today=TODAY,
        asked=here.of.asked(),
    )
    here.until(date(2026, 6, 30))
    carry(here)
    assert here.held_now(one).offer_id == here.monthly
    here.until(date(2026, 7, 1))
    carry(here)
    assert here.badge(one) == "synced", here.cause(one)
    assert here.effects(here.line_of(one)) == [("2026-07-01", 10, "54.00")]
    assert here.held_now(one).commitment_ends_on == LAST


def test_today_it_is_recorded_at_once(here: Company) -> None:
    one = here.held()
    to = NewOffer.read(here.annual, unit_price="182.40", unit_cost="145.20")
    it: dict[str, Any] = {"subscription_id": one, "to": to, "today": TODAY}
    change_offer_from(**it, asked=here.of.asked())
    assert here.kinds(one)[-1] == "change_offer"


def test_the_price_follows_the_cycle_where_nobody_has_said_it(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    plan(here, one, offer_id=here.annual)
    here.until(NEXT)
    carry(here)
    assert here.badge(one) == "synced", here.cause(one)
    assert here.effects(here.line_of(one)) == [("2027-01-01", 10, "182.40")]
    assert str(here.held_now(one).unit_cost) == "145.2000"


def test_a_renewal_that_says_no_price_has_what_the_rules_come_to(here: Company) -> None:
    """The price was locked for a term: with the next one the list's counts."""
    one = here.held(commitment_ends_on=LAST)
    listed(here.of, here.monthly, cost="14.00", erp=None, effective_from=NEXT)
    ruled(here.of, "50")
    plan(here, one, then=EndOfTerm.RENEW, quantity=7)
    here.until(NEXT)
    carry(here)
    assert here.badge(one) == "synced", here.cause(one)
    assert here.effects(here.here.refs["ml"]) == [("2027-01-01", -3, "21.00")]
    assert str(here.held_now(one).unit_cost) == "14.0000"
    assert last(one, "renew").after["because"]


def test_a_price_that_moves_far_is_asked_about_when_it_is_scheduled(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    for what in ({"offer_id": here.annual}, {"quantity": 7}):
        said = "15.20" if "offer_id" in what else "182.40"
        with pytest.raises(InvalidInput, match="is more than a factor 3") as caught:
            plan(here, one, **what, price=NewPrice.read(said, "145.20"))
        assert [error.field for error in caught.value.errors] == ["accept_large_change"]
    assert scheduled_of([one]) == {}
    plan(here, one, quantity=7, price=NewPrice.read("182.40", None, accepted=True))
    here.until(NEXT)
    carry(here)
    assert here.badge(one) == "synced", here.cause(one)
    assert here.effects(here.here.refs["ml"]) == [("2027-01-01", -3, "182.40")]


def test_the_chosen_line_is_taken_on_the_day(here: Company) -> None:
    here.here.load(
        contracts=[
            {"ref": "y2", "company": here.here.refs["c"], "name": "Second", "period_type": 5}
            | {"start": "2026-01-01", "end": "2029-12-31"}
        ]
    )
    here.here.read()
    one = here.held(commitment_ends_on=LAST)
    plan(here, one, offer_id=here.annual, line=here.chosen("y2"))
    here.until(NEXT)
    carry(here)
    assert here.mapping(one).contract_name == "Second"


def test_what_is_recorded_after_the_day_comes_after_it(here: Company) -> None:
    """No worker was there: whoever records first lets it happen first."""
    one = here.held(commitment_ends_on=LAST)
    plan(here, one, offer_id=here.annual, price=NewPrice.read("182.40", "145.20"))
    here.until(NEXT + timedelta(days=3))
    here.of.quantity(one, 12, NEXT + timedelta(days=3))
    here.work()
    assert here.kinds(one) == [
        "purchase",
        "schedule_change",
        "change_offer",
        "update_quantity",
        "end",
    ]
    assert here.effects(here.line_of(one)) == [
        ("2027-01-01", 10, "182.40"),
        ("2027-01-04", 2, None),
    ]


def test_nothing_is_dated_behind_another_offer(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    plan(here, one, offer_id=here.annual)
    with pytest.raises(
        InvalidInput, match="must be before 1 Jan 2027: it is to have another offer"
    ):
        here.of.quantity(one, 12, date(2027, 2, 1))
    here.of.quantity(one, 12, date(2026, 12, 31))
    plan(here, one, quantity=8)  # the same offer: any day will do
    here.of.quantity(one, 13, date(2027, 2, 1))


def test_it_can_be_changed_and_taken_back(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    plan(here, one, offer_id=here.annual)
    plan(here, one, quantity=8)
    assert scheduled_of([one])[one].in_words() == "Renews, quantity 8 from 1 Jan 2027"
    back: dict[str, Any] = {"subscription_id": one, "today": TODAY}
    asked = here.of.asked(source_id="back")
    first = take_back_scheduled(**back, asked=asked)
    assert take_back_scheduled(**back, asked=asked).operation_id == first.operation_id
    told = last(one, "schedule_change")
    assert told.before["value"] == "Renews, quantity 8 from 1 Jan 2027"
    assert (
        told.delivery_set.get().cause == "Nothing takes effect by itself any more. Nothing is sent."
    )
    with pytest.raises(InvalidInput, match="nothing scheduled"):
        take_back_scheduled(**back, asked=here.of.asked())
    here.until(NEXT)
    carry(here)
    assert here.kinds(one)[-1] == "schedule_change"


def test_a_renewal_that_somebody_records_is_the_one(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    plan(here, one, quantity=8)
    renew(subscription_id=one, price=NewPrice(), quantity=9, asked=here.of.asked())
    assert scheduled_of([one]) == {}
    here.until(NEXT)
    carry(here)
    assert here.held_now(one).quantity == 9


def refused(subscription_id: int) -> RefusedView | None:
    return refused_of([subscription_id]).get(subscription_id)


def test_what_is_refused_on_its_day_is_kept_with_its_reason(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    plan(here, one, offer_id=here.annual)
    suspend(subscription_id=one, today=TODAY, asked=here.of.asked())
    here.until(NEXT)
    carry(here)
    assert scheduled_of([one])[one].offer_id == here.annual
    kept = refused(one)
    assert kept is not None
    offer = "Microsoft 365 Business Premium · 1 year · Annual"
    assert kept.in_words("UTC") == (
        f"{offer} from 1 Jan 2027: refused. It is suspended: its offer can be changed while it is "
        "active. Nothing was recorded or sent. Tried once since 1 Jan 2027; again on 2 Jan 2027, "
        "00:01, and when something else is recorded of it. Reactivate it if it is suspended, or "
        "say under Next term what is to happen instead. What was scheduled can be taken back."
    )
    here.of.clock.advance(23 * 3600)
    carry(here)
    assert refused(one) == kept, "not before its time"
    here.of.clock.advance(3600)
    carry(here)
    again = refused(one)
    assert again is not None
    assert (again.tries, again.since_at, again.on) == (2, kept.since_at, NEXT)
    (log,) = AuditLog.objects.filter(subscription_id=one, status="failed")
    assert log.summary.startswith(f"{offer} from 1 Jan 2027: refused."), "once, not at each try"

    today = here.of.today()
    reactivate(subscription_id=one, today=today, asked=here.of.asked())
    carry(here)
    assert here.held_now(one).offer_id == here.annual
    assert refused(one) is None


def test_another_operation_lets_it_be_tried_again_soon(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    plan(here, one, quantity=8)
    suspend(subscription_id=one, today=TODAY, asked=here.of.asked())
    here.until(NEXT)
    carry(here)
    kept = refused(one)
    assert kept is not None
    assert kept.because == "The quantity cannot be changed while it is suspended."
    here.of.clock.advance(600)
    today = here.of.today()
    rename(subscription_id=one, name="Desk", today=today, asked=here.of.asked())
    again = refused(one)
    assert again is not None
    assert again.next_at == here.of.clock.now()


def test_a_price_beyond_factor_3_is_said_or_taken_back(here: Company) -> None:
    one, other = (
        here.of.subscription(offer_id=here.monthly, commitment_ends_on=LAST) for _ in "ab"
    )
    listed(here.of, here.monthly, cost="140.00", erp=None, effective_from=NEXT)
    ruled(here.of, "50")
    for each in (one, other):
        plan(here, each, then=EndOfTerm.RENEW, quantity=7)
    here.until(NEXT)
    carry(here)
    kept = refused(one)
    assert kept is not None
    assert kept.asks == "accept_large_change"
    assert kept.what == "Renews, quantity 7 from 1 Jan 2027"
    with pytest.raises(InvalidInput, match="is more than a factor 3"):
        plan(here, one, quantity=7, price=NewPrice.read("210.00", None))
    assert refused(one) is not None
    plan(here, one, quantity=7, price=NewPrice.read("210.00", None, accepted=True))
    assert here.kinds(one)[-1] == "renew", "its day has come: at once"
    assert refused(one) is None
    take_back_scheduled(subscription_id=other, today=here.of.today(), asked=here.of.asked())
    assert refused(other) is None


def test_an_end_that_is_refused_is_kept_too(here: Company) -> None:
    one, other = (here.of.subscription(commitment_ends_on=LAST) for _ in "ab")
    plan(here, one, then=EndOfTerm.CANCEL)
    taken = here.of.asked(source="schedule", source_id=f"expire/{one}/{LAST.isoformat()}")
    rename(subscription_id=other, name="Desk", today=TODAY, asked=taken)
    here.until(NEXT)
    carry(here)
    carry(here)
    kept = refused(one)
    assert kept is not None
    assert (kept.what, kept.asks, kept.tries) == ("Ends after 31 Dec 2026", "", 1)
    assert "was already used for another subscription's operation" in kept.because
    plan(here, one, then=EndOfTerm.RENEW)
    assert here.kinds(one)[-1] == "renew"
    assert refused(one) is None


def test_what_is_refused_and_why(here: Company) -> None:
    one, endless = here.held(commitment_ends_on=LAST), here.of.subscription()
    e5 = here.offer(MONTH, sku="0002")
    cases: list[tuple[int, dict[str, Any], str, str]] = [
        (endless, {"quantity": 8}, "effective_on", "no term that ends"),
        (one, {"on": TODAY, "offer_id": e5}, "effective_on", "must be a later day"),
        (one, {"on": date(2035, 1, 1), "offer_id": e5}, "effective_on", "within five years"),
        (one, {"on": date(2026, 7, 1), "quantity": 8}, "offer_id", "is needed for a day"),
        (one, {"then": EndOfTerm.CANCEL, "quantity": 8}, "end_of_term", "nothing else"),
        (one, {"offer_id": here.monthly}, "offer_id", "is the offer it has"),
        (one, {"offer_id": 10**15}, "offer_id", "no offer that is known"),
    ]
    for which, what, field, words in cases:
        with pytest.raises(InvalidInput) as caught:
            plan(here, which, **what)
        [error] = caught.value.errors
        assert (error.field, words in error.message) == (field, True), error
    with pytest.raises(InvalidInput, match="own term"):
        change_offer_from(
            subscription_id=one,
            to=NewOffer.read(e5, ends_on=LAST),
            effective_on=date(2026, 7, 1),
            today=TODAY,
            asked=here.of.asked(),
        )
    here.of.cancel(endless)
    with pytest.raises(InvalidInput, match="has ended"):
        plan(here, endless, quantity=8)
    assert not ScheduledChange.objects.filter(subscription_id__in=[one, endless]).exists()


def test_the_same_origin_again_is_scheduled_once(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    asked = here.of.asked(source_id="event-9")
    it: dict[str, Any] = {"subscription_id": one, "today": TODAY, "asked": asked}
    first = schedule(**it, plan=Plan(quantity=8))
    assert schedule(**it, plan=Plan(quantity=8)).operation_id == first.operation_id


@pytest.mark.parametrize(
    "zone",
    ["Pacific/Pago_Pago", "America/Los_Angeles", "UTC", "Europe/Berlin", "Pacific/Kiritimati"],
)
def test_its_day_begins_where_the_tenant_is(db: None, zone: str) -> None:
    midnight = datetime.combine(NEXT, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
    now = midnight - timedelta(days=2)
    tenant_id = add_tenant(f"Tenant {number()}", time_zone=zone, now=now)
    actor = Actor(ref=f"user/{tenant_id}", name="Ada Admin")
    of = Tenancy(
        tenant_id, Context(tenant_id, None, Role.ADMINISTRATOR, actor), clock=SteppedClock(now)
    )
    one = of.subscription(commitment_ends_on=LAST)
    schedule(subscription_id=one, plan=Plan(quantity=8), today=of.today(), asked=of.asked())
    carry_out_due(now=midnight - timedelta(microseconds=1), wake=nobody_wakes)
    assert Subscription.objects.get(pk=one).quantity == 10
    carry_out_due(now=midnight, wake=nobody_wakes)
    carry_out_due(now=midnight, wake=nobody_wakes)
    assert Subscription.objects.get(pk=one).quantity == 8
    assert last(one, "renew").effective_on == NEXT


# The extended service term.


@pytest.fixture
def annual(db: None) -> Iterator[Company]:
    with company("yl") as made:
        yield made


def test_extended_it_goes_on_month_by_month_on_a_monthly_line(annual: Company) -> None:
    one = annual.held(annual=True, commitment_ends_on=LAST)
    by_month = annual.offer(BillingCycle.MONTHLY, term=Term.MONTH)
    annual.remap(annual.monthly, by_month, "ms")
    plan(annual, one, then=EndOfTerm.EXTEND)
    assert scheduled_of([one])[one].in_words() == "Goes on month by month from 1 Jan 2027"
    annual.until(NEXT)
    carry(annual)
    assert annual.badge(one) == "synced", annual.cause(one)
    held = annual.held_now(one)
    assert (held.offer_id, held.extended, held.commitment_ends_on) == (by_month, True, None)
    assert annual.effects(annual.line_of(one)) == [("2027-01-01", 10, "15.20")]
    assert annual.effects(annual.here.refs["yl"]) == [("2027-01-01", -10, None)]
    carry(annual)
    assert annual.kinds(one)[-2:] == ["change_offer", "end"], "once"


def test_set_to_be_extended_nothing_more_has_to_be_scheduled(annual: Company) -> None:
    one = annual.held(annual=True, commitment_ends_on=LAST)
    Subscription.objects.filter(pk=one).update(end_of_term="extend")
    annual.until(NEXT)
    carry(annual)
    assert annual.badge(one) == "out_of_sync"
    assert "1 month · Monthly is not mapped to a service yet." in annual.cause(one)
    assert annual.held_now(one).extended
    assert last(one, "change_offer").actor == "Tallystick"


def test_the_monthly_offer_may_be_known_by_another_name(annual: Company) -> None:
    """As a price list calls it: it was refused on its day, over and over."""
    by_month = annual.offer(BillingCycle.MONTHLY, term=Term.MONTH)
    Offer.objects.filter(pk=by_month).update(name="M365 BP, month by month")
    one = annual.held(annual=True, commitment_ends_on=LAST)
    plan(annual, one, then=EndOfTerm.EXTEND)
    annual.until(NEXT)
    carry(annual)
    held = annual.held_now(one)
    assert (held.offer_id, held.extended) == (by_month, True)


def test_a_month_that_is_extended_is_renewed(here: Company) -> None:
    by_month = here.offer(BillingCycle.MONTHLY, term=Term.MONTH)
    one = here.of.subscription(
        customer_id=here.customer, offer_id=by_month, commitment_ends_on=date(2026, 5, 31)
    )
    Subscription.objects.filter(pk=one).update(end_of_term="extend")
    here.until(date(2026, 6, 1))
    carry(here)
    assert here.kinds(one) == ["purchase", "renew"]
    assert here.held_now(one).commitment_ends_on == date(2026, 6, 30)
