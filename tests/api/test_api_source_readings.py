"""A Partner Center by the API: connect, test, read, refresh; and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from api_calls import Api, api_of

from factories import TODAY, sibling
from price_files import GOOD, good
from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.source_clients import source_wire
from tallystick.identity.roles import Role
from tallystick.simulator.partner_center.price_sheets import sheet
from tallystick.simulator.partner_center.running import Running, running_partner_center
from tallystick.simulator.partner_center.world import CLIENT, SECRET, TENANT
from tallystick.simulator.pax8.app import CLIENT as PAX8_CLIENT
from tallystick.simulator.pax8.app import SECRET as PAX8_SECRET
from tallystick.simulator.pax8.app import running_pax8
from tallystick.sources.models import Source
from tallystick.sources.source_queries import get_source
from tallystick.sources.wire import ORIGINS, stand_ins
from tellers import teller

APPLICATION = {"tenant": TENANT, "client_id": CLIENT, "client_secret": SECRET}


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    with running_partner_center(today=TODAY) as running:
        hosts = ",".join(f"{host}={origin}" for host, origin in running.stand_ins.items())
        monkeypatch.setenv(ORIGINS, hosts)
        source_wire.cache_clear()
        yield running
        source_wire.cache_clear()


def connected(api: Api, **changes: Any) -> int:
    body = {"name": "Partner Center", **APPLICATION, **changes}
    said = api.post("/sources/partner-center", body)
    assert said.status == 201, said.text
    assert SECRET not in said.text
    return int(said.body["id"])


def test_connect_test_read_refresh(api: Api, at: Running) -> None:
    customer = at.center.add_customer("Alder & Ash")
    subject = at.center.add_subscription(customer)
    source = connected(api)
    tested = api.post(f"/sources/{source}/test").body
    assert tested == {
        "works": True,
        "checks": [
            {"name": name, "works": True, "words": ""}
            for name in ("Sign-in", "Customers", "Activity log")
        ],
    }
    read = api.post(f"/sources/{source}/read", {"what": "everything"})
    assert (read.status, read.body["differences"]) == (200, 1), read.text
    (held,) = api.get(f"/subscriptions?search={subject}").body["items"]
    at.center.change(subject, at=api.of.clock.now(), logged=False, quantity=13)
    body = {"customer": held["customer"]["id"]}
    assert api.post(f"/sources/{source}/refresh", body).body["differences"] == 1
    shown = api.get(f"/sources/{source}").body
    assert shown["capabilities"]["price"] is False
    assert shown["trouble"] == ""
    assert api.get(f"/subscriptions/{held['id']}").body["quantity"] == 13


def test_a_source_says_what_it_brought_and_what_it_could_not_match(api: Api, at: Running) -> None:
    customer = at.center.add_customer("Alder & Ash")
    subject = at.center.add_subscription(customer)
    strange = at.center.add_subscription(customer, termDuration="P7Y")
    source = connected(api)
    here = f"/sources/{source}"
    new = api.get(here).body
    assert (new["health"], new["last_run"]["at"]) == ("not_read_yet", None)
    api.post(f"{here}/read", {"what": "everything"})
    shown = api.get(here).body
    assert (shown["health"], shown["cause"], shown["unmatched"]) == ("works", "", 1)
    bought = {"number": 1, "kinds": {"subscription.created": 1}}
    run = shown["last_run"]
    assert run["at"] == shown["last_read_at"]
    assert (run["subscriptions"], run["differences"], run["brought"]) == (2, 1, bought)
    at.center.change(subject, at=desk().now(), quantity=13)
    api.post(f"{here}/read", {})
    shown = api.get(here).body
    assert shown["last_run"]["brought"]["kinds"] == {"subscription.quantity_changed": 1}
    assert shown["last_24_hours"] == {
        "number": 2,
        "kinds": {"subscription.created": 1, "subscription.quantity_changed": 1},
    }
    assert shown["unmatched"] == 1, "a look at what changed says nothing of the others"
    listed = api.get(shown["unmatched_at"].removeprefix("/api/v1")).body
    assert (listed["number"], listed["first"][0]["id"]) == (1, strange)
    assert "P7Y" in listed["first"][0]["why"]
    at.center.change(strange, at=desk().now(), termDuration="P1Y")
    long_ago = desk().now() - timedelta(days=1)
    Source.objects.filter(pk=source).update(next_read_at=long_ago)
    assert api.get(here).body["health"] == "overdue"
    api.post(f"{here}/read", {})
    assert api.get(here).body["unmatched"] == 0
    assert api_of(sibling(api.of)).get(f"{here}/unmatched").status == 404


def test_a_price_sheet_is_chosen_and_read(api: Api, at: Running) -> None:
    at.center.price_sheets["DE"] = sheet([GOOD])
    here = f"/sources/{connected(api)}"
    assert api.get(here).body["price_sheet"] is None
    chosen = {"market": "de", "price_is_for": "term", "refresh_token": at.center.refresh_token}
    said = api.put(f"{here}/price-sheet", chosen)
    assert (said.status, said.body["price_sheet"]["market"]) == (200, "DE")
    assert chosen["refresh_token"] not in said.text
    looked = api.post(f"{here}/price-sheet/read", {"dry_run": True}).body
    assert (looked["stored"], looked["added"]) == (False, 1)
    assert api.get(here).body["price_sheet"]["read_at"] is None
    read = api.post(f"{here}/price-sheet/read", {})
    assert (read.status, read.body["added"], read.body["unchanged"]) == (200, 1, 0)
    shown = api.get(here).body["price_sheet"]
    assert (shown["rows"], shown["trouble"], shown["price_is_for"]) == (1, "", "term")
    at.center.price_sheets["DE"] = sheet([good(UnitPrice="dear")])
    wrong = api.post(f"{here}/price-sheet/read", {})
    assert (wrong.status, wrong.fields) == (422, ["line 2, UnitPrice"])
    assert api.get(here).body["price_sheet"]["errors"]
    assert api.put(f"{here}/price-sheet", {**chosen, "price_is_for": ""}).fields == ["price_is_for"]
    operator = api_of(api.of, Role.OPERATOR)
    assert operator.put(f"{here}/price-sheet", chosen).status == 403


def test_what_tells_by_itself_says_when_and_what(api: Api) -> None:
    told = teller(api.of)
    here = f"/sources/{told.added.source_id}"
    assert api.get(here).body["last_run"]["at"] is None
    subject = told.subject()
    told.tell(told.bought(subject))
    api.of.later(minutes=1)
    told.tell(told.quantity(subject, 11), told.quantity(subject, 12))
    run = api.get(here).body["last_run"]
    assert run["brought"] == {"number": 2, "kinds": {"subscription.quantity_changed": 2}}
    assert (run["at"] is not None, run["subscriptions"]) == (True, None)
    assert api.get(here).body["health"] == "works"
    for hours, number in ((23, 3), (25, 0)):
        view = get_source(
            api.of.context, told.added.source_id, now=api.of.clock.now() + timedelta(hours=hours)
        )
        assert view.lately.last_day.number == number


def test_a_wrong_secret_is_told_by_the_test_and_by_reading(api: Api, at: Running) -> None:
    source = connected(api, client_secret="wrong-secret")
    tested = api.post(f"/sources/{source}/test")
    assert tested.body["works"] is False
    (check,) = tested.body["checks"]
    assert "invalid_client" in check["words"]
    said = api.post(f"/sources/{source}/read", {})
    assert said.status == 502
    assert "wrong-secret" not in said.text + tested.text
    assert "refused the sign-in" in api.get(f"/sources/{source}").body["trouble"]


def test_what_is_refused(api: Api, at: Running) -> None:
    for change, field in [
        ({"tenant": "a/../b"}, "tenant"),
        ({"client_id": "x"}, "client_id"),
        ({"client_secret": " "}, "client_secret"),
        ({"name": ""}, "name"),
    ]:
        said = api.post("/sources/partner-center", {"name": "PC", **APPLICATION, **change})
        assert (said.status, said.fields) == (422, [field])
    source = connected(api)
    assert api.post("/sources/partner-center", {"name": "x", **APPLICATION}).status == 409
    assert api_of(api.of, Role.OPERATOR).post(f"/sources/{source}/test").status == 403
    told = teller(api.of).added.source_id
    assert api.post(f"/sources/{told}/read", {}).fields == ["source"]
    assert SECRET.encode() not in bytes(Source.objects.get(pk=source).secret_sealed)


@pytest.mark.parametrize(
    "origin", ["http://10.0.0.1:80", "https://127.0.0.1:80", "http://127.0.0.1", "http://evil:80"]
)
def test_stand_ins_are_on_loopback_alone(origin: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        stand_ins({ORIGINS: f"api.partnercenter.microsoft.com={origin}"})


def test_a_pax8(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_pax8() as running:
        monkeypatch.setenv(ORIGINS, f"api.pax8.com={running.stand_ins['api.pax8.com']}")
        source_wire.cache_clear()
        running.world.add_subscription(running.world.add_company("Alder & Ash"))
        body = {"name": "Pax8", "client_id": PAX8_CLIENT, "client_secret": PAX8_SECRET}
        said = api.post("/sources/pax8", body)
        assert said.status == 201, said.text
        assert said.body["capabilities"]["cost"] is True
        at = f"/sources/{said.body['id']}"
        assert api.post(f"{at}/test").body["works"] is True
        assert api.post(f"{at}/read", {"what": "everything"}).body["differences"] == 1
        assert api.post("/sources/pax8", body).status == 409
        assert api.post("/sources/pax8", {**body, "client_id": " "}).fields == ["client_id"]
    source_wire.cache_clear()
