"""Closing a month through the API, and what is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest
from api_calls import Api, api_of

from factories import tenancy
from harness import World
from tallystick.connections.models import Connection
from tallystick.identity.roles import Role
from tallystick.kit.clock import DatabaseClock


@pytest.fixture
def closed(api: Api) -> tuple[int, int]:
    """A connection and a proof: nothing is mapped to it, so Autotask is not asked."""
    connection_id = api.of.connection()
    api.of.subscription(quantity=3)
    said = api.post(f"/connections/{connection_id}/month-proofs", {"month": "2026-04"})
    assert said.status == 201, said.text
    return connection_id, said.body["id"]


def test_a_closed_month_is_answered_listed_and_looked_at(api: Api, closed: tuple[int, int]) -> None:
    connection_id, proof_id = closed
    proof = api.get(f"/month-proofs/{proof_id}").body
    assert (proof["month"], proof["number"], proof["not_billed"]) == ("2026-04", 1, 1)
    assert (proof["outcome"], proof["changed"]) == ("different", None)
    again = api.post(f"/connections/{connection_id}/month-proofs", {"month": "2026-04"}).body
    assert (again["number"], again["changed"]) == (2, 0)
    at = f"/month-proofs?month=2026-04&connection={connection_id}"
    assert [one["id"] for one in api.get(at).body["items"]] == [again["id"], proof_id]
    (line,) = api.get(f"/month-proofs/{proof_id}/lines?outcome=not_billed").body["items"]
    assert line["difference"] == "-45.60"
    assert "nothing bills it" in line["why"]


def test_it_comes_as_a_file(api: Api, viewer: Api, closed: tuple[int, int]) -> None:
    _, proof_id = closed
    found = api.get(f"/month-proofs/{proof_id}/export")
    assert found.text.lstrip("\ufeff").startswith("Customer,Subscription,Contract,Outcome")
    assert 'filename="month-2026-04-proof-1.csv"' in found.headers["Content-Disposition"]
    assert api.get(f"/month-proofs/{proof_id}/export?format=json").body["not_billed"] == 1
    assert api.get(f"/month-proofs/{proof_id}/export?format=xml").fields == ["format"]
    assert viewer.get(f"/month-proofs/{proof_id}/export").status == 403
    auditor = api_of(api.of, Role.AUDITOR)
    assert auditor.get(f"/month-proofs/{proof_id}/export").status == 200


def test_wrong_months_strangers_and_viewers_are_refused(
    api: Api, viewer: Api, closed: tuple[int, int]
) -> None:
    connection_id, proof_id = closed
    at = f"/connections/{connection_id}/month-proofs"
    this = f"{DatabaseClock().now() + timedelta(days=1):%Y-%m}"
    for month in ("April", "2026-13", "", this, "9999-12", "0000-12"):
        assert api.post(at, {"month": month}).fields == ["month"], month
    assert viewer.post(at, {"month": "2026-04"}).status == 403
    stranger = api_of(tenancy())
    for address in (f"/month-proofs/{proof_id}", f"/month-proofs/{proof_id}/lines"):
        assert stranger.get(address).status == 404
    assert stranger.get(f"/month-proofs/{proof_id}/export").status == 404
    assert stranger.get("/month-proofs").body["items"] == []
    assert api.get("/month-proofs?month=April").fields == ["month"]
    assert api.get("/month-proofs?month=9999-12").body["items"] == []


def test_the_first_month_there_is_can_be_closed(api: Api) -> None:
    at = f"/connections/{api.of.connection()}/month-proofs"
    assert api.post(at, {"month": "0001-01"}).status == 201


def test_what_cannot_be_read_is_said_and_nothing_is_kept(world: World) -> None:
    """The server reaches no Autotask here."""
    world.line()
    api = api_of(world.tenancy)
    said = api.post(f"/connections/{world.connection_id}/month-proofs", {"month": "2026-04"})
    assert said.status == 502, said.text
    assert "Nothing was closed" in said.body["detail"]
    assert Connection.objects.filter(pk=world.connection_id, monthproof=None).exists()
