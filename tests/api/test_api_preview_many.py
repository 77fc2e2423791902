"""Several operations looked at together, operations from a file, and what waits for approval."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from api_calls import Api, api_of

from azure_world import plan_on
from factories import tenancy
from harness import Line, World
from tallystick.connections.policies import Mode
from tallystick.identity.roles import Role
from tallystick.ledger.models import Operation
from tallystick.subscriptions.models import Subscription


def count(of: Any) -> int:
    return Operation.objects.filter(tenant_id=of.tenant_id).count()


def test_each_row_says_what_autotask_gets_and_the_sums_say_what_it_comes_to(world: World) -> None:
    of, api = world.tenancy, api_of(world.tenancy)
    first = world.line(units=10, ends=date(2098, 12, 31))
    second = world.line(units=5, ends=date(2098, 12, 31))
    alone, named = of.subscription(), of.subscription(friendly_name="Head office")
    before = count(of)
    day = {"effective_on": "2026-12-01"}
    quantity = {"kind": "update_quantity", "quantity": 12, **day}
    said = api.post(
        "/operations/preview",
        {
            "operations": [
                {"subscription_id": first.subscription_id, "operation": quantity},
                {"subscription_id": alone, "operation": {"kind": "cancel"}},
                {
                    "subscription_id": first.subscription_id,
                    "operation": quantity | {"quantity": 15},
                },
                {"subscription_id": second.subscription_id, "operation": {"kind": "cancel", **day}},
                {"subscription_id": second.subscription_id, "operation": quantity},
                {
                    "subscription_id": named,
                    "operation": {"kind": "rename", "friendly_name": "Head office"},
                },
            ]
        },
    )
    assert said.status == 200, said.text
    rows = said.body["items"]
    assert [row["operation"] for row in rows[:4]] == [
        "Update quantity 10 to 12",
        "Cancel (quantity 10 to 0)",
        "Update quantity 12 to 15",
        "Cancel (quantity 5 to 0)",
    ]
    assert rows[0]["adjustments"] == ["+2 units from 1 Dec 2026"]
    # Behind the first one, of the same day: they go out as one call.
    assert rows[2]["adjustments"] == ["+5 units from 1 Dec 2026"]
    assert (rows[0]["this_period"], rows[2]["this_period"]) == ("30.4000", "76.0000")
    assert "not mapped" in rows[1]["nothing_because"]
    assert rows[4]["errors"][0]["field"] == "subscription"
    assert rows[5]["errors"] == [
        {"field": "friendly_name", "message": "is already so: nothing to record"}
    ]
    assert (rows[0]["asked_on"], rows[0]["sent_on"]) == ("2026-12-01", "2026-12-01")
    assert "Cloud" in rows[0]["billed_by"]
    told = {name: said.body[name] for name in ("sent", "stopped", "nothing", "wrong")}
    assert told == {"sent": 3, "stopped": 0, "nothing": 1, "wrong": 2}
    assert said.body["sums"] == [
        {"currency": "EUR", "this_period": "0.0000", "next_period": "0.0000", "unknown": 0}
    ]
    assert count(of) == before
    assert Subscription.objects.get(pk=first.subscription_id).quantity == 10


def test_a_look_has_limits_and_names_what_is_not_there(api: Api, stranger: Api) -> None:
    one = api.of.subscription()
    cancel = {"subscription_id": one, "operation": {"kind": "cancel"}}
    assert api.post("/operations/preview", {"operations": [cancel] * 201}).status == 422
    assert api.post("/operations/preview", {"operations": []}).status == 422
    said = stranger.post("/operations/preview", {"operations": [cancel]})
    assert (said.status, said.fields) == (422, ["operations.0.subscription_id"])
    viewer = api_of(api.of, Role.VIEWER)
    assert viewer.post("/operations/preview", {"operations": [cancel]}).status == 403


def test_several_are_recorded_all_or_none_and_once(world: World) -> None:
    of, api = world.tenancy, api_of(world.tenancy)
    line = world.line(units=10, ends=date(2098, 12, 31))
    alone = of.subscription()
    before = count(of)
    day = {"effective_on": "2026-12-01"}

    def quantity(subscription_id: int, to: int, **more: object) -> dict[str, object]:
        change = {"kind": "update_quantity", "quantity": to, **day, **more}
        return {"subscription_id": subscription_id, "operation": change}

    good = [quantity(line.subscription_id, 12), quantity(line.subscription_id, 15)]
    wrong = api.post("/operations", {"operations": [*good, quantity(alone, 10)]})
    assert (wrong.status, wrong.fields) == (422, ["operations.2.operation.quantity"])
    assert count(of) == before, "none of them"
    gap = {"kind": "update_price_margin", "unit_price": "16.00", "gap_charge": True}
    body = {"operations": [*good, {"subscription_id": alone, "operation": gap}]}
    assert api.post("/operations", body).fields == ["operations.2.operation.gap_charge"]
    assert count(of) == before, "without a gap there is nothing to charge"
    key = f"several-{of.tenant_id}"
    body = {"operations": [*good, quantity(alone, 7)]}
    done = api.post("/operations", body, Idempotency_Key=key)
    assert done.status == 201, done.text
    again = api.post("/operations", body, Idempotency_Key=key)
    assert (again.status, again.body) == (201, done.body)
    assert count(of) == before + 3
    rows = done.body["items"]
    assert [row["subscription_id"] for row in rows] == [line.subscription_id] * 2 + [alone]
    assert [row["sent_to"] for row in rows] == [1, 1, 0]
    assert rows[1]["sequence"] == rows[0]["sequence"] + 1
    world.work()
    assert line.badge == "synced"
    assert line.units(date(2026, 12, 1)) == 15


@pytest.mark.usefixtures("looked_at")
def test_posted_periods_are_said_by_row_and_each_gap_is_charged_by_itself(world: World) -> None:
    of, api = world.tenancy, api_of(world.tenancy)
    posted, also, still_open = (world.line(units=10, ends=date(2098, 12, 31)) for _ in range(3))
    for line in (posted, also):
        world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    price = {"kind": "update_price_margin", "unit_price": "18.30", "effective_on": "2026-05-10"}

    def body(*lines: Line, **more: object) -> dict[str, object]:
        asked = [{"subscription_id": one.subscription_id, "operation": price} for one in lines]
        asked[0] = asked[0] | {"operation": price | more}
        return {"operations": asked}

    before = count(of)
    said = api.post("/operations/preview", body(posted, also, still_open))
    waits, again, goes = said.body["items"]
    assert (waits["sent_on"], waits["gap"]) == ("2026-06-01", "22.00")  # 22 of 31 days
    assert waits["posted"] == "March, April and May are posted, June is open."
    assert again["gap"] == "22.00"
    assert (goes["sent_on"], goes["posted"], goes["gap"]) == ("2026-05-01", "", None)
    assert all(
        "cannot be deleted in Autotask" in row["cannot_be_undone"][0] for row in (waits, goes)
    )
    refused = api.post("/operations", body(still_open, posted, gap_charge=True))
    assert refused.fields == ["operations.0.operation.gap_charge"]
    assert count(of) == before
    done = api.post("/operations", body(posted, also, still_open, gap_charge=True))
    assert done.status == 201, done.text
    assert [row["gap_charges"] for row in done.body["items"]] == [1, 0, 0]
    charge = Operation.objects.get(tenant_id=of.tenant_id, kind="one_off_charge")
    assert (charge.subscription_id, charge.after["price"]) == (posted.subscription_id, "22.0000")
    assert charge.after["for_operation"] == done.body["items"][0]["sequence"]


def test_the_state_alone_against_one_of_several_is_a_conflict(world: World, stranger: Api) -> None:
    of, api = world.tenancy, api_of(world.tenancy)
    plan = plan_on(world).line.subscription_id
    amounts = {"kind": "azure_amounts", "month": "2026-04", "currency": "EUR"}
    amounts |= {"price": "130.00", "cost": "95.00"}
    assert api.post(f"/subscriptions/{plan}/operations", amounts).status == 201
    other = {"subscription_id": of.subscription(), "operation": {"kind": "cancel"}}
    before = count(of)
    twice = {"subscription_id": plan, "operation": amounts}
    said = api.post("/operations", {"operations": [other, twice]})
    assert said.status == 409, said.text
    assert "operations.1: April 2026: recorded already, with the same amounts." in said.text
    assert said.body["detail"].endswith("Nothing was recorded.")
    same = other | {"operation": {"kind": "update_quantity", "quantity": 10}}
    mixed = api.post("/operations", {"operations": [same, twice]})
    assert mixed.status == 422
    assert mixed.fields == ["operations.0.operation.quantity", "operations.1"]
    long = other | {"operation": {"kind": "rename", "friendly_name": "x" * 999}}
    said = api.post("/operations", {"operations": [long]})
    assert said.fields == ["operations.0.operation.friendly_name"]
    assert count(of) == before
    missing = stranger.post("/operations", {"operations": [twice]})
    assert (missing.status, missing.fields) == (422, ["operations.0.subscription_id"])


def test_a_large_move_wants_its_word(api: Api) -> None:
    one = api.of.subscription(commitment_ends_on=date(2026, 12, 31))
    for body in (
        {"kind": "update_price_margin", "unit_price": "152.00"},
        {"kind": "renew", "unit_price": "152.00"},
        {"kind": "end_promotion", "unit_price": "152.00"},
    ):
        address = f"/subscriptions/{one}/operations"
        for suffix in ("", "?preview=true"):
            said = api.post(address + suffix, body)
            assert (said.status, said.fields) == (422, ["accept_large_change"])
        assert "unit price 15.20 to 152.00 EUR" in said.text
    said = api.post(address, body | {"accept_large_change": True})
    assert said.status == 201, said.text


def test_a_trial_is_bought_shown_and_paid_for(api: Api) -> None:
    body = {
        "customer_id": api.of.customer(),
        "offer_id": api.of.offer(),
        "provider_id": f"trial-{api.of.tenant_id}",
        "quantity": 25,
        "starts_on": "2026-05-01",
        "is_trial": True,
    }
    bought = api.post("/subscriptions", body)
    assert (bought.status, bought.body["is_trial"]) == (201, True)
    address = f"/subscriptions/{bought.body['id']}/operations"
    convert = {"kind": "convert_trial", "unit_price": "15.20"}
    assert api.post(address, convert).fields == ["currency"]
    assert api.post(address, convert | {"currency": "EUR"}).status == 201
    shown = api.get(f"/subscriptions/{bought.body['id']}").body
    assert (shown["is_trial"], shown["unit_price"], shown["price_currency"]) == (
        False,
        "15.2000",
        "EUR",
    )


def test_operations_come_from_a_file(api: Api) -> None:
    one = Subscription.objects.get(pk=api.of.subscription())
    file = f"subscription_id,operation,quantity\n{one.provider_id},update_quantity,12\n"
    dry = api.call("POST", "/operations/import?dry_run=true", raw=file, kind="text/csv")
    assert (dry.status, dry.body["stored"], count(api.of)) == (200, False, 1)
    done = api.call("POST", "/operations/import", raw=file, kind="text/csv")
    assert (done.body["recorded"], done.body["known"]) == (1, 0)
    again = api.call("POST", "/operations/import", raw=file, kind="text/csv")
    assert (again.body["recorded"], again.body["known"]) == (0, 1)
    wrong = api.call(
        "POST", "/operations/import", raw=file.replace(",12\n", ",0\n"), kind="text/csv"
    )
    assert (wrong.status, wrong.fields) == (422, ["line 2, quantity"])


def test_what_waits_for_approval_says_what_it_will_send(world: World) -> None:
    of, api = world.tenancy, api_of(world.tenancy)
    lines = [world.line(units=10, ends=date(2098, 12, 31)) for _ in range(2)]
    world.policy(mode=Mode.REVIEW)
    for line in lines:
        of.quantity(line.subscription_id, 12, "2026-12-01")
    of.quantity(lines[0].subscription_id, 13, "2027-01-01")
    address = f"/connections/{world.connection_id}/approvals"
    found = api.get(f"{address}?limit=2")
    assert found.status == 200, found.text
    rows = (
        found.body["items"] + api.get(f"{address}?cursor={found.body['next_cursor']}").body["items"]
    )
    assert len(rows) == 3
    assert all(row["operation_id"] for row in rows)
    assert all("approv" in row["stopped_because"] for row in rows)
    gets = [
        row["adjustments"] for row in rows if row["subscription_id"] == lines[0].subscription_id
    ]
    assert gets == [["+2 units from 1 Dec 2026"], ["+1 unit from 1 Jan 2027"]]
    customer = Subscription.objects.get(pk=lines[1].subscription_id).customer_id
    assert len(api.get(f"{address}?customer={customer}").body["items"]) == 1
    assert api_of(tenancy()).get(address).status == 404
