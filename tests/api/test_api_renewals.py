"""Commitments and renewals through the API."""

from __future__ import annotations

from datetime import timedelta

from api_calls import Api, api_of

from factories import sibling
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.paging import encode_cursor


def test_a_term_that_ends_with_what_is_still_possible(api: Api) -> None:
    today = DatabaseClock().now().date()
    ends = today + timedelta(days=10)
    held = api.of.subscription(commitment_ends_on=ends)
    said = api.get("/renewals?days=30").body
    assert said["next_cursor"] is None
    (row,) = said["items"]
    assert (row["days_left"], row["subscription"]["id"]) == (10, held)
    assert row["commitment"] == api.get(f"/subscriptions/{held}/commitment").body
    assert row["commitment"] == {
        "committed": True,
        "term_ends_on": ends.isoformat(),
        "end_of_term": "renew",
        "reducible_by": 0,
        "batches": [],
        "cancellable_until": None,
    }
    assert api.get("/renewals?days=9").body["items"] == []
    assert api.get("/renewals?over=true").body["items"] == []


def test_a_batch_says_until_when(api: Api) -> None:
    now = DatabaseClock().now()
    held = api.of.subscription(commitment_ends_on=now.date() + timedelta(days=100))
    sent = {"kind": "update_quantity", "quantity": 12}
    assert api.post(f"/subscriptions/{held}/operations", sent).status == 201
    said = api.get(f"/subscriptions/{held}/commitment").body
    assert (said["reducible_by"], said["batches"][0]["quantity"]) == (2, 2)


def test_wrong_filters_are_named(api: Api) -> None:
    assert api.get("/renewals?days=-1").fields == ["days"]
    assert api.get("/renewals?end_of_term=maybe").fields == ["end_of_term"]
    assert api.get("/renewals?dasy=3").fields == ["dasy"]


def test_a_cursor_nobody_gave_out_is_refused(api: Api) -> None:
    connection = api.of.connection()
    forged = encode_cursor(["no day", 1])
    for address in ("/renewals", f"/connections/{connection}/billing-contracts"):
        said = api.get(f"{address}?cursor={forged}")
        assert (said.status, said.fields) == (422, ["cursor"]), said.text


def test_another_context_s_subscription_is_not_there(api: Api) -> None:
    held = api.of.subscription()
    assert api_of(sibling(api.of)).get(f"/subscriptions/{held}/commitment").status == 404
