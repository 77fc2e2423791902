"""A term renews by itself when somebody has said so in time; what nobody said is not guessed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from factories import TODAY, Tenancy, nobody_wakes, number
from moving import LAST, NEXT, Company, carry, company
from price_desk import listed, ruled
from tallystick.audit.models import AuditLog
from tallystick.audit.record import Actor
from tallystick.catalog.terms import BillingCycle, Term
from tallystick.identity.context import Context
from tallystick.identity.people import add_tenant
from tallystick.identity.roles import Role
from tallystick.kit.clock import SteppedClock
from tallystick.ledger.models import Operation
from tallystick.operations.carry_out import carry_out_due
from tallystick.operations.note import set_end_of_term
from tallystick.operations.renew import NewPrice
from tallystick.operations.schedule import Plan, schedule, take_back_scheduled
from tallystick.subscriptions.models import RefusedChange, Subscription
from tallystick.subscriptions.queries import get_subscription
from tallystick.subscriptions.status import EndOfTerm
from tallystick.subscriptions.waiting_ends import needing, why_waits


@pytest.fixture
def here(db: None) -> Iterator[Company]:
    with company() as made:
        yield made


def say(of: Tenancy, subscription_id: int, to: str = "renew") -> None:
    set_end_of_term(subscription_id=subscription_id, to=to, today=of.today(), asked=of.asked())


def waits(of: Tenancy, subscription_id: int) -> str:
    view = get_subscription(of.context, subscription_id)
    said = why_waits(of.context, [view], today=of.today()).get(subscription_id, "")
    listed = needing(of.context, today=of.today()).filter(pk=subscription_id).exists()
    assert listed == bool(said), "the list and its words agree"
    return said


def last(subscription_id: int) -> Operation:
    return Operation.objects.filter(subscription_id=subscription_id).latest("sequence")


def test_it_is_renewed_at_what_the_price_rules_come_to(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    listed(here.of, here.monthly, cost="14.00", erp=None, effective_from=NEXT)
    ruled(here.of, "50")
    say(here.of, one)
    here.until(NEXT + timedelta(days=2))  # nobody worked on the day itself
    carry(here)
    carry(here)
    assert here.badge(one) == "synced", here.cause(one)
    assert here.kinds(one) == ["purchase", "set_end_of_term", "renew"]
    assert here.effects(here.here.refs["ml"]) == [("2027-01-01", 0, "21.00")]
    held, told = here.held_now(one), last(one)
    assert (held.commitment_ends_on, str(held.unit_cost)) == (date(2027, 12, 31), "14.0000")
    assert (told.effective_on, told.actor, told.source) == (NEXT, "Tallystick", "schedule")
    assert told.after["because"]
    (log,) = AuditLog.objects.filter(subscription_id=one, event="subscription.renew")
    assert log.summary.startswith("Renewed from 1 Jan 2027 until 31 Dec 2027.")
    assert not waits(here.of, one)


def test_without_a_price_of_the_rules_it_renews_as_it_is_and_again_the_year_after(
    here: Company,
) -> None:
    one = here.held(commitment_ends_on=LAST)
    say(here.of, one)
    here.until(date(2028, 1, 1))
    carry(here)
    carry(here)
    carry(here)
    assert here.kinds(one)[2:] == ["renew", "renew"], "each term once"
    assert here.held_now(one).commitment_ends_on == date(2028, 12, 31)
    assert here.effects(here.here.refs["ml"]) == []
    assert here.badge(one) == "synced", here.cause(one)


def test_what_nobody_has_said_waits_for_a_person(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    here.until(LAST)
    assert not waits(here.of, one), "its last day belongs to it"
    here.until(NEXT)
    carry(here)
    assert here.kinds(one) == ["purchase"]
    assert waits(here.of, one) == (
        "Nobody has said what happens at the end. Its term was over on 31 Dec 2026; nothing was "
        "recorded or sent, and it is billed as it was. Say under Next term what happened, or "
        "cancel it."
    )


def test_said_after_its_last_day_it_is_about_the_term_after(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    here.until(NEXT)
    say(here.of, one)
    assert "for a person to record" in last(one).delivery_set.get().cause
    carry(here)
    assert here.kinds(one)[-1] == "set_end_of_term"
    assert waits(here.of, one).startswith("That it renews was said after its last day.")
    schedule(
        subscription_id=one,
        plan=Plan(then=EndOfTerm.RENEW, quantity=12),
        today=here.of.today(),
        asked=here.of.asked(),
    )
    here.work()
    assert here.kinds(one)[-2:] == ["schedule_change", "renew"], "said of what is over: at once"
    assert here.effects(here.here.refs["ml"]) == [("2027-01-01", 2, "15.20")]
    assert not waits(here.of, one)
    here.until(date(2028, 1, 1))
    carry(here)
    assert here.held_now(one).commitment_ends_on == date(2028, 12, 31)


@pytest.mark.parametrize(("then", "kind"), [("cancel", "expire"), ("extend", "change_offer")])
def test_another_word_about_a_term_that_is_over_counts(here: Company, then: str, kind: str) -> None:
    one = here.held(commitment_ends_on=LAST)
    here.until(NEXT)
    plan = Plan(then=EndOfTerm(then))
    schedule(subscription_id=one, plan=plan, today=here.of.today(), asked=here.of.asked())
    carry(here)
    assert here.kinds(one)[2] == kind
    assert not waits(here.of, one)


def test_taken_back_it_renews_as_was_said(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    for then, words in (
        (EndOfTerm.EXTEND, "It goes on month by month by itself when its term ends"),
        (EndOfTerm.RENEW, "It renews by itself when its term ends, at the price of then."),
    ):
        plan = Plan(then=then, quantity=8)
        schedule(subscription_id=one, plan=plan, today=TODAY, asked=here.of.asked())
        take_back_scheduled(subscription_id=one, today=TODAY, asked=here.of.asked())
        assert last(one).delivery_set.get().cause.startswith(words)
    here.until(NEXT)
    carry(here)
    assert here.kinds(one)[-1] == "renew"
    assert here.held_now(one).quantity == 10


def test_a_price_that_moves_far_is_held(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    listed(here.of, here.monthly, cost="140.00", erp=None, effective_from=NEXT)
    ruled(here.of, "50")
    say(here.of, one)
    here.until(NEXT)
    carry(here)
    assert here.kinds(one)[-1] == "set_end_of_term"
    refused = RefusedChange.objects.get(subscription_id=one)
    assert (refused.what, refused.asks) == ("Renews from 1 Jan 2027", "accept_large_change")
    assert refused.because == (
        "Unit price 15.20 to 210.00 EUR and unit cost 12.10 to 140.00 EUR is more than a factor 3."
    )
    assert "Say the price under Next term and that it is meant" in waits(here.of, one)
    price = NewPrice.read("210.00", None, accepted=True)
    plan = Plan(then=EndOfTerm.RENEW, price=price)
    schedule(subscription_id=one, plan=plan, today=here.of.today(), asked=here.of.asked())
    here.work()
    assert here.effects(here.here.refs["ml"]) == [("2027-01-01", 0, "210.00")]
    assert not RefusedChange.objects.filter(subscription_id=one).exists()
    assert not waits(here.of, one)


def test_a_trial_is_not_renewed(here: Company) -> None:
    one = here.held(commitment_ends_on=LAST)
    Subscription.objects.filter(pk=one).update(is_trial=True)
    say(here.of, one)
    here.until(NEXT)
    carry(here)
    assert here.kinds(one)[-1] == "set_end_of_term"
    assert "It is a trial" in waits(here.of, one)


@pytest.mark.parametrize(
    ("starts", "last_day", "term", "until"),
    [
        (date(2026, 1, 31), date(2027, 2, 27), Term.MONTH, date(2027, 3, 30)),
        (date(2026, 1, 1), date(2027, 1, 31), Term.MONTH, date(2027, 2, 28)),
        (date(2026, 1, 1), date(2028, 1, 31), Term.MONTH, date(2028, 2, 29)),
        (date(2026, 1, 1), date(2027, 2, 28), Term.YEAR, date(2028, 2, 29)),
        (date(2026, 1, 1), date(2028, 2, 28), Term.YEAR, date(2029, 2, 27)),
        (date(2026, 1, 1), date(2026, 6, 30), Term.THREE_YEARS, date(2029, 6, 30)),
    ],
)
@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "Europe/Berlin", "Pacific/Kiritimati"])
def test_the_next_term_s_days_are_civil_days(
    db: None, zone: str, starts: date, last_day: date, term: Term, until: date
) -> None:
    midnight = datetime.combine(
        last_day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone)
    ).astimezone(UTC)
    tenant_id = add_tenant(f"Tenant {number()}", time_zone=zone, now=midnight)
    context = Context(tenant_id, None, Role.ADMINISTRATOR, Actor(ref="user/1", name="Ada Admin"))
    of = Tenancy(tenant_id, context, clock=SteppedClock(midnight - timedelta(microseconds=1)))
    offer = of.offer(term=term, cycle=BillingCycle.MONTHLY)
    days = {"starts_on": starts, "commitment_ends_on": last_day}
    one, late = (of.subscription(offer_id=offer, **days) for _ in range(2))
    set_end_of_term(subscription_id=one, to="renew", today=last_day, asked=of.asked())
    carry_out_due(now=midnight - timedelta(microseconds=1), wake=nobody_wakes)
    assert last(one).kind == "set_end_of_term", "said on its last day, which belongs to it"
    of.clock.advance(0.000001)
    set_end_of_term(subscription_id=late, to="renew", today=last_day, asked=of.asked())
    carry_out_due(now=midnight, wake=nobody_wakes)
    assert last(late).kind == "set_end_of_term"
    told = last(one)
    assert (told.kind, told.effective_on) == ("renew", last_day + timedelta(days=1))
    assert Subscription.objects.get(pk=one).commitment_ends_on == until
