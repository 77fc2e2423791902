"""Connections, mappings and Sync through the API."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from api_calls import Api, api_of

from factories import START
from harness import World
from tallystick.audit.record import SYSTEM, Subject
from tallystick.connections.models import Connection
from tallystick.directory.models import CompanyEntry, ContractEntry, LineEntry, ServiceEntry
from tallystick.identity.roles import Role
from tallystick.kit.clock import DatabaseClock
from tallystick.ledger.kinds import SightingKind
from tallystick.ledger.models import SyncRun
from tallystick.ledger.second_writer import UnitChange
from tallystick.ledger.settle import Act
from tallystick.ledger.sightings import keep_sighting
from tallystick.mappings.suggest import suggest_companies

SECRET = "Very-Secret-9$"
CODE = "INTEGRATIONCODE99"
ALL = {
    "name": "Autotask Europe",
    "budget_share": 0.25,
    "quiet_seconds": 120,
    "same_day": "replaces",
    "same_day_policy": "next_day",
    "back_dated": "move",
    "cancel_rule": "price_zero",
}


def a_connection(**more: Any) -> dict[str, Any]:
    return {
        "name": "Autotask",
        "price_currency": "EUR",
        "cost_currency": "eur",
        "user_name": "api@example.com",
        "secret": SECRET,
        "code": CODE,
        "time_zone": "Europe/Berlin",
        **more,
    }


class TestConnections:
    def test_secrets_go_in_and_never_come_out(self, api: Api) -> None:
        made = api.post("/connections", a_connection(), Idempotency_Key="c-1")
        assert made.status == 201, made.text
        assert made.body["cost_currency"] == "EUR"
        connection_id = made.body["id"]
        answers = [
            made,
            api.post("/connections", a_connection(), Idempotency_Key="c-1"),
            api.post("/connections", a_connection()),
            api.post("/connections", a_connection(name="", quiet_seconds="x")),
            api.post("/connections", a_connection(secret={"a": SECRET}, code=[CODE])),
            api.post("/connections", a_connection(secret=SECRET + "\n", code="")),
            api.post("/connections", [a_connection()]),
            api.get("/connections"),
            api.get(f"/connections/{connection_id}"),
            api.post(f"/connections/{connection_id}/pause", {"reason": "holidays"}),
            api.post(f"/connections/{connection_id}/resume"),
            api.get("/audit-logs"),
            api.get("/openapi.json"),
        ]
        assert [one.status for one in answers[:7]] == [201, 201, 409, 422, 422, 422, 422]
        for answer in answers:
            assert SECRET not in answer.text
            assert CODE not in answer.text
        kept = Connection.objects.get(pk=connection_id)
        assert SECRET.encode() not in bytes(kept.secret_sealed)

    def test_a_second_one_of_the_same_autotask_is_told_at_once(self, api: Api) -> None:
        first = api.post("/connections", a_connection(name="First"))
        second = api.post("/connections", a_connection(name="Second"))
        dollars = api.post("/connections", a_connection(name="Third", price_currency="USD"))
        assert [one.status for one in (first, second, dollars)] == [201, 201, 201]
        assert (first.body["warning"], dollars.body["warning"]) == ("", "")
        assert "“First” is of the same Autotask" in second.body["warning"]
        assert "Use that one and delete this" in second.body["warning"]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "x" * 201),
            ("price_currency", "EURO"),
            ("cost_currency", 5),
            ("time_zone", "Mars/Olympus"),
            ("time_zone", "../etc/passwd"),
            ("secret", ""),
            ("secret", None),
            ("code", "a\nb"),
            ("user_name", ""),
            ("quiet_seconds", -1),
            ("quiet_seconds", "60"),
            ("web_url", "javascript:alert(1)"),
            ("unknown", 1),
        ],
    )
    def test_a_wrong_field_is_named(self, api: Api, field: str, value: Any) -> None:
        said = api.post("/connections", a_connection(**{field: value}))
        assert said.status == 422, said.text
        assert said.fields == [field]
        assert api.get("/connections").body["items"] == []

    def test_pause_and_resume(self, api: Api) -> None:
        connection_id = api.of.connection()
        paused = api.post(f"/connections/{connection_id}/pause", {"reason": "Stock-taking"})
        assert (paused.status, paused.body["paused"]) == (200, True)
        assert paused.body["paused_because"] == "Stock-taking"
        assert api.post(f"/connections/{connection_id}/pause", {"reason": "x"}).status == 200
        resumed = api.post(f"/connections/{connection_id}/resume")
        assert (resumed.status, resumed.body["paused"]) == (200, False)
        found = [one["operation"] for one in api.get("/audit-logs").body["items"]]
        assert found.count("connection.pause") == found.count("connection.resume") == 1


def test_a_connection_is_tested_check_by_check(api: Api) -> None:
    """No Autotask may be reached in these tests: that is what the first check says."""
    connection_id = api.of.connection()
    said = api.post(f"/connections/{connection_id}/test")
    assert (said.status, said.body["ok"]) == (200, False)
    first = said.body["checks"][0]
    assert set(first) == {"name", "title", "ok", "words", "todo"}
    wrong = [check for check in said.body["checks"] if not check["ok"]]
    assert wrong
    assert all(check["todo"] for check in wrong)
    newest = api.get("/audit-logs").body["items"][0]
    assert (newest["operation"], newest["status"]) == ("connection.test", "failed")


COMPANY, SERVICE, CONTRACT = 5, 6, 7


def listed(connection_id: int) -> None:
    """What the connection's directory has, as if it had been read."""
    here = {"connection_id": connection_id, "seen_at": START}
    CompanyEntry.objects.create(ref=COMPANY, name="Contoso", active=True, **here)
    ServiceEntry.objects.create(
        ref=SERVICE, name="M365", active=True, period_months=1, unit_price=Decimal(22), **here
    )
    ContractEntry.objects.create(
        ref=CONTRACT,
        company_ref=COMPANY,
        name="Cloud 2026",
        active=True,
        starts_on=date(2026, 1, 1),
        ends_on=date(2099, 12, 31),
        period_months=1,
        **here,
    )
    LineEntry.objects.create(ref=8, contract_ref=CONTRACT, service_ref=SERVICE, name="", **here)


def named(api: Api, *, quantity: int = 10) -> tuple[int, int]:
    """A connection with its directory, and a subscription whose customer and offer are mapped."""
    connection_id = api.of.connection()
    listed(connection_id)
    customer, offer = api.of.customer(), api.of.offer()
    subscription = api.of.subscription(customer_id=customer, offer_id=offer, quantity=quantity)
    at = f"/connections/{connection_id}"
    assert api.put(f"{at}/customer-mappings/{customer}", {"company_id": COMPANY}).status == 201
    assert api.put(f"{at}/offer-mappings/{offer}", {"service_id": SERVICE}).status == 201
    return connection_id, subscription


class TestMappings:
    def test_names_are_mapped_one_to_one(self, api: Api) -> None:
        connection_id = api.of.connection()
        listed(connection_id)
        at = f"/connections/{connection_id}"
        customer, other = api.of.customer(), api.of.customer()
        company = {"company_id": COMPANY}
        mapped = api.put(f"{at}/customer-mappings/{customer}", company)
        assert (mapped.status, mapped.body["company_name"]) == (201, "Contoso")
        assert api.put(f"{at}/customer-mappings/{other}", company).status == 409
        assert api.put(f"{at}/customer-mappings/999999999", company).status == 404
        wrong = api.put(f"{at}/customer-mappings/{other}", {"company_id": 999999999})
        assert (wrong.status, wrong.body["errors"][0]["field"]) == (422, "company_id")
        service = {"service_id": SERVICE}
        offer = api.of.offer()
        api.of.subscription(customer_id=customer, offer_id=offer)
        mapped = api.put(f"{at}/offer-mappings/{offer}", service)
        assert (mapped.status, mapped.body["service_name"]) == (201, "M365")
        assert api.put(f"{at}/offer-mappings/{offer}", service).status == 409
        assert api.put(f"{at}/offer-mappings/999999999", service).status == 404

        listing = api.get(f"{at}/customer-mappings?mapped=true").body["items"]
        assert [(one["customer"]["id"], one["company_id"]) for one in listing] == [
            (customer, COMPANY)
        ]
        assert listing[0]["active"]["a_month"] == {"EUR": "152.00"}
        assert [
            one["customer"]["id"]
            for one in api.get(f"{at}/customer-mappings?mapped=false").body["items"]
        ] == [other]
        assert api.get(f"{at}/offer-mappings?mapped=true").body["items"][0]["service_id"] == SERVICE
        assert api.call("DELETE", f"{at}/customer-mappings/{customer}").status == 204
        assert api.call("DELETE", f"{at}/offer-mappings/{offer}").status == 204
        assert api.call("DELETE", f"{at}/offer-mappings/{offer}").status == 404

    def test_left_out_with_a_reason_and_taken_back_in(self, api: Api) -> None:
        connection_id = api.of.connection()
        at = f"/connections/{connection_id}/customer-mappings"
        customer = api.of.customer()
        said = api.put(f"{at}/{customer}/exclusion", {"reason": "our own"})
        assert (said.status, said.body["excluded_because"]) == (201, "our own")
        assert len(api.get(f"{at}?excluded=true").body["items"]) == 1
        assert api.put(f"{at}/{customer}/exclusion", {"reason": "again"}).status == 409
        assert api.call("DELETE", f"{at}/{customer}/exclusion").status == 204
        offer = api.of.offer()
        api.of.subscription(offer_id=offer)
        at = f"/connections/{connection_id}/offer-mappings/{offer}/exclusion"
        assert api.put(at, {"reason": "free"}).status == 201
        assert api.call("DELETE", at).status == 204

    def test_the_directory_is_listed_with_its_age(self, api: Api) -> None:
        connection_id = api.of.connection()
        at = f"/connections/{connection_id}"
        empty = api.get(f"{at}/companies").body
        assert (empty["items"], empty["age"]["read_at"]) == ([], None)
        listed(connection_id)
        assert [one["name"] for one in api.get(f"{at}/companies?search=onto").body["items"]] == [
            "Contoso"
        ]
        assert api.get(f"{at}/services").body["items"][0]["unit_price"] == "22.0000"
        contracts = api.get(f"{at}/contracts?company={COMPANY}").body["items"]
        assert contracts[0]["ends_on"] == "2099-12-31"
        assert api.get(f"{at}/contracts?company=1").body["items"] == []
        lines = api.get(f"{at}/contract-services?contract={contracts[0]['id']}").body["items"]
        assert lines[0]["service_id"] == SERVICE
        assert api.get(f"{at}/companies?nonsense=1").status == 422
        asked = api.post(f"{at}/refresh-directory")
        assert (asked.status, asked.body["being_read"]) == (202, True)
        assert api.post(f"{at}/refresh-directory").status == 202

    def test_clear_suggestions_are_accepted_together(self, api: Api) -> None:
        connection_id = api.of.connection()
        listed(connection_id)
        api.of.customer("Contoso")
        suggest_companies(connection_id, now=api.of.clock.now())
        at = f"/connections/{connection_id}/customer-mappings"
        suggestion = api.get(at).body["items"][0]["suggestion"]
        assert (suggestion["id"], suggestion["clear"]) == (COMPANY, True)
        assert api.post(f"{at}/accept", {}).body == {"mapped": 1, "refused": []}
        assert api.post(f"{at}/accept", {"at_least": "0.2"}).status == 422

    def test_a_subscription_is_mapped_listed_and_unmapped(self, api: Api) -> None:
        connection_id, subscription_id = named(api)
        at = f"/connections/{connection_id}/subscription-mappings"
        place = {
            "contract_id": CONTRACT,
            "contract_service_id": 8,
            "line": "use",
            "first_sync": "none",
        }
        [row] = api.get(f"{at}?mapped=false").body["items"]
        assert (row["badge"], row["place"], row["expected"]) == ("not_mapped", None, None)

        one = f"{at}/{subscription_id}"
        places = api.get(f"{one}/places").body
        assert places["proposal"]["contract_service_id"] == 8
        assert places["proposal"]["clear"] is True
        assert places["contracts"][0]["lines"] == [
            {"contract_service_id": 8, "name": "", "taken": False}
            | {"bills": [], "may_be_shared": False, "not_together": ""}
        ]
        assert api.put(one, {**place, "line": "own"}).fields == ["contract_service_id"]
        assert api.put(one, {**place, "first_sync": "guess"}).fields == ["first_sync"]
        assert api.put(one, {**place, "contract_id": 77}).fields == ["contract_id"]
        made = api.put(one, place)
        assert made.status == 201, made.text
        assert made.body["place"]["contract_service_id"] == 8
        assert made.body["place"]["company_name"] == "Contoso"
        assert api.put(one, place).status in {409, 422}
        assert api.get(one).body == made.body
        assert api.get(f"{at}?badge={made.body['badge']}&search=cloud").body["items"] == [made.body]
        assert api.get(f"{at}?badge=purple").fields == ["badge"]
        gone = api.delete(one)
        assert (gone.status, gone.text) == (204, "")
        assert api.delete(one).status == 404

    def test_the_first_sync_brings_the_line_to_ours(self, api: Api) -> None:
        connection_id, subscription_id = named(api, quantity=7)
        said = api.put(
            f"/connections/{connection_id}/subscription-mappings/{subscription_id}",
            {"contract_id": CONTRACT, "line": "own", "effective_on": None},
        )
        assert said.status == 201, said.text
        assert (said.body["badge"], said.body["pending"]) == ("syncing", 1)
        [newest, _] = api.get(f"/subscriptions/{subscription_id}/operations").body["items"]
        assert (newest["kind"], newest["after"]["quantity"]) == ("map", 7)
        unmap = api.delete(f"/connections/{connection_id}/subscription-mappings/{subscription_id}")
        assert unmap.status == 409

    def test_what_cannot_be_read_is_said_and_nothing_is_mapped(self, api: Api) -> None:
        """The connection's Autotask does not exist: no server is allowed in these tests."""
        connection_id, subscription_id = named(api)
        at = f"/connections/{connection_id}/subscription-mappings"
        line = {"contract_id": CONTRACT, "contract_service_id": 8, "line": "use"}
        for said in (
            api.post(f"{at}/{subscription_id}/look", line),
            api.put(f"{at}/{subscription_id}", {**line, "first_sync": "adopt"}),
            api.post(f"{at}/accept"),
        ):
            assert said.status == 502, said.text
            assert "Nothing was mapped, and nothing was sent" in said.body["detail"]
        assert api.get(f"{at}/{subscription_id}").status == 404


class TestSecondWriter:
    def test_it_is_in_the_row_until_it_is_dealt_with(self, world: World) -> None:
        line = world.line(units=10)
        api = api_of(world.tenancy)
        at = f"/connections/{world.connection_id}/subscription-mappings/{line.subscription_id}"
        assert api.get(at).body["second_writer"] is None
        deal = f"{at}/second-writer/deal-with"
        assert api.post(deal, {"reason": "x"}).status == 409

        # At the API's own time: what was seen counts for 90 days.
        act = Act(DatabaseClock().now(), SYSTEM, Subject(world.tenancy.tenant_id), "correlation")
        keep_sighting(
            line.lane(),
            SightingKind.OUR_CHANGE,
            UnitChange(date(2026, 5, 11), 10, 12),
            contract_id=line.contract_id,
            line_id=line.line_id,
            act=act,
        )
        said = api.get(at).body["second_writer"]
        assert said["words"].startswith("Somebody else changes this line too: 10 to 12 from")
        [seen] = said["seen"]
        assert (seen["what"], seen["from_on"]) == ("our_change", "2026-05-11")
        assert (seen["units_before"], seen["units_after"]) == (10, 12)
        assert said["since_at"] == seen["seen_at"]

        assert api.post(deal, {"reason": " "}).fields == ["reason"]
        assert api.post(deal, {}).fields == ["reason"]
        assert api_of(world.tenancy, Role.VIEWER).post(deal, {"reason": "x"}).status == 403
        done = api.post(deal, {"reason": "The old tool is off."})
        assert (done.status, done.body["second_writer"]) == (200, None)
        assert done.body == api.get(at).body
        [log] = api.get("/audit-logs?operation=subscription.second_writer_dealt_with").body["items"]
        assert log["summary"] == "The old tool is off."


class TestSync:
    def test_pressed_twice_is_the_same_run(self, world: World) -> None:
        line = world.line(units=10)
        line.quantity(12)
        api = api_of(world.tenancy)
        press = (
            f"/connections/{world.connection_id}/subscription-mappings/{line.subscription_id}/sync"
        )
        first, second = api.post(press), api.post(press)

        assert (first.status, second.status) == (202, 202)
        assert first.body["id"] == second.body["id"]
        assert first.body["state"] == "running"
        assert SyncRun.objects.filter(lane_id=line.lane_id).count() == 1
        world.work()
        run = api.get(f"/runs/{first.body['id']}").body
        assert (run["state"], run["seen"], run["written"]) == ("finished", 1, 1)
        assert run["operations"][0]["deliveries"][0]["state"] == "synced"

    def test_many_at_once(self, world: World) -> None:
        lines = [world.line(units=5), world.line(units=6)]
        lines[0].quantity(9)
        api = api_of(world.tenancy)
        press = f"/connections/{world.connection_id}/sync"
        ids = [line.subscription_id for line in lines]

        dry = api.post(press, {"all": True, "dry_run": True}, Idempotency_Key="k")
        assert (dry.status, dry.body["dry_run"]) == (200, True)
        assert [(one["run_id"], one["pending"]) for one in dry.body["items"]] == [
            (None, 1),
            (None, 0),
        ]
        assert SyncRun.objects.filter(tenant_id=world.tenancy.tenant_id).count() == 0

        both = api.post(press, {"all": True}, Idempotency_Key="k")
        assert both.status == 202, both.text
        replayed = api.post(press, {"all": True}, Idempotency_Key="k")
        assert (replayed.body, replayed.headers["Idempotent-Replayed"]) == (both.body, "true")
        assert api.post(press, {"subscriptions": ids}, Idempotency_Key="k").status == 409
        assert [one["subscription_id"] for one in both.body["items"]] == ids
        again = api.post(press, {"subscriptions": ids})
        assert again.body == both.body
        customer = api.get(f"/subscriptions/{ids[0]}").body["customer"]["id"]
        one = api.post(press, {"customer": customer})
        assert [each["subscription_id"] for each in one.body["items"]] == ids[:1]

    @pytest.mark.parametrize(
        "body", [{}, {"all": False}, {"all": True, "customer": 1}, {"dry_run": True}]
    )
    def test_who_is_meant_must_be_said_once(self, api: Api, body: dict[str, Any]) -> None:
        said = api.post(f"/connections/{api.of.connection()}/sync", body)
        assert said.status == 422
        assert said.fields == ["subscriptions", "customer", "all"]

    def test_a_customer_with_nothing_mapped_is_said(self, api: Api) -> None:
        body = {"customer": api.of.customer()}
        said = api.post(f"/connections/{api.of.connection()}/sync", body)
        assert (said.status, said.fields) == (422, ["customer"])

    def test_one_that_is_not_mapped_stops_all(self, world: World) -> None:
        line = world.line(units=5)
        other = world.tenancy.subscription()
        api = api_of(world.tenancy)
        said = api.post(
            f"/connections/{world.connection_id}/sync",
            {"subscriptions": [line.subscription_id, other]},
        )
        assert said.status == 404
        assert SyncRun.objects.filter(lane_id=line.lane_id).count() == 0


class TestChangingAConnection:
    def test_everything_given_is_changed_and_shown(self, api: Api) -> None:
        connection_id = api.of.connection()
        at = f"/connections/{connection_id}"
        before = api.get(at).body
        assert before["budget_share"] == 0.5
        said = api.call("PATCH", at, ALL)
        assert said.status == 200, said.text
        assert said.body == {**before, **ALL}
        assert api.get(at).body == said.body
        assert api.get("/connections").body["items"] == [said.body]
        assert api.call("PATCH", at, {}).body == said.body
        assert api.call("PATCH", at, ALL).body == said.body
        found = [one["operation"] for one in api.get("/audit-logs").body["items"]]
        assert found.count("connection.update") == 1

    def test_credentials_go_in_and_never_come_out(self, api: Api) -> None:
        at = f"/connections/{api.of.connection()}"
        new = {"secret": SECRET, "code": CODE}
        answers = [
            api.call("PATCH", at, new, Idempotency_Key="k"),
            api.call("PATCH", at, new, Idempotency_Key="k"),
            api.call("PATCH", at, {"secret": SECRET + "\n", "code": CODE + " "}),
            api.call("PATCH", at, {"secret": [SECRET], "code": {"a": CODE}}),
            api.get(at),
            api.get("/audit-logs"),
        ]
        assert [one.status for one in answers[:4]] == [200, 200, 422, 422]
        assert answers[1].headers["Idempotent-Replayed"] == "true"
        assert answers[2].fields == answers[3].fields == ["secret", "code"]
        for answer in answers:
            assert SECRET not in answer.text
            assert CODE not in answer.text
        found = [one["operation"] for one in answers[-1].body["items"]]
        assert found.count("connection.update") == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", None),
            ("name", 5),
            ("budget_share", 0.04),
            ("budget_share", 0.91),
            ("budget_share", 0.12345),
            ("budget_share", "0.5"),
            ("budget_share", True),
            ("budget_share", 10**30),
            ("quiet_seconds", -1),
            ("quiet_seconds", 86_401),
            ("quiet_seconds", "60"),
            ("same_day", "sometimes"),
            ("same_day_policy", None),
            ("back_dated", ["hold"]),
            ("cancel_rule", ""),
            ("user_name", "a\nb"),
            ("secret", None),
            ("code", ""),
            ("price_currency", "USD"),
        ],
    )
    def test_a_wrong_field_is_named_and_nothing_is_stored(
        self, api: Api, field: str, value: Any
    ) -> None:
        at = f"/connections/{api.of.connection()}"
        before = api.get(at).body
        said = api.call("PATCH", at, {"back_dated": "move", "secret": SECRET, field: value})
        assert said.status == 422, said.text
        assert said.fields == [field]
        assert api.get(at).body == before

    def test_a_share_beyond_all_numbers(self, api: Api) -> None:
        at = f"/connections/{api.of.connection()}"
        said = api.call("PATCH", at, raw='{"budget_share": 1e999}')
        assert (said.status, said.fields) == (422, ["budget_share"])

    def test_another_connections_name(self, api: Api) -> None:
        api.of.connection(name="Taken")
        said = api.call("PATCH", f"/connections/{api.of.connection()}", {"name": "Taken"})
        assert (said.status, said.fields) == (422, ["name"])

    def test_who_may_not(self, api: Api, viewer: Api, stranger: Api) -> None:
        at = f"/connections/{api.of.connection()}"
        before = api.get(at).body
        operator = api_of(api.of, Role.OPERATOR)
        asked = [one.call("PATCH", at, ALL).status for one in (viewer, operator, stranger)]
        assert asked == [403, 403, 404]
        assert api.get(at).body == before

    def test_the_document_names_what_may_be_left_out(self, api: Api) -> None:
        schema = api.get("/openapi.json").body["components"]["schemas"]["ConnectionChangesIn"]
        assert "required" not in schema
        assert schema["properties"]["budget_share"]["maximum"] == 0.9
        assert not [one for one in schema["properties"].values() if "default" in one]


def test_connections_come_in_pages_by_name(api: Api) -> None:
    for name in ("Beta", "Alpha", "Gamma"):
        api.of.connection(name=name)
    first = api.get("/connections?limit=2").body
    assert [one["name"] for one in first["items"]] == ["Alpha", "Beta"]
    rest = api.get(f"/connections?limit=2&cursor={first['next_cursor']}").body
    assert [one["name"] for one in rest["items"]] == ["Gamma"]
    assert rest["next_cursor"] is None
    assert api.get("/connections?cursor=x").fields == ["cursor"]
