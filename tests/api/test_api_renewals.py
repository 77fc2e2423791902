"""Commitments and renewals through the API."""

from __future__ import annotations

from datetime import date, timedelta

from api_calls import Api, api_of

from factories import nobody_wakes, sibling
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.paging import encode_cursor
from tallystick.operations.carry_out import carry_out
from tallystick.operations.schedule import Plan, schedule
from tallystick.operations.suspend import suspend
from tallystick.sources.models import Subject
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.status import EndOfTerm
from tellers import teller


def test_a_term_that_ends_with_what_is_still_possible(api: Api) -> None:
    today = DatabaseClock().now().date()
    ends = today + timedelta(days=10)
    held = api.of.subscription(commitment_ends_on=ends)
    said = api.get("/renewals?days=30").body
    assert said["next_cursor"] is None
    (row,) = said["items"]
    assert (row["days_left"], row["subscription"]["id"]) == (10, held)
    assert row["told"] is None
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


def test_what_a_source_says_stands_beside_it_and_what_differs_is_named(api: Api) -> None:
    ends = DatabaseClock().now().date() + timedelta(days=10)
    held = api.of.subscription(commitment_ends_on=ends)
    source = teller(api.of).added.source_id
    Subject.objects.create(
        source_id=source,
        subject=Subscription.objects.get(pk=held).provider_id,
        state={"end_of_term": "cancel", "term_ends_on": ends.isoformat()},
        shown={"cancel_by": "2026-05-17T08:30:00.1234567Z", "next_term": "12 licences"},
    )
    (row,) = api.get("/renewals?days=30").body["items"]
    told = row["told"]
    assert (told["end_of_term"], told["ends_on"]) == ("cancel", ends.isoformat())
    assert (told["differs"], told["next_term"]) == (["end_of_term"], "12 licences")
    assert told["cancel_by"].startswith("2026-05-17T08:30:00")


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


def test_what_nobody_has_decided_says_why(api: Api) -> None:
    today = DatabaseClock().now().date()
    ends = today - timedelta(days=2)
    held = api.of.subscription(commitment_ends_on=ends)
    api.of.subscription(commitment_ends_on=today + timedelta(days=2))
    (row,) = api.get("/renewals?needs_a_person=true").body["items"]
    assert (row["subscription"]["id"], row["days_left"], row["refused"]) == (held, -2, None)
    assert row["subscription"]["end_of_term_said"] is False
    assert row["needs_a_person"].startswith("Nobody has said what happens at the end.")
    assert api.get("/home").body["undecided"] == 1


def test_what_was_refused_on_its_day_says_why(api: Api) -> None:
    of = api.of
    ends = DatabaseClock().now().date() - timedelta(days=1)
    held = of.subscription(starts_on=date(2026, 1, 1), commitment_ends_on=ends)
    before = ends - timedelta(days=30)
    suspend(subscription_id=held, effective_on=before, today=before, asked=of.asked())
    plan = Plan(then=EndOfTerm.RENEW, quantity=8)
    schedule(subscription_id=held, plan=plan, today=before, asked=of.asked())
    carry_out(held, now=DatabaseClock().now(), wake=nobody_wakes)
    (row,) = api.get("/renewals?needs_a_person=true").body["items"]
    refused = row["refused"]
    assert refused["because"] == "The quantity cannot be changed while it is suspended."
    assert (refused["field"], refused["tries"]) == ("quantity", 1)
    assert row["scheduled"]["refused"] == refused
    assert refused["you_can"] in row["needs_a_person"]
    assert api.get(f"/subscriptions/{held}/scheduled-change").body["refused"] == refused
    taken = {"kind": "take_back_scheduled_change"}
    assert api.post(f"/subscriptions/{held}/operations", taken).status == 201
    assert api.get(f"/subscriptions/{held}/scheduled-change").status == 404
