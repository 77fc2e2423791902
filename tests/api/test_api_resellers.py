"""Resellers, and a customer's move to one, through the API."""

from __future__ import annotations

from api_calls import Api, api_of

from factories import number, sibling, tenancy
from tallystick.identity.roles import Role
from tallystick.subscriptions.models import Subscription


def test_a_reseller_is_made_renamed_and_listed(api: Api) -> None:
    name = f"Bright {number()}"
    made = api.post("/resellers", {"name": name})
    assert made.status == 201, made.text
    assert api.get("/resellers").body["items"] == [made.body]
    assert api.post("/resellers", {"name": name}).status == 409
    assert api.post("/resellers", {"name": " "}).fields == ["name"]
    at = f"/resellers/{made.body['id']}"
    assert api.call("PATCH", at, {"name": "Dim"}).body["name"] == "Dim"
    assert api.call("PATCH", "/resellers/999999999", {"name": "x"}).status == 404


def test_a_customer_moves_after_a_look(api: Api) -> None:
    made = api.post("/resellers", {"name": f"Bright {number()}"}).body
    held = api.of.subscription()
    customer = Subscription.objects.get(pk=held).customer_id
    at, to = f"/customers/{customer}/move", {"reseller_id": made["id"]}
    ahead = api.post(f"{at}?preview=true", to)
    assert ahead.status == 200, ahead.text
    assert ahead.body["lines"][0]["will_happen"].startswith("The subscription is not mapped")
    assert Subscription.objects.get(pk=held).reseller_id is None
    moved = api.post(at, to)
    assert (moved.status, moved.body["subscriptions"]) == (201, 1)
    assert Subscription.objects.get(pk=held).reseller_id == made["id"]
    assert api.post(at, to).fields == ["reseller_id"]
    assert api.post(at, {"reseller_id": None, "effective_on": "2099-01-01"}).fields == [
        "effective_on"
    ]


def test_the_lines_left_behind_are_listed(api: Api) -> None:
    connection = api.of.connection()
    assert api.get(f"/connections/{connection}/left-lines").body["items"] == []
    assert api.post(f"/connections/{connection}/left-lines/7/sync", None).status == 404


def test_a_reseller_and_an_operator_are_refused(db: None) -> None:
    reseller = api_of(tenancy(reseller=True))
    assert reseller.get("/resellers").status == 403
    assert reseller.post("/resellers", {"name": "x"}).status == 403
    operator = api_of(tenancy(), Role.OPERATOR)
    assert operator.post("/resellers", {"name": "x"}).status == 403


def test_strangers_find_nothing(api: Api) -> None:
    """Another CSP, and a reseller of this one."""
    made = api.post("/resellers", {"name": f"Bright {number()}"}).body
    customer, to = api.of.customer(), {"reseller_id": made["id"]}
    stranger, reseller = api_of(tenancy()), api_of(sibling(api.of))
    for other, status in ((stranger, 404), (reseller, 403)):
        assert other.post(f"/customers/{customer}/move", to).status == status
        assert other.post(f"/customers/{customer}/move?preview=true", to).status == status
        renamed = other.call("PATCH", f"/resellers/{made['id']}", {"name": "x"})
        assert renamed.status == status
