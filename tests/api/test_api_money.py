"""What is no amount or no quantity, in every body that takes one: named, and not stored."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from api_calls import Api

from tallystick.catalog.price_models import MarginRuleRow, Promotion
from tallystick.ledger.models import Operation
from tallystick.subscriptions.models import Subscription

NOT_AMOUNTS = [
    "NaN", "sNaN", "Infinity", "-Infinity", "-0", "-0.0000", "-1", "1.1234567", "1" + "0" * 18,
    "12,50", "1,000.00", "１２", "1e3", "", 12.5, 12, 1e18, True, [], {},
]  # fmt: skip
NOT_QUANTITIES = [
    0, -0.0, -3, 12.0, 12.5, 1.1234567, 10**18, 1e18, True, "12", "NaN", "1,000", "１２", [], {},
]  # fmt: skip
RECORDED = [
    ("update_price_margin", {"unit_price": "16.40"}),
    ("renew", {"unit_price": "16.40"}),
    ("end_promotion", {"unit_price": "16.40"}),
    ("convert_trial", {"unit_price": "16.40"}),
]


@pytest.fixture
def address(api: Api) -> str:
    return f"/subscriptions/{held(api)}/operations"


def held(api: Api) -> int:
    """A trial with a term: every operation fits it."""
    found = api.of.subscription(quantity=10, commitment_ends_on=date(2026, 12, 31))
    Subscription.objects.filter(pk=found).update(is_trial=True)
    return found


def operations(api: Api) -> int:
    return Operation.objects.filter(tenant_id=api.of.tenant_id).count()


@pytest.mark.parametrize(("kind", "right"), RECORDED)
def test_an_amount_is_recorded_as_it_was_written(
    api: Api, address: str, kind: str, right: dict[str, Any]
) -> None:
    said = api.post(address, {"kind": kind, **right, "unit_cost": "12.3456"})
    assert said.status == 201, said.text
    assert said.body["after"]["unit_price"] == "16.4000"
    assert said.body["after"]["unit_cost"] == "12.3456"


@pytest.mark.parametrize("field", ["unit_price", "unit_cost"])
@pytest.mark.parametrize(("kind", "right"), RECORDED)
def test_what_is_no_amount_is_refused_by_every_operation(
    api: Api, address: str, kind: str, right: dict[str, Any], field: str
) -> None:
    before = operations(api)
    for wrong in NOT_AMOUNTS:
        said = api.post(address, {"kind": kind, **right, field: wrong})
        assert (said.status, said.fields) == (422, [field]), (wrong, said.text)
        assert said.body["errors"][0]["message"]
    assert operations(api) == before


@pytest.mark.parametrize("kind", ["update_quantity", "renew"])
def test_what_is_no_quantity_is_refused_by_every_operation(
    api: Api, address: str, kind: str
) -> None:
    before = operations(api)
    for wrong in NOT_QUANTITIES:
        said = api.post(address, {"kind": kind, "quantity": wrong})
        assert (said.status, said.fields) == (422, ["quantity"]), (wrong, said.text)
    assert operations(api) == before


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_number_is_no_body(api: Api, address: str, number: str) -> None:
    raw = f'{{"kind": "update_quantity", "quantity": {number}}}'
    assert api.call("POST", address, raw=raw).status in {400, 422}
    assert operations(api) == 1


@pytest.mark.parametrize("field", ["unit_price", "unit_cost"])
def test_a_subscription_is_not_recorded_with_what_is_no_amount(api: Api, field: str) -> None:
    body = {
        "customer_id": api.of.customer(),
        "offer_id": api.of.offer(),
        "provider_id": f"sub-money-{field}",
        "quantity": 3,
        "starts_on": "2026-05-01",
        "price_currency": "EUR",
        "cost_currency": "EUR",
    }
    for wrong in NOT_AMOUNTS:
        said = api.post("/subscriptions", {**body, field: wrong})
        assert (said.status, said.fields) == (422, [field]), (wrong, said.text)
        by_id = {name: value for name, value in body.items() if name != "provider_id"}
        said = api.put("/subscriptions/by-provider-id/sub-money", {**by_id, field: wrong})
        assert (said.status, said.fields) == (422, [field]), (wrong, said.text)
    for wrong in NOT_QUANTITIES:
        said = api.post("/subscriptions", {**body, "quantity": wrong})
        assert (said.status, said.fields) == (422, ["quantity"]), (wrong, said.text)
    assert Subscription.objects.filter(tenant_id=api.of.tenant_id).count() == 0


def test_a_promotion_is_not_recorded_with_what_is_no_amount(api: Api) -> None:
    body = {
        "promotion_id": "P1",
        "name": "Spring",
        "product_id": "CFQ7",
        "sku_id": "0001",
        "available_from_on": "2026-05-01",
        "available_to_on": "2026-06-30",
    }
    for wrong in NOT_AMOUNTS:
        said = api.post("/promotions", {**body, "fixed": wrong, "currency": "EUR"})
        assert (said.status, said.fields) == (422, ["fixed"]), (wrong, said.text)
        said = api.post("/promotions", {**body, "percent": wrong})
        assert (said.status, said.fields) == (422, ["percent"]), (wrong, said.text)
    assert Promotion.objects.filter(tenant_id=api.of.tenant_id).count() == 0


def test_a_margin_rule_and_a_rate_are_not_recorded_with_what_is_no_number(api: Api) -> None:
    rule = {"scope": "everybody", "method": "markup"}
    rate = {"base": "USD", "quote": "EUR", "from_on": "2026-05-01"}
    for wrong in NOT_AMOUNTS:
        said = api.post("/margin-rules", {**rule, "percent": wrong})
        assert (said.status, said.fields) == (422, ["percent"]), (wrong, said.text)
    for wrong in [one for one in NOT_AMOUNTS if one != "1.1234567"]:  # a rate has eight decimals
        said = api.post("/exchange-rates", {**rate, "rate": wrong})
        assert (said.status, said.fields) == (422, ["rate"]), (wrong, said.text)
    assert MarginRuleRow.objects.filter(tenant_id=api.of.tenant_id).count() == 0
