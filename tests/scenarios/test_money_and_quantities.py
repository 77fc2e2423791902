"""What is no amount and what is no quantity, given to the verbs themselves: named, not stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from factories import TODAY, Tenancy, tenancy
from price_desk import by, new_rule
from tallystick.catalog.price_models import ExchangeRate, MarginRuleRow, Promotion
from tallystick.catalog.price_settings import state_rate
from tallystick.catalog.record_promotion import NewPromotion, add_promotion
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.models import Operation
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.purchase import Order, purchase
from tallystick.operations.renew import NewPrice, convert_trial, end_promotion, renew
from tallystick.operations.update_price import update_price
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.set_margin_rule import set_margin_rule

NOT_DECIMALS = [
    Decimal(text)
    for text in ("NaN", "sNaN", "Infinity", "-Infinity", "-0", "-1", "1.1234567", "1E+18", "1E-7")
]
NOT_TEXT = ["NaN", "inf", "-0", "1.1234567", "1" + "0" * 18, "12,50", "１２", "1e3", "", "1 000"]
NOT_QUANTITIES = [
    None, True, 0, -1, 10**18, 12.0, float("nan"), float("inf"), -0.0, Decimal("NaN"), Decimal(12),
    "", "-0", "0", "NaN", "1.1234567", "12.0", "1" + "0" * 18, "1,000", "12,5", "１２", "٣", "1e3",
]  # fmt: skip


@pytest.fixture
def of(db: None) -> Tenancy:
    return tenancy()


@pytest.fixture
def held(of: Tenancy) -> int:
    """A trial with a term: every verb fits it."""
    found = of.subscription(quantity=10, commitment_ends_on=date(2026, 12, 31))
    Subscription.objects.filter(pk=found).update(is_trial=True)
    return found


def refused(field: str, act: Callable[[], object], given: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        act()
    assert [error.field for error in caught.value.errors] == [field], given
    assert caught.value.errors[0].message


def verbs(of: Tenancy, held: int) -> dict[str, Callable[[object, object], object]]:
    """Everything that records a price of a subscription, asked with a price and a cost."""
    it: dict[str, Any] = {"subscription_id": held, "asked": of.asked()}
    now: dict[str, Any] = {**it, "today": TODAY}
    return {
        "update_price": lambda price, cost: update_price(**now, unit_price=price, unit_cost=cost),
        "renew": lambda price, cost: renew(**it, price=NewPrice.read(price, cost)),
        "end_promotion": lambda price, cost: end_promotion(
            **now, price=NewPrice.read(price, cost), effective_on=TODAY
        ),
        "convert_trial": lambda price, cost: convert_trial(
            **now, price=NewPrice.read(price, cost), effective_on=TODAY
        ),
    }


@pytest.mark.parametrize("verb", ["update_price", "renew", "end_promotion", "convert_trial"])
def test_no_verb_records_a_price_that_is_none(of: Tenancy, held: int, verb: str) -> None:
    act = verbs(of, held)[verb]
    for given in [*NOT_DECIMALS, *NOT_TEXT, 12.5, True, [], {}]:
        refused("unit_price", lambda given=given: act(given, None), given)
        refused("unit_cost", lambda given=given: act("16.40", given), given)
    kept = Subscription.objects.get(pk=held)
    assert (kept.unit_price, kept.unit_cost) == (Decimal("15.20"), Decimal("12.10"))
    assert Operation.objects.filter(subscription_id=held).count() == 1


def test_no_verb_records_a_quantity_that_is_none(of: Tenancy, held: int) -> None:
    for given in NOT_QUANTITIES:
        refused(
            "quantity",
            lambda given=given: change_quantity(
                subscription_id=held, quantity=given, today=TODAY, asked=of.asked()
            ),
            given,
        )
        if given is not None:  # a renewal without one keeps it
            refused(
                "quantity",
                lambda given=given: renew(
                    subscription_id=held, price=NewPrice(), quantity=given, asked=of.asked()
                ),
                given,
            )
    assert Subscription.objects.get(pk=held).quantity == 10
    assert Operation.objects.filter(subscription_id=held).count() == 1


def test_nothing_is_bought_with_either(of: Tenancy) -> None:
    order = Order(
        customer_id=of.customer(),
        offer_id=of.offer(),
        provider_id="sub-money",
        quantity=3,
        starts_on=TODAY,
        price_currency="EUR",
        cost_currency="EUR",
    )
    for given in NOT_DECIMALS:
        for field in ("unit_price", "unit_cost"):
            wrong = replace(order, **{field: given})
            refused(field, lambda wrong=wrong: purchase(wrong, asked=of.asked()), given)
    for given in NOT_QUANTITIES:
        wrong = replace(order, quantity=given)
        refused("quantity", lambda wrong=wrong: purchase(wrong, asked=of.asked()), given)
    assert Subscription.objects.filter(tenant_id=of.tenant_id).count() == 0


def test_no_promotion_rule_or_rate_is_made_of_either(of: Tenancy) -> None:
    spring = NewPromotion("P1", "Spring", "CFQ7", "0001", TODAY, date(2026, 6, 30))
    for given in NOT_DECIMALS:
        fixed = replace(spring, fixed=given, currency="EUR")
        refused("fixed", lambda fixed=fixed: add_promotion(fixed, by=by(of)), given)
        percent = replace(spring, percent=given)
        refused("percent", lambda percent=percent: add_promotion(percent, by=by(of)), given)
        rule = replace(new_rule(), percent=given)
        refused("percent", lambda rule=rule: set_margin_rule(rule, by=by(of)), given)
    for given in NOT_DECIMALS:
        if str(given) in {"1.1234567", "1E-7"}:
            continue  # a rate has eight decimals
        refused(
            "rate",
            lambda given=given: state_rate(
                base="USD", quote="EUR", rate=given, from_on=TODAY, by=by(of)
            ),
            given,
        )
    for table in (Promotion, MarginRuleRow, ExchangeRate):
        assert table.objects.filter(tenant_id=of.tenant_id).count() == 0
