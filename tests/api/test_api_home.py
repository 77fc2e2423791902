"""Home through the API."""

from __future__ import annotations

from api_calls import Api, api_of
from django.db import connection as database

from factories import number, sibling
from harness import World
from tallystick.identity.roles import Role


def test_a_new_organisation_has_nothing_to_say(api: Api) -> None:
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
    said = api.get("/home")
    assert said.status == 200, said.text
    assert said.body["tone"] == "red"
    assert said.body["first"] == [
        "No worker is there: nothing is read from Autotask or sent to it."
    ]
    assert said.body["may_post"]["answer"] == "nothing"
    assert said.body["needs_you"] == said.body["connections"] == []
    assert len(said.body["days"]) == 30


def test_what_stands_is_told_with_quantity_and_money(world: World) -> None:
    line = world.line(units=4)
    line.strike("refuse")
    line.quantity(6)
    world.work()
    world.tenancy.subscription(quantity=14)
    said = api_of(world.tenancy).get("/home?up_to=2026-05-31").body
    assert not said["all_well"]
    assert said["subscriptions"]["out_of_sync"] == {
        "subscriptions": 1,
        "quantity": 6,
        "a_month": {"EUR": "91.20"},
        "operations_waiting": 1,
    }
    assert said["not_mapped"] == {
        "subscriptions": 1,
        "licences": 14,
        "a_month": {"EUR": "212.80"},
    }
    (need,) = said["needs_you"]
    assert need["subscription_id"] == line.subscription_id
    assert (need["a_month"], need["currency"], need["badge"]) == ("91.20", "EUR", "out_of_sync")
    assert said["may_post"]["up_to"] == "2026-05-31"
    assert {one["why"] for one in said["may_post"]["reasons"]} >= {"not_settled", "not_mapped"}
    assert said["oldest_waiting"]["subscription_id"] == line.subscription_id
    assert said["connections"][0]["lines"] == 1


def test_a_wrong_day_or_a_misspelt_question_is_named(api: Api) -> None:
    wrong = api.get("/home?up_to=31.5.2026")
    assert (wrong.status, wrong.fields) == (422, ["up_to"])
    assert api.get("/home?upto=2026-05-31").fields == ["upto"]


def test_whoever_may_sync_asks_for_a_look(api: Api, viewer: Api) -> None:
    connection_id = api.of.connection()
    assert api.post(f"/connections/{connection_id}/look").status == 409, "nothing is mapped"
    api.of.map(api.of.subscription(), connection_id, contract_id=number(), line_id=number())
    assert api.post(f"/connections/{connection_id}/look").status == 202
    assert viewer.post(f"/connections/{connection_id}/look").status == 403
    api.post(f"/connections/{connection_id}/pause", {"reason": "Stock-taking"})
    assert api.post(f"/connections/{connection_id}/look").status == 409


def test_a_reseller_is_told_of_its_own(api: Api) -> None:
    reseller = sibling(api.of)
    mine = reseller.subscription(quantity=3)
    api.of.subscription(quantity=5)
    connection_id = reseller.connection()
    reseller.map(mine, connection_id, contract_id=number(), line_id=number())
    said = api_of(reseller, Role.VIEWER).get("/home").body
    assert said["not_mapped"]["subscriptions"] == 0
    assert sum(one["subscriptions"] for one in said["subscriptions"].values()) == 1
    assert [one["id"] for one in said["connections"]] == [connection_id]
    of_all = api.get("/home").body
    assert of_all["not_mapped"]["subscriptions"] == 1
