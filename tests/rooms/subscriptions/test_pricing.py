"""A subscription's price from what is recorded, and whom a margin rule would change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from factories import Tenancy, sibling, tenancy
from price_desk import as_rule, by, listed, ruled
from tallystick.catalog.explained import CannotPrice, Explained, Lacks
from tallystick.catalog.models import Offer
from tallystick.catalog.price_settings import mark_price_lock, state_rate
from tallystick.catalog.price_words import RuleScope
from tallystick.catalog.record_promotion import NewPromotion, add_promotion
from tallystick.kit.problem import NotFound
from tallystick.subscriptions.pricing import affected_by, price_on, prices_of
from tallystick.subscriptions.queries import get_subscription

pytestmark = pytest.mark.usefixtures("db")
ON = date(2026, 5, 10)


@pytest.fixture
def csp() -> Tenancy:
    return tenancy()


def price(of: Tenancy, subscription: int, on: date = ON) -> Explained:
    found = price_on(of.context, subscription, on=on)
    assert isinstance(found, Explained), found
    return found


def test_why_is_this_number(csp: Tenancy) -> None:
    offer = csp.offer()
    listed(csp, offer)
    ruled(csp, "20")
    held = csp.subscription(offer_id=offer)
    found = price(csp, held)
    assert (found.unit_price, found.unit_cost) == (Decimal(12), Decimal(10))
    assert [(part.label, part.source.name) for part in found.because] == [
        ("Price lock", "The subscription's commitment"),
        ("ERP price", "Price list January.csv, imported by Ada Admin"),
        ("List price", "Price list January.csv, imported by Ada Admin"),
        ("Unit price", "Margin rule for everybody, by Ada Admin"),
        ("Unit cost", "Price list January.csv, imported by Ada Admin"),
    ]


def test_everything_it_depends_on_is_read(csp: Tenancy) -> None:
    offer = csp.offer()
    listed(csp, offer)
    customer = csp.customer()
    held = csp.subscription(offer_id=offer, customer_id=customer)
    other = csp.subscription(offer_id=offer)
    ruled(csp, "20")
    ruled(csp, "30", scope=RuleScope.CUSTOMER, target=str(customer))
    assert (price(csp, held).unit_price, price(csp, other).unit_price) == (13, 12)
    ruled(csp, "50", scope=RuleScope.SUBSCRIPTION, target=str(held))
    assert (price(csp, held).unit_price, price(csp, other).unit_price) == (15, 12)
    sold = Offer.objects.get(pk=offer)
    promotion = NewPromotion(
        "P1", "Half price", sold.product_id, sold.sku_id, date(2026, 1, 1), date(2026, 1, 31),
        percent=Decimal(50),
    )  # fmt: skip
    add_promotion(promotion, by=by(csp))
    add_promotion(replace(promotion, promotion_id="P2", sku_id="9999"), by=by(csp))
    assert price(csp, held).unit_price == Decimal("7.5")
    listed(csp, csp.offer(), "99")
    assert price(csp, held).unit_cost == 5


def test_an_offer_marked_so_follows_the_list(csp: Tenancy) -> None:
    offer = csp.offer()
    listed(csp, offer, effective_until=date(2026, 5, 1))
    listed(csp, offer, "11", "13.75", effective_from=date(2026, 5, 1))
    ruled(csp)
    held = csp.subscription(offer_id=offer)
    assert price(csp, held).unit_cost == 10
    mark_price_lock(offer, locked=False, by=by(csp))
    assert price(csp, held).unit_cost == 11


def test_what_was_recorded_stands_in_for_a_list_that_is_younger(csp: Tenancy) -> None:
    ruled(csp)
    held = csp.subscription(unit_cost="9.50")
    assert price(csp, held).unit_cost == Decimal("9.5")
    bare = csp.subscription(unit_cost=None)
    found = price_on(csp.context, bare, on=ON)
    assert isinstance(found, CannotPrice)
    assert found.lacks is Lacks.LIST_PRICE


def test_a_rate_that_was_stated(csp: Tenancy) -> None:
    offer = csp.offer()
    listed(csp, offer, currency="USD")
    ruled(csp)
    held = csp.subscription(offer_id=offer, unit_cost=None)
    assert isinstance(price_on(csp.context, held, on=ON), CannotPrice)
    for rate in ("0.5", "0.9"):
        state_rate(
            base="USD", quote="EUR", rate=Decimal(rate), from_on=date(2026, 1, 1), by=by(csp)
        )
    assert price(csp, held).unit_cost == 9


def test_contexts() -> None:
    one = tenancy(reseller=True)
    csp, other = sibling(one), sibling(one)
    csp.context = replace(one.context, reseller_id=None)
    offer = one.offer()
    listed(csp, offer)
    held = one.subscription(offer_id=offer)
    ruled(csp, "10")
    ruled(csp, "15", scope=RuleScope.RESELLER, target=str(one.reseller_id))
    ruled(one, "20")
    ruled(other, "99")
    assert (price(csp, held).unit_cost, price(csp, held).unit_price) == (10, Decimal("11.5"))
    its = price(one, held)
    assert (its.unit_cost, its.unit_price) == (Decimal("11.5"), Decimal("13.8"))
    assert "January.csv" not in str([part for part in its.because if part.label == "List price"])
    for stranger in (other, tenancy()):
        with pytest.raises(NotFound):
            price_on(stranger.context, held, on=ON)


def test_whom_a_rule_changes(csp: Tenancy) -> None:
    offer, azure = csp.offer(), csp.offer()
    listed(csp, offer)
    ruled(csp, "20")
    held = [csp.subscription(offer_id=offer) for _ in range(5)]
    ruled(csp, "50", scope=RuleScope.SUBSCRIPTION, target=str(held[1]))
    cancelled = csp.subscription(offer_id=offer)
    csp.cancel(cancelled)
    csp.subscription(offer_id=azure, unit_cost=None)  # cannot be priced before or after
    proposed = as_rule(csp, "25")
    found, cursor = [], None
    pages = 0
    while True:
        page = affected_by(proposed, csp.context, on=ON, cursor=cursor, limit=2)
        pages += 1
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert pages == 3
    assert [one.subscription_id for one in found] == [held[0], *held[2:]]
    for one in found:
        assert isinstance(one.before, Explained)
        assert isinstance(one.after, Explained)
        assert (one.before.unit_price, one.after.unit_price) == (12, Decimal("12.5"))
    assert price(csp, held[0]).unit_price == 12  # nothing was stored
    narrow = as_rule(csp, "0", scope=RuleScope.SUBSCRIPTION, target=str(held[1]))
    assert [one.subscription_id for one in affected_by(narrow, csp.context, on=ON).items] == [
        held[1]
    ]
    for scope, target in [
        (RuleScope.OFFER_KIND, "azure_plan"),
        (RuleScope.RESELLER, "1"),
        (RuleScope.CUSTOMER, "1"),
    ]:
        rule = as_rule(csp, "0", scope=scope, target=target)
        assert affected_by(rule, csp.context, on=ON).items == []


def test_many_prices_are_a_handful_of_readings(csp: Tenancy) -> None:
    offer = csp.offer()
    listed(csp, offer)
    ruled(csp)
    views = [get_subscription(csp.context, csp.subscription(offer_id=offer)) for _ in range(8)]
    with CaptureQueriesContext(connection) as few:
        prices_of(csp.context, views[:2], on=ON)
    with CaptureQueriesContext(connection) as many:
        prices_of(csp.context, views, on=ON)
    assert len(few) == len(many) <= 8
