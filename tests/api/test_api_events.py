"""Events by the API: who may tell, one answer each, signed calls, and what is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from api_calls import Api, Said, api_of

from factories import tenancy
from tallystick.bootstrap.desk import desk
from tallystick.identity.models import ApiToken
from tallystick.identity.roles import Role
from tallystick.kit.secrets import Secret
from tallystick.sources.models import Source, SourceEvent
from tallystick.sources.signatures import sign
from tellers import Teller, teller


@pytest.fixture
def told(api: Api) -> Teller:
    return teller(api.of)


@pytest.fixture
def marketplace(api: Api, told: Teller) -> Api:
    return Api(api.of, told.added.token.reveal())


def signed(api: Api, told: Teller, body: bytes, **more: Any) -> Said:
    """``secret``, ``ago`` (seconds) and ``hook`` may be given; ``sent`` instead of the body."""
    secret = more.get("secret", told.added.secret)
    at = desk().now() - timedelta(seconds=more.get("ago", 0))
    stamp = str(int(at.timestamp()))
    hook = more.get("hook") or Source.objects.get(pk=told.added.source_id).hook
    return Api(api.of, token="").call(
        "POST",
        f"/events/for/{hook}",
        raw=more.get("sent", body),
        webhook_id="msg-1",
        webhook_timestamp=stamp,
        webhook_signature="v1,bm9ib2R5 " + sign("msg-1", stamp, body, secret=secret).decode(),
    )


class TestTelling:
    def test_one_event(self, marketplace: Api, told: Teller, api: Api) -> None:
        subject = told.subject()
        said = marketplace.post("/events", told.bought(subject))
        assert said.status == 202, said.text
        (item,) = said.body["items"]
        assert (item["answer"], item["number"]) == ("accepted", 1)
        held = told.held(subject)
        (operation,) = api.get(f"/subscriptions/{held.pk}/operations").body["items"]
        assert operation["id"] == item["operation_id"]
        assert operation["source"] == f"events:{told.added.source_id}"

    @pytest.mark.parametrize(
        "kind", ["application/cloudevents-batch+json", "application/json", "text/plain"]
    )
    def test_a_list_is_answered_each_in_its_place(
        self, marketplace: Api, told: Teller, kind: str
    ) -> None:
        subject = told.subject()
        wrong = told.quantity(subject, 0)
        foreign = {**told.quantity(subject, 11), "source": "urn:else"}
        events = [told.quantity(subject, 12, minute=9), wrong, foreign, told.bought(subject), "x"]
        events[3]["time"] = events[0]["time"].replace(":09:", ":01:")
        said = marketplace.call("POST", "/events", raw=json.dumps(events), kind=kind)
        assert said.status == 202, said.text
        items = said.body["items"]
        assert [one["answer"] for one in items] == [
            "accepted",
            "rejected",
            "rejected",
            "accepted",
            "rejected",
        ]
        assert [[e["field"] for e in one["errors"]] for one in items] == [
            [],
            ["data.after.quantity"],
            ["source"],
            [],
            ["event"],
        ]
        assert items[1]["id"] == wrong["id"]
        assert told.held(subject).quantity == 12
        assert SourceEvent.objects.filter(source_id=told.added.source_id).count() == 2

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"specversion": "0.3"}, "specversion"),
            ({"id": None}, "id"),
            ({"id": "x" * 201}, "id"),
            ({"type": "subscription.exploded"}, "type"),
            ({"subject": 7}, "subject"),
            ({"time": "2026-05-03 10:00"}, "time"),
            ({"time": "2026-02-30T10:00:00Z"}, "time"),
            ({"sequence": "-1"}, "sequence"),
            ({"sequence": "０１"}, "sequence"),
            ({"data": []}, "data"),
            ({"data": {"after": {"quantity": "1,000"}}}, "data.after.quantity"),
            ({"data": {"after": {"quantity": 12.5}}}, "data.after.quantity"),
            ({"data": {"after": {"quantity": 1e400}}}, "data.after.quantity"),
            ({"data": {"after": {}}}, "data.after.quantity"),
            ({"data": {"after": {"quantity": 3, "unit_price": 15.2}}}, "data.after.unit_price"),
            ({"data": {"after": {"quantity": 3, "unit_price": "15.2"}}}, "data.after.currency"),
            ({"data": {"after": {"quantity": 3, "status": "odd"}}}, "data.after.status"),
            (
                {"data": {"after": {"quantity": 3}, "effective_from": "3 May"}},
                "data.effective_from",
            ),
            ({"data_base64": "eA=="}, "data_base64"),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_is_kept(
        self, marketplace: Api, told: Teller, change: dict[str, Any], field: str
    ) -> None:
        event = {**told.quantity(told.subject(), 12), **change}
        said = marketplace.call("POST", "/events", raw=json.dumps(event))
        if said.status == 400:  # Infinity is no JSON at all
            assert "is not a JSON number" in said.body["detail"]
        else:
            (item,) = said.body["items"]
            assert (item["answer"], item["number"]) == ("rejected", None)
            assert [one["field"] for one in item["errors"]] == [field]
        assert not SourceEvent.objects.filter(source_id=told.added.source_id).exists()

    def test_five_hundred_and_no_more(self, marketplace: Api, told: Teller) -> None:
        event = told.quantity(told.subject(), 12)
        assert marketplace.post("/events", [event] * 500).status == 202
        for body in ([event] * 501, []):
            assert marketplace.post("/events", body).fields == ["body"]
        assert marketplace.call("POST", "/events").fields == ["body"]
        assert SourceEvent.objects.filter(source_id=told.added.source_id).count() == 1

    def test_a_thousand_duplicates_have_one_effect(self, marketplace: Api, told: Teller) -> None:
        subject = told.subject()
        marketplace.post("/events", told.bought(subject))
        event = told.quantity(subject, 12)
        answers = [
            item["answer"]
            for _ in range(2)
            for item in marketplace.post("/events", [event] * 500).body["items"]
        ]
        assert answers == ["accepted", *["duplicate"] * 999]
        assert len(told.ledger(subject)) == 2


class TestWhoTells:
    def test_a_token_that_belongs_to_no_source_tells_nothing(self, api: Api, told: Teller) -> None:
        assert api.post("/events", told.bought(told.subject())).status == 403
        assert api_of(api.of, Role.VIEWER).post("/events", []).status == 403

    def test_the_token_of_a_source_sees_and_does_nothing_else(
        self, marketplace: Api, told: Teller
    ) -> None:
        assert ApiToken.objects.get(pk=Source.objects.get(pk=told.added.source_id).token_id)
        for address in ("/subscriptions", "/events", "/sources", "/audit-logs"):
            assert marketplace.get(address).status == 403
        assert marketplace.post("/customers", {"name": "a", "external_id": "b"}).status == 403

    def test_signed_as_the_source_does(self, api: Api, told: Teller) -> None:
        subject = told.subject()
        body = json.dumps(told.bought(subject)).encode()
        said = signed(api, told, body)
        assert said.status == 202, said.text
        assert said.body["items"][0]["answer"] == "accepted"
        assert signed(api, told, body).body["items"][0]["answer"] == "duplicate"
        assert told.held(subject).quantity == 10

    @pytest.mark.parametrize(
        "how",
        [
            {"secret": Secret("whsec_bm90IGl0cyBzZWNyZXQ=")},
            {"ago": 301},
            {"ago": -301},
            {"hook": "nobody"},
            {"sent": b"{}"},
        ],
    )
    def test_not_signed_is_not_heard(self, api: Api, told: Teller, how: dict[str, Any]) -> None:
        body = json.dumps(told.bought(told.subject())).encode()
        said = signed(api, told, body, **how)
        assert said.status == 401
        assert not SourceEvent.objects.filter(source_id=told.added.source_id).exists()

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("webhook_timestamp", "soon"),
            ("webhook_timestamp", "9" * 12),
            ("webhook_id", ""),
            ("webhook_signature", "v1,é"),
            ("webhook_signature", "v1," * 2000),
        ],
    )
    def test_headers_of_nonsense(self, api: Api, told: Teller, name: str, value: str) -> None:
        hook = Source.objects.get(pk=told.added.source_id).hook
        headers = {"webhook_id": "a", "webhook_timestamp": "1", "webhook_signature": "v1,x"}
        anybody = Api(api.of, token="")
        said = anybody.call("POST", f"/events/for/{hook}", raw="{", **{**headers, name: value})
        assert said.status == 401

    def test_a_body_that_is_too_large_is_not_read(self, api: Api, told: Teller) -> None:
        assert signed(api, told, b"x" * 2_200_000).status == 413

    def test_signed_and_not_json(self, api: Api, told: Teller) -> None:
        assert signed(api, told, b"{").status == 400


class TestLookingAndDeciding:
    def test_what_was_told_and_what_became_of_it(self, api: Api, told: Teller) -> None:
        subject = told.subject()
        told.tell(told.bought(subject), told.quantity(subject, 9, minute=50))
        told.tell(told.quantity(subject, 12, minute=40))
        page = api.get(f"/events?subject={subject}&limit=2").body
        assert [one["answer"] for one in page["items"]] == ["late", "accepted"]
        rest = api.get(f"/events?subject={subject}&cursor={page['next_cursor']}").body["items"]
        assert [one["type"] for one in rest] == ["subscription.created"]
        late = api.get(f"/events?answer=late&source={told.added.source_id}").body["items"][0]
        assert late["body"]["data"]["after"] == {"quantity": 12}
        assert api.get("/events?answer=odd").fields == ["answer"]
        said = api.post(f"/events/{late['id']}/decide", {"how": "apply", "reason": "it counts"})
        assert (said.status, said.body["answer"]) == (200, "accepted"), said.text
        assert said.body["decided_by"] == "administrator script (API)"
        assert told.held(subject).quantity == 12
        again = api.post(f"/events/{late['id']}/decide", {"how": "ignore", "reason": "x"})
        assert again.status == 409

    def test_adding_a_source(self, api: Api) -> None:
        said = api.post("/sources", {"name": "Marketplace", "uri": "urn:m"})
        assert said.status == 201, said.text
        source = said.body["source"]
        assert source["capabilities"]["feed"] is True
        assert api.get(f"/sources/{source['id']}").body == source
        assert api.get("/sources").body["items"] == [source]
        assert said.body["signing_secret"] not in api.get("/sources").text
        assert api.post("/sources", {"name": "Marketplace", "uri": "urn:n"}).status == 409
        assert api.post("/sources", {"name": " ", "uri": "a\nb"}).fields == ["name", "uri"]
        assert api_of(api.of, Role.OPERATOR).post("/sources", {"name": "a", "uri": "b"}).status == (
            403
        )
        assert api_of(tenancy()).get("/sources").body["items"] == []
