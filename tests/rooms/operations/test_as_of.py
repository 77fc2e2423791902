"""What says one amount only, or another offer, takes the other amounts of its own day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from factories import TODAY, Tenancy, tenancy
from tallystick.catalog.add_offer import known_or_added
from tallystick.catalog.terms import BillingCycle, Term
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.models import Operation
from tallystick.ledger.queries import price_steps
from tallystick.operations.as_of import as_of
from tallystick.operations.change_offer import NewOffer, change_offer
from tallystick.operations.offer_price import price_of_offer
from tallystick.operations.renew import NewPrice, end_promotion
from tallystick.subscriptions.queries import SubscriptionView, get_subscription

pytestmark = pytest.mark.usefixtures("db")
JUNE, JULY = date(2026, 6, 1), date(2026, 7, 1)


@pytest.fixture
def of() -> Tenancy:
    return tenancy()


def held(of: Tenancy) -> SubscriptionView:
    """At 15.20 and 12.10 until July, then at 16.40 and 13."""
    one = of.subscription()
    of.price(one, "16.40", on=JULY, unit_cost="13")
    return get_subscription(of.context, one)


def newest(view: SubscriptionView) -> tuple[str, str | None, str | None]:
    found = Operation.objects.filter(subscription_id=view.id).latest("sequence")
    return found.kind, found.after["unit_price"], found.after["unit_cost"]


def test_the_amounts_of_a_day(of: Tenancy) -> None:
    view = held(of)
    assert (view.unit_price, view.unit_cost) == (Decimal("16.40"), 13)
    june, july = as_of(view, JUNE), as_of(view, JULY)
    assert (june.unit_price, june.unit_cost) == (Decimal("15.20"), Decimal("12.10"))
    assert (july.unit_price, july.unit_cost) == (Decimal("16.40"), 13)
    assert as_of(view, date(2025, 12, 31)) == view
    assert price_steps([view.id], before=2)[view.id][-1].on == date(2026, 1, 1)


def test_an_amount_that_was_not_known_then_is_the_newest(of: Tenancy) -> None:
    one = of.subscription(unit_price=None, unit_cost=None)
    of.price(one, "16.40", on=JULY, currency="EUR", unit_cost="13")
    view = get_subscription(of.context, one)
    assert as_of(view, JUNE) == view


def test_a_price_that_says_no_cost(of: Tenancy) -> None:
    view = held(of)
    of.price(view.id, "15.80", on=JUNE)
    assert newest(view) == ("update_price_margin", "15.8000", "12.1000")
    found = Operation.objects.filter(subscription_id=view.id).latest("sequence")
    assert found.before["unit_price"] == "15.2000"


def test_a_promotion_that_ends_with_a_price_alone(of: Tenancy) -> None:
    view = held(of)
    end_promotion(
        subscription_id=view.id,
        price=NewPrice.read("17", None),
        effective_on=JUNE,
        today=TODAY,
        asked=of.asked(),
    )
    assert newest(view) == ("end_promotion", "17.0000", "12.1000")


def test_the_same_price_from_an_earlier_day_is_something_to_record(of: Tenancy) -> None:
    view = held(of)
    of.price(view.id, "16.40", on=JUNE, unit_cost="13")
    with pytest.raises(InvalidInput, match="nothing to record"):
        of.price(view.id, "16.40", on=JULY)


def test_another_term_of_the_product_that_says_no_price(of: Tenancy) -> None:
    view = held(of)
    monthly = replace(view.offer, term=Term.MONTH)
    offer_id = known_or_added(
        monthly,
        tenant_id=of.tenant_id,
        actor=of.context.actor,
        now=of.clock.now(),
        correlation_id=correlation_id(),
    )
    found = price_of_offer(of.context, view, offer_id, monthly, on=JUNE)
    assert (found.unit_price, found.unit_cost) == (Decimal("15.20"), Decimal("12.10"))
    change_offer(
        subscription_id=view.id,
        to=NewOffer(offer_id, NewPrice()),
        effective_on=JUNE,
        today=TODAY,
        asked=of.asked(),
    )
    assert newest(view) == ("change_offer", "15.2000", "12.1000")


def yearly(of: Tenancy, view: SubscriptionView) -> None:
    """From June at 150 and 144 a year."""
    offer_id = known_or_added(
        replace(view.offer, billing_cycle=BillingCycle.ANNUAL),
        tenant_id=of.tenant_id,
        actor=of.context.actor,
        now=of.clock.now(),
        correlation_id=correlation_id(),
    )
    change_offer(
        subscription_id=view.id,
        to=NewOffer(offer_id, NewPrice.read("150", "144")),
        effective_on=JUNE,
        today=TODAY,
        asked=of.asked(),
    )


def test_what_was_said_of_another_offer_is_taken_for_none(of: Tenancy) -> None:
    view = get_subscription(of.context, of.subscription(unit_price="15", unit_cost="12"))
    yearly(of, view)
    of.price(view.id, "160", on=date(2026, 5, 20))
    assert newest(view) == ("update_price_margin", "160.0000", "144.0000")
    now = get_subscription(of.context, view.id)
    assert as_of(now, date(2026, 5, 10)).unit_cost == 144, "the change's own step is gone"


def test_a_cost_that_nobody_said_and_moves_far_is_held(of: Tenancy) -> None:
    view = get_subscription(of.context, of.subscription(unit_price="15", unit_cost="3"))
    of.price(view.id, "16", on=JULY, unit_cost="9")
    of.price(view.id, "16", on=date(2026, 8, 1), unit_cost="14")
    with pytest.raises(InvalidInput, match=r"unit cost 14[.]00 to 3[.]00"):
        of.price(view.id, "16.50", on=JUNE)
