"""Another offer, now or on a later day, through the API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from api_calls import Api, api_of

from moving import ANNUAL, Company, company
from tallystick.kit.clock import DatabaseClock
from tallystick.subscriptions.models import Subscription


@dataclass
class Office:
    here: Company
    api: Api

    def ask(self, subscription_id: int, body: dict[str, Any], query: str = "") -> Any:
        return self.api.post(f"/subscriptions/{subscription_id}/operations{query}", body)

    def annual(self, **more: Any) -> dict[str, Any]:
        return {
            "kind": "change_offer",
            "offer_id": self.here.annual,
            "unit_price": "182.40",
            "unit_cost": "145.20",
            **more,
        }


@pytest.fixture
def office(db: None) -> Iterator[Office]:
    with company() as here:
        # The API asks the real clock; the engine's is brought there before anything is recorded.
        here.until(DatabaseClock().now().date() + timedelta(days=1))
        yield Office(here, api_of(here.of))


def in_days(days: int) -> str:
    return (DatabaseClock().now().date() + timedelta(days=days)).isoformat()


def test_another_offer_is_recorded_and_moves(office: Office) -> None:
    here = office.here
    one = here.held()
    said = office.ask(one, office.annual(effective_on="2026-05-10", quantity=8))
    assert said.status == 201, said.text
    assert said.body["kind"] == "change_offer"
    assert said.body["summary"] == (
        "Change offer to Microsoft 365 Business Premium · 1 year · Annual (quantity 8, unit price "
        "15.20 to 182.40)"
    )
    here.work()
    assert here.badge(one) == "synced", here.cause(one)
    assert here.effects(here.line_of(one)) == [("2026-05-10", 8, "182.40")]


def test_a_chosen_line_is_asked_for_in_full(office: Office) -> None:
    here = office.here
    one = here.held()
    there = {"contract_id": here.here.refs["yk"]}
    wrong: list[tuple[dict[str, Any], str]] = [
        (there, "line"),
        ({"line": "own"}, "contract_id"),
        ({**there, "line": "use"}, "contract_service_id"),
        ({**there, "line": "own", "contract_service_id": 7}, "contract_service_id"),
        ({"offer_id": 10**15}, "offer_id"),
        ({"offer_id": here.monthly}, "offer_id"),
        ({"unit_price": None}, "unit_price"),
        ({"ends_on": "2020-01-01"}, "ends_on"),
    ]
    for more, field in wrong:
        body = office.annual(effective_on="2026-05-10", **more)
        said = office.ask(one, body)
        assert (said.status, said.fields) == (422, [field]), (more, said.text)
    assert here.kinds(one) == ["purchase"]
    said = office.ask(one, office.annual(effective_on="2026-05-10", **there, line="own"))
    assert said.status == 201, said.text


def test_where_no_line_fits_the_preview_says_so_and_a_person_chooses(office: Office) -> None:
    here = office.here
    one = here.held()
    e5 = here.offer(ANNUAL, sku="0002")
    body = office.annual(offer_id=e5, effective_on="2026-05-10")
    ahead = office.ask(one, body, "?preview=true")
    assert ahead.status == 200, ahead.text
    assert ahead.body["would_be_sent"] == []
    assert "it needs a yearly line" in ahead.body["lacks_line"]
    assert office.ask(one, body).status == 201
    here.work()
    assert here.badge(one) == "out_of_sync"
    at = f"/connections/{here.here.connection_id}/subscription-mappings/{one}/line-of-offer"
    own = {"contract_id": here.here.refs["yk"], "line": "own"}
    assert office.api.post(at, own).status == 409, "the offer is not mapped yet"
    here.here.load(
        services=[{"ref": "ey", "name": "E5 yearly", "period_type": 5, "unit_price": "650.00"}]
    )
    here.here.read()
    here.map_offer(e5, "ey")
    said = office.api.post(at, own)
    assert said.status == 200, said.text
    here.work()
    assert here.badge(one) == "synced", here.cause(one)
    assert office.api.post(at, own).status == 404


def test_a_later_day_is_scheduled_shown_and_taken_back(office: Office) -> None:
    here = office.here
    one = here.held(commitment_ends_on=DatabaseClock().now().date() + timedelta(days=20))
    said = office.ask(one, office.annual(effective_on=in_days(30)))
    assert (said.status, said.body["kind"]) == (201, "schedule_change")
    assert Subscription.objects.get(pk=one).offer_id == here.monthly
    scheduled = office.api.get(f"/subscriptions/{one}/scheduled-change").body
    assert scheduled["takes_effect_on"] == in_days(30)
    assert (scheduled["offer_id"], scheduled["unit_price"]) == (here.annual, "182.4000")
    assert office.api.get("/renewals").body["items"][0]["scheduled"] == scheduled
    back = office.ask(one, {"kind": "take_back_scheduled_change"})
    assert back.status == 201, back.text
    assert office.api.get(f"/subscriptions/{one}/scheduled-change").status == 404
    assert office.api.get("/renewals").body["items"][0]["scheduled"] is None
    again = office.ask(one, {"kind": "take_back_scheduled_change"})
    assert again.fields == ["subscription"]


def test_what_its_next_term_brings_is_scheduled(office: Office) -> None:
    here = office.here
    one = here.held(commitment_ends_on=DatabaseClock().now().date() + timedelta(days=20))
    body = {"kind": "schedule_change", "quantity": 8, "end_of_term": "renew"}
    looked = office.api.post(f"/subscriptions/{one}/operations?preview=true", body).body
    assert (looked["kind"], looked["effective_on"]) == ("renew", in_days(21))
    [sent] = looked["would_be_sent"]
    assert [call["unit_change"] for call in sent["adjustments"]] == [-2]
    assert office.api.get(f"/subscriptions/{one}/scheduled-change").status == 404
    assert office.ask(one, body).status == 201
    said = office.api.get(f"/subscriptions/{one}/scheduled-change").body
    assert (said["takes_effect_on"], said["quantity"], said["offer"]) == (in_days(21), 8, "")
    assert office.ask(one, {"kind": "schedule_change", "change": "By phone"}).status == 201
    both = {"kind": "schedule_change", "change": "By phone", "quantity": 8}
    assert office.ask(one, both).fields == ["change"]
    assert office.ask(one, {"kind": "schedule_change", "change": ""}).fields == ["change"]
