"""Policies of one, included units and approvals through the API."""

from __future__ import annotations

from typing import Any

import pytest
from api_calls import Api, api_of

from factories import number, sibling
from tallystick.connections.models import PolicyOverride
from tallystick.identity.roles import Role
from tallystick.ledger.models import Delivery


class Mapped:
    """A mapped subscription whose changes wait for approval if so told."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.connection_id = api.of.connection()
        self.customer_id = api.of.customer()
        self.subscription_id = api.of.subscription(quantity=12, customer_id=self.customer_id)
        self.lane_id = api.of.map(
            self.subscription_id, self.connection_id, contract_id=number(), line_id=number()
        )
        self.address = f"/connections/{self.connection_id}/policies"
        self.of_one = f"{self.address}?subscription={self.subscription_id}"
        self.of_customer = f"{self.address}?customer={self.customer_id}"

    def one(self, body: Any, policy: str) -> Any:
        return next(one for one in body["policies"] if one["policy"] == policy)

    def review(self) -> None:
        said = self.api.put(self.of_one, {"mode": "review"})
        assert said.status == 200, said.text

    def change(self, quantity: int) -> Any:
        said = self.api.post(
            f"/subscriptions/{self.subscription_id}/operations",
            {"kind": "update_quantity", "quantity": quantity},
        )
        assert said.status == 201, said.text
        return said.body


@pytest.fixture
def mapped(api: Api) -> Mapped:
    return Mapped(api)


def test_a_policy_of_a_customer_and_of_a_subscription(api: Api, mapped: Mapped) -> None:
    said = api.get(mapped.of_one)
    assert said.status == 200, said.text
    assert mapped.one(said.body, "mode") == {
        "policy": "mode",
        "value": "automatic",
        "label": "Send it by itself",
        "told_by": "connection",
        "otherwise": "automatic",
    }
    assert "same_day" not in {one["policy"] for one in said.body["policies"]}
    said = api.put(mapped.of_customer, {"mode": "review", "decrease_day": "next_period"})
    assert (said.status, said.body["subscription_id"]) == (200, None), said.text
    shown = api.get(mapped.of_one).body
    assert mapped.one(shown, "mode")["told_by"] == "customer"

    said = api.put(mapped.of_one, {"mode": "automatic"})
    told = mapped.one(said.body, "mode")
    assert (told["value"], told["told_by"], told["otherwise"]) == (
        "automatic",
        "subscription",
        "review",
    )
    said = api.put(mapped.of_one, {"mode": None})
    assert mapped.one(said.body, "mode")["told_by"] == "customer"
    said = api.delete(f"{mapped.of_customer}&policy=mode")
    assert mapped.one(said.body, "mode")["told_by"] == "connection"
    assert mapped.one(said.body, "decrease_day")["told_by"] == "customer"
    said = api.delete(mapped.of_customer)
    assert {one["told_by"] for one in said.body["policies"]} == {"connection"}


def test_included_units_bring_the_line_to_what_is_billed(api: Api, mapped: Mapped) -> None:
    said = api.put(mapped.of_one, {"included_units": 2, "effective_on": "2026-05-10"})
    assert said.status == 200, said.text
    assert said.body["included_units"] == 2
    operations = api.get(f"/subscriptions/{mapped.subscription_id}/operations").body["items"]
    assert operations[0]["id"] == said.body["operation_id"]
    assert operations[0]["summary"] == "Included units 0 to 2 (quantity 12)"
    row = api.get(
        f"/connections/{mapped.connection_id}/subscription-mappings/{mapped.subscription_id}"
    ).body
    assert row["included_units"] == 2
    said = api.delete(mapped.of_one)
    assert (said.body["included_units"], said.body["operation_id"] is not None) == (0, True)


@pytest.mark.parametrize(
    ("whose", "body", "field"),
    [
        ("of_one", {"mode": "sometimes"}, "mode"),
        ("of_one", {"same_day": "adds"}, "same_day"),
        ("of_one", {"included_units": -1}, "included_units"),
        ("of_one", {"included_units": "2"}, "included_units"),
        ("of_one", {"included_units": 100_001, "mode": "review"}, "included_units"),
        ("of_one", {"included_units": 2, "effective_on": "2025-01-01"}, "effective_on"),
        ("of_one", {"mode": "review", "effective_on": "2026-05-10"}, "effective_on"),
        ("of_customer", {"included_units": 2, "mode": "review"}, "included_units"),
        ("address", {"mode": "review"}, "subscription"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(
    api: Api, mapped: Mapped, whose: str, body: Any, field: str
) -> None:
    said = api.put(getattr(mapped, whose), body)
    assert said.status == 422, said.text
    assert said.fields == [field]
    assert not PolicyOverride.objects.filter(connection_id=mapped.connection_id).exists()


def test_a_policy_that_is_none_cannot_be_set_back(api: Api, mapped: Mapped) -> None:
    said = api.delete(f"{mapped.of_one}&policy=colour")
    assert (said.status, said.fields) == (422, ["colour"])
    assert api.get(f"{mapped.of_one}&polcy=mode").fields == ["polcy"]


def test_who_may_and_in_which_context(api: Api, mapped: Mapped, viewer: Api, stranger: Api) -> None:
    assert viewer.get(mapped.of_one).status == 200
    assert viewer.put(mapped.of_one, {"mode": "review"}).status == 403
    assert api_of(api.of, Role.OPERATOR).put(mapped.of_one, {"mode": "review"}).status == 403
    for other in (stranger, api_of(sibling(api.of))):
        assert other.get(mapped.of_one).status == 404
        assert other.put(mapped.of_one, {"mode": "review"}).status == 404
        assert other.post(f"/connections/{mapped.connection_id}/approve", {}).status == 404


def test_one_operation_is_approved(api: Api, mapped: Mapped, viewer: Api) -> None:
    mapped.review()
    operation = mapped.change(15)
    assert operation["deliveries"][0]["awaits_approval"] is True
    address = f"/operations/{operation['id']}/deliveries/{mapped.connection_id}/approve"
    assert viewer.post(address).status == 403
    said = api_of(api.of, Role.OPERATOR).post(address)
    assert said.status == 200, said.text
    shown = said.body["deliveries"][0]
    assert (shown["awaits_approval"], shown["approved_by"]) == (False, "operator script (API)")
    assert api.post(address).status == 409
    assert (
        api.post(f"/operations/999999999/deliveries/{mapped.connection_id}/approve").status == 404
    )


def test_many_are_approved(api: Api, mapped: Mapped) -> None:
    # The first sync is no change of anybody's any more.
    Delivery.objects.filter(lane_id=mapped.lane_id).update(
        state="resolved", settled_at=api.of.clock.now()
    )
    mapped.review()
    mapped.change(15)
    mapped.change(16)
    row = api.get(
        f"/connections/{mapped.connection_id}/subscription-mappings/{mapped.subscription_id}"
    ).body
    assert (row["badge"], row["to_approve"]) == ("waiting_for_approval", 2)
    address = f"/connections/{mapped.connection_id}/approve"
    nothing = {"operations": 0, "subscriptions": 0}
    assert api.post(address, {"seen_at": "2020-01-01T00:00:00Z"}).body == nothing
    assert api.post(address, {"subscription_ids": []}).body == nothing
    assert api.post(address, {"customer_id": mapped.customer_id}).body == {
        "operations": 2,
        "subscriptions": 1,
    }
    assert api.post(address, {}).body == nothing
    assert api.post(address, {"subscription_ids": ["x"]}).status == 422
    said = api.post(
        f"/connections/{mapped.connection_id}/subscriptions/{mapped.subscription_id}/sync"
    )
    assert said.status in {202, 404}


def test_the_preview_says_that_it_waits_for_approval(api: Api, mapped: Mapped) -> None:
    mapped.review()
    said = api.post(
        f"/subscriptions/{mapped.subscription_id}/operations?preview=true",
        {"kind": "update_quantity", "quantity": 15},
    )
    assert said.status == 200, said.text
    sent = said.body["would_be_sent"][0]
    assert "waits for approval" in sent["held_because"] or sent["unread_because"]
