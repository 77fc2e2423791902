"""Drift through the API: what differs, compare now, and each decision."""

from __future__ import annotations

from datetime import timedelta

import pytest
from api_calls import Api, api_of

from harness import Line, World
from tallystick.identity.roles import Role
from tallystick.kit.clock import DatabaseClock


@pytest.fixture
def edited(world: World) -> Line:
    line = world.line(units=10)
    line.hand_edit(13)
    world.sweep()
    return line


@pytest.fixture
def admin(world: World) -> Api:
    return api_of(world.tenancy)


def test_both_values_by_day(world: World, edited: Line, admin: Api) -> None:
    said = admin.get(f"/connections/{world.connection_id}/drift")
    assert said.status == 200
    (one,) = said.body["items"]
    assert (one["kind"], one["stake"], one["currency"]) == ("hand_edit", "45.6000", "EUR")
    (days,) = one["days"]
    assert (days["expected"]["units"], days["found"]["units"]) == (10, 13)
    assert (days["found"]["unit_price"], days["found"]["amount"]) == ("15.2000", "197.6000")
    assert admin.get("/drift").body["items"] == [one]
    assert admin.get("/drift?state=agreed").body["items"] == []
    assert admin.get("/drift?connection=999").body["items"] == []


def test_restore_is_seen_before_and_recorded(world: World, edited: Line, admin: Api) -> None:
    pk = edited.lane().drift_id
    body = {"how": "restore", "reason": "ours counts"}
    before = admin.post(f"/drift/{pk}/preview", body)
    assert before.status == 200, before.text
    assert before.body["summary"] == "Restore ours (13 units back to 10)"
    (lane,) = before.body["would_be_sent"]
    assert [one["unit_change"] for one in lane["adjustments"]] == [-3]
    assert edited.badge == "out_of_sync"

    done = admin.post(f"/drift/{pk}/decide", body)
    assert done.status == 200, done.text
    assert [one["how"] for one in done.body["decisions"]] == ["restored"]
    world.work()
    assert (edited.badge, edited.changes()) == ("synced", [-3])
    assert admin.post(f"/drift/{pk}/decide", body).status == 409


@pytest.mark.parametrize("how", ["keep", "agree"])
def test_what_sends_nothing_has_no_preview(edited: Line, admin: Api, how: str) -> None:
    said = admin.post(f"/drift/{edited.lane().drift_id}/preview", {"how": how, "reason": "x"})
    assert (said.status, said.fields) == (422, ["how"])


def test_an_agreement_needs_its_day(edited: Line, admin: Api) -> None:
    at = f"/drift/{edited.lane().drift_id}/decide"
    assert admin.post(at, {"how": "agree", "reason": "x"}).fields == ["until"]
    assert admin.post(at, {"how": "agree", "reason": "", "until": "2099-01-01"}).status == 422
    until = (DatabaseClock().now().date() + timedelta(days=9)).isoformat()
    said = admin.post(at, {"how": "agree", "reason": "two are free", "until": until})
    assert (said.status, said.body["agreed_until"]) == (200, until)


def test_many_with_one_reason(world: World, edited: Line, admin: Api) -> None:
    pk = edited.lane().drift_id
    body = {"drifts": [pk, 10**9], "how": "keep", "reason": "moved there"}
    said = admin.post("/drift/decide", body)
    assert said.status == 200, said.text
    assert said.body["decided"] == [pk]
    assert [one["drift_id"] for one in said.body["refused"]] == [10**9]
    assert edited.lane().expected_units == 13


def test_comparing_now_goes_on_in_the_background(world: World, edited: Line, admin: Api) -> None:
    at = f"/connections/{world.connection_id}/sweep"
    assert admin.post(at, {"all": True}).body == {"lines": 1}
    chosen = {"subscriptions": [edited.subscription_id]}
    assert admin.post(at, chosen).status == 202
    customer = edited.row().subscription.customer.id
    assert admin.post(at, {"customer": customer}).body == {"lines": 1}
    assert admin.post(at, {"all": True, **chosen}).fields == ["subscriptions", "customer", "all"]
    assert admin.post(at, {"customer": 10**9}).status == 409


def test_an_operator_decides_and_a_reader_reads(world: World, edited: Line) -> None:
    pk = edited.lane().drift_id
    for role in (Role.VIEWER, Role.AUDITOR):
        reader = api_of(world.tenancy, role)
        assert reader.get(f"/drift/{pk}").status == 200
        assert reader.post(f"/drift/{pk}/decide", {"how": "keep", "reason": "x"}).status == 403
    operator = api_of(world.tenancy, Role.OPERATOR)
    assert operator.post(f"/connections/{world.connection_id}/sweep", {"all": True}).status == 202
    assert operator.post(f"/drift/{pk}/decide", {"how": "keep", "reason": "x"}).status == 200
