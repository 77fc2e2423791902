"""Customers, offers and subscriptions through the API."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from api_calls import Api
from django.db import connection

from tallystick.ledger.models import Operation
from tallystick.subscriptions.models import Customer, Subscription


def an_order(api: Api, **more: Any) -> dict[str, Any]:
    return {
        "customer_id": api.of.customer("Contoso"),
        "offer_id": api.of.offer(),
        "provider_id": "guid-1",
        "quantity": 10,
        "starts_on": "2026-01-01",
        "unit_price": "15.20",
        "price_currency": "EUR",
        **more,
    }


def test_a_customer_is_added_once(api: Api) -> None:
    first = api.post("/customers", {"name": "Contoso", "external_id": "c-1"})
    again = api.post("/customers", {"name": "Contoso Ltd", "external_id": "c-1"})

    assert (first.status, again.status) == (201, 200)
    assert first.body["id"] == again.body["id"]
    listed = api.get("/customers?search=contoso").body
    assert listed == {
        "items": [{"id": first.body["id"], "name": "Contoso Ltd", "external_id": "c-1"}],
        "next_cursor": None,
    }


def test_a_customers_wrong_fields_have_the_names_that_were_sent(api: Api) -> None:
    assert api.post("/customers", {"name": " ", "external_id": "c"}).fields == ["name"]
    assert api.post("/customers", {"name": "x", "external_id": ""}).fields == ["external_id"]
    assert api.post("/customers", {"name": "x"}).fields == ["external_id"]
    assert Customer.objects.filter(tenant_id=api.of.tenant_id).count() == 0


def test_an_offer_is_added_once_and_never_renamed(api: Api) -> None:
    offer = {
        "product_id": "CFQ1",
        "sku_id": "0001",
        "name": "Business Premium",
        "term": "P1Y",
        "billing_cycle": "monthly",
    }
    first = api.post("/offers", offer)
    assert first.status == 201, first.text
    assert first.body["segment"] == "commercial"
    assert api.post("/offers", offer).status == 200
    assert api.post("/offers", {**offer, "name": "Other"}).status == 409
    assert api.post("/offers", {**offer, "term": "P2Y"}).fields == ["term"]
    assert [one["id"] for one in api.get("/offers").body["items"]] == [first.body["id"]]


def test_a_purchase_is_recorded_and_shown(api: Api) -> None:
    made = api.post("/subscriptions", an_order(api, cancellable_until="2026-01-08T01:00:00+01:00"))

    assert made.status == 201, made.text
    assert made.body["unit_price"] == "15.2000"
    assert made.body["price_currency"] == "EUR"
    assert made.body["unit_cost"] is None
    assert made.body["cancellable_until"] == "2026-01-08T00:00:00Z"
    assert made.body["customer"]["name"] == "Contoso"
    shown = api.get(f"/subscriptions/{made.body['id']}")
    assert shown.body == made.body
    assert api.get("/subscriptions?search=contoso&status=active").body["items"] == [made.body]
    assert api.get("/subscriptions?status=suspended").body["items"] == []


def test_the_same_provider_id_is_a_conflict(api: Api) -> None:
    order = an_order(api)
    assert api.post("/subscriptions", order).status == 201
    again = api.post("/subscriptions", order)
    assert again.status == 409
    assert "already recorded" in again.body["detail"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", 0),
        ("quantity", -1),
        ("quantity", 1e18),
        ("quantity", 10**18),
        ("quantity", "1,000"),
        ("quantity", "12"),
        ("quantity", True),
        ("quantity", 12.5),
        ("quantity", 12.0),
        ("quantity", None),
        ("quantity", [12]),
        ("starts_on", "01/05/2026"),
        ("starts_on", "2026-02-30"),
        ("starts_on", 20260101),
        ("commitment_ends_on", "2025-01-01"),
        ("cancellable_until", "2026-01-08T00:00:00"),
        ("unit_price", 15.2),
        ("unit_price", "1e3"),
        ("unit_price", "-1"),
        ("unit_price", "1.23456"),
        ("price_currency", "EURO"),
        ("price_currency", None),
        ("customer_id", "1"),
        ("customer_id", 10**30),
        ("customer_id", 2**62),
        ("offer_id", 2**62),
        ("provider_id", ""),
        ("provider_id", "x" * 101),
        ("provider_id", "a\x00b"),
        ("friendly_name", "\ud800"),
        ("surprise", 1),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(api: Api, field: str, value: Any) -> None:
    said = api.post("/subscriptions", an_order(api, **{field: value}))

    assert said.status == 422, said.text
    assert said.fields == [field]
    assert said.body["errors"][0]["message"]
    assert Subscription.objects.filter(tenant_id=api.of.tenant_id).count() == 0


def test_all_wrong_fields_are_named_at_once(api: Api) -> None:
    said = api.post("/subscriptions", {"quantity": "12", "surprise": 1})
    assert set(said.fields) >= {"quantity", "surprise", "customer_id", "starts_on"}


class TestByProviderId:
    def test_creates_then_brings_up_to_date_then_leaves_alone(self, api: Api) -> None:
        order = an_order(api)
        del order["provider_id"]
        address = "/subscriptions/by-provider-id/guid-7"

        first = api.put(address, order)
        assert first.status == 201, first.text
        same = api.put(address, order)
        more = api.put(address, {"quantity": 12, "effective_on": "2026-05-03"})
        gone = api.put(address, {"status": "cancelled", "effective_on": "2026-06-01"})
        again = api.put(address, {"status": "cancelled"})

        assert [one.status for one in (same, more, gone, again)] == [200] * 4
        assert same.body == first.body
        assert more.body["quantity"] == 12
        assert gone.body["status"] == "cancelled"
        kinds = Operation.objects.filter(subscription_id=first.body["id"]).order_by("sequence")
        assert list(kinds.values_list("kind", flat=True)) == [
            "purchase",
            "update_quantity",
            "cancel",
        ]

    def test_what_a_new_one_needs_is_named(self, api: Api) -> None:
        said = api.put("/subscriptions/by-provider-id/guid-8", {"quantity": 3})
        assert said.status == 422
        assert said.fields == ["customer_id", "offer_id", "starts_on"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("unit_price", "16.00"),
            ("friendly_name", "Other"),
            ("starts_on", "2026-01-02"),
            ("offer_id", 1),
            ("status", "suspended"),
        ],
    )
    def test_what_cannot_be_changed_is_said_and_not_ignored(
        self, api: Api, field: str, value: Any
    ) -> None:
        made = api.post("/subscriptions", an_order(api)).body
        said = api.put("/subscriptions/by-provider-id/guid-1", {"quantity": 12, field: value})
        assert said.status == 422
        assert said.fields == [field]
        assert api.get(f"/subscriptions/{made['id']}").body["quantity"] == 10

    def test_another_tenants_provider_id_is_nobodys(self, api: Api, stranger: Api) -> None:
        api.post("/subscriptions", an_order(api))
        said = stranger.put("/subscriptions/by-provider-id/guid-1", {"quantity": 12})
        assert said.status == 422
        assert api.get("/subscriptions").body["items"][0]["quantity"] == 10


class TestAtTheSameMoment:
    def together(self, api: Api, method: str, address: str, body: Any) -> list[int]:
        def one(_: int) -> int:
            try:
                return Api(api.of, api.token).call(method, address, body).status
            finally:
                connection.close()

        with ThreadPoolExecutor(6) as pool:
            return sorted(pool.map(one, range(12)))

    def test_one_purchase_is_recorded(self, api: Api) -> None:
        statuses = self.together(api, "POST", "/subscriptions", an_order(api))
        assert statuses == [201] + [409] * 11

    def test_what_is_brought_up_to_date_is_changed_once(self, api: Api) -> None:
        made = api.post("/subscriptions", an_order(api)).body
        address = "/subscriptions/by-provider-id/guid-1"
        assert self.together(api, "PUT", address, {"quantity": 12}) == [200] * 12
        assert Operation.objects.filter(subscription_id=made["id"]).count() == 2
        assert self.together(api, "PUT", address, {"status": "cancelled"}) == [200] * 12
        assert Operation.objects.filter(subscription_id=made["id"]).count() == 3


class TestPaging:
    def test_every_one_is_seen_once(self, api: Api) -> None:
        customer = api.of.customer("Contoso")
        made = [api.of.subscription(customer_id=customer) for _ in range(5)]
        seen, address = [], "/subscriptions?limit=2"
        for _ in range(3):
            page = api.get(address).body
            seen += [one["id"] for one in page["items"]]
            address = f"/subscriptions?limit=2&cursor={page['next_cursor']}"
        assert seen == made
        assert page["next_cursor"] is None

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("limit=0", "limit"),
            ("limit=501", "limit"),
            ("limit=ten", "limit"),
            ("cursor=xx", "cursor"),
            ("cursor=WzEsICJhIl0", "cursor"),
            ("cursor=WyJcdTAwMDAiLCAxXQ", "cursor"),
            ("status=none", "status"),
            ("customer=x", "customer"),
            ("customer=99999999999999999999", "customer"),
            ("search=%00", "search"),
            ("serach=x", "serach"),
        ],
    )
    def test_a_wrong_query_is_named(self, api: Api, query: str, field: str) -> None:
        said = api.get(f"/subscriptions?{query}")
        assert said.status == 422, said.text
        assert said.fields == [field]

    @pytest.mark.parametrize("room", ["customers", "offers", "audit-logs"])
    def test_other_lists_refuse_what_they_did_not_give_out(self, api: Api, room: str) -> None:
        assert api.get(f"/{room}?cursor=WyJhIl0").fields == ["cursor"]
