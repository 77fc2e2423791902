"""Who said the price that is recorded for a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from factories import START, TODAY, Tenancy, tenancy
from price_desk import listed, ruled
from tallystick.catalog.price_runs import Choice
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Origin
from tallystick.operations.apply_prices import apply_prices
from tallystick.operations.look_at_prices import rule_to_apply
from tallystick.operations.renew import NewPrice, renew
from tallystick.operations.said_price import SaidPrice, said_price
from tallystick.operations.update_price import update_price
from tallystick.subscriptions.queries import get_subscription

pytestmark = pytest.mark.usefixtures("db")
JUNE = date(2026, 6, 1)


@pytest.fixture
def of() -> Tenancy:
    return tenancy()


def said(of: Tenancy, one: int, on: date = JUNE) -> SaidPrice | None:
    return said_price(get_subscription(of.context, one), on=on)


def test_what_was_typed_has_a_name_and_a_day(of: Tenancy) -> None:
    one = of.subscription()
    asked = replace(of.asked(), origin=Origin("screen"))
    update_price(
        subscription_id=one, unit_price="16.40", effective_on=JUNE, today=TODAY, asked=asked
    )
    found = said(of, one)
    assert found is not None
    assert found.in_words() == (
        f"Typed by {of.context.actor.name} on 10 May 2026: unit price 16.40 EUR from 1 Jun 2026, "
        "operation 2 (Update price margin)."
    )


def test_what_left_it_as_it_was_did_not_say_it(of: Tenancy) -> None:
    one = of.subscription(commitment_ends_on=date(2026, 12, 31))
    of.price(one, "16.40")
    of.price(one, "16.40", unit_cost="13")
    renew(subscription_id=one, price=NewPrice(), asked=of.asked())
    found = said(of, one, date(2027, 2, 1))
    assert found is not None
    assert (found.sequence, found.from_on) == (2, TODAY)


def test_what_a_rule_made_names_the_rule(of: Tenancy) -> None:
    offer = of.offer()
    listed(of, offer)
    ruled(of)
    one = of.subscription(offer_id=offer, unit_price="12", unit_cost="10")
    rule = rule_to_apply(of.context, ruled(of, "25"), today=TODAY)
    apply_prices(rule, choice=Choice(), asked=of.asked())
    found = said(of, one)
    assert found is not None
    assert found.made_by == "Margin rule: Markup 25 % for Everybody"
    assert found.in_words().startswith("Margin rule: Markup 25 % for Everybody. Recorded by ")


def test_a_price_that_is_not_there_was_said_by_nobody(of: Tenancy) -> None:
    assert said(of, of.subscription(unit_price=None, unit_cost=None)) is None
    assert said(of, of.subscription(), date(2025, 12, 31)) is None


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("csv", "From a file of Ada on"),
        ("events:7", "Told by Ada on"),
        ("schedule", "Recorded when its day had come by Ada on"),
        ("test", "Recorded by Ada on"),
    ],
)
def test_each_way_in_has_its_words(source: str, words: str) -> None:
    price = SaidPrice(
        1, 2, OperationKind.RENEW, Decimal("16.4"), "EUR", JUNE, START, TODAY, "Ada", source, ""
    )
    assert price.in_words().startswith(words)
