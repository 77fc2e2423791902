"""Do something to a subscription through the API, and see what became of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from api_calls import Api, api_of

from azure_world import plan_on
from harness import World
from tallystick.catalog.terms import OfferKind
from tallystick.connections.policies import BackDated, CancelRule, Mode
from tallystick.ledger.models import Operation
from tallystick.subscriptions.models import Subscription


@pytest.fixture
def subscription_id(api: Api) -> int:
    return api.of.subscription(quantity=10)


def test_a_quantity_is_recorded(api: Api, subscription_id: int) -> None:
    said = api.post(
        f"/subscriptions/{subscription_id}/operations",
        {"kind": "update_quantity", "quantity": 12, "effective_on": "2026-05-03"},
        X_Correlation_Id="order-4711",
    )

    assert said.status == 201, said.text
    assert said.body["summary"] == "Update quantity 10 to 12"
    assert (said.body["before"], said.body["after"]) == ({"quantity": 10}, {"quantity": 12})
    assert said.body["effective_on"] == "2026-05-03"
    assert said.body["recorded_at"].endswith("Z")
    assert said.body["correlation_id"] == "order-4711"
    assert said.body["source"] == "api"
    assert said.body["actor"] == "administrator script (API)"
    assert said.body["deliveries"] == []
    assert api.get(f"/subscriptions/{subscription_id}").body["quantity"] == 12


def test_a_later_price_is_named_before_another_takes_its_place(
    api: Api, subscription_id: int
) -> None:
    at = f"/subscriptions/{subscription_id}/operations"
    body = {"kind": "update_price_margin", "unit_price": "16.40", "effective_on": "2026-07-01"}
    later = api.post(at, body)
    assert (later.status, later.body["warnings"]) == (201, []), later.text
    earlier = body | {"unit_price": "15.80", "effective_on": "2026-06-01"}
    ahead = api.post(f"{at}?preview=true", earlier)
    assert ahead.status == 200, ahead.text
    assert ahead.body["warnings"] == [
        "Operation 2 (Update price margin) has unit price 16.40 EUR from 1 Jul 2026. What is "
        "recorded now is newer and counts from then on, too: if that is not meant, record the "
        "later price again afterwards."
    ]
    done = api.post(at, earlier)
    assert (done.status, done.body["warnings"]) == (201, ahead.body["warnings"]), done.text
    assert api.post(at, body).body["warnings"] == []
    assert all(one["warnings"] == [] for one in api.get(at).body["items"])


def test_fewer_licences_than_may_be_given_back_are_explained(api: Api) -> None:
    committed = api.of.subscription(quantity=10, commitment_ends_on=date(2026, 12, 31))
    at = f"/subscriptions/{committed}/operations"
    fewer = {"kind": "update_quantity", "quantity": 8, "effective_on": "2026-05-03"}
    [said] = api.post(f"{at}?preview=true", fewer).body["warnings"]
    assert said.startswith("These 2 licences are committed until 31 Dec 2026: Microsoft takes")
    assert said.endswith("Record it only if Microsoft accepted it.")
    assert api.post(at, fewer).body["warnings"] == [said]
    for quantity in (12, 10):  # what is added now may be given back now
        now = {"kind": "update_quantity", "quantity": quantity}
        assert api.post(at, now).body["warnings"] == []


def test_a_cancellation_is_recorded(api: Api, subscription_id: int) -> None:
    said = api.post(f"/subscriptions/{subscription_id}/operations", {"kind": "cancel"})
    assert said.status == 201, said.text
    shown = api.get(f"/subscriptions/{subscription_id}").body
    assert (shown["quantity"], shown["status"]) == (0, "cancelled")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        *[
            ({"kind": "update_quantity", "quantity": quantity}, "quantity")
            for quantity in (0, -3, 1e18, 10**18, "1,000", "12", True, 12.5, None, {}, [])
        ],
        ({"kind": "update_quantity"}, "quantity"),
        ({"kind": "update_quantity", "quantity": 10}, "quantity"),
        ({"kind": "update_quantity", "quantity": 12, "effective_on": "2025-12-31"}, "effective_on"),
        ({"kind": "update_quantity", "quantity": 12, "effective_on": "9999-12-31"}, "effective_on"),
        ({"kind": "update_quantity", "quantity": 12, "effective_on": "soon"}, "effective_on"),
        ({"kind": "update_quantity", "quantity": 12, "price": "1"}, "price"),
        ({"kind": "cancel", "quantity": 12}, "quantity"),
        ({"kind": "purchase", "quantity": 12}, "kind"),
        ({"kind": "swap", "name": "x"}, "kind"),
        ({"kind": None}, "kind"),
        ({"kind": 7}, "kind"),
        ({"quantity": 12}, "kind"),
        ({}, "kind"),
        ([], "body"),
        ("12", "body"),
        (12, "body"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(
    api: Api, subscription_id: int, body: Any, field: str
) -> None:
    said = api.post(f"/subscriptions/{subscription_id}/operations", body)

    assert said.status == 422, said.text
    assert said.fields == [field], said.text
    assert Operation.objects.filter(subscription_id=subscription_id).count() == 1
    assert Subscription.objects.get(pk=subscription_id).quantity == 10


def test_a_preview_says_what_would_be_sent_and_stores_nothing(world: World) -> None:
    line = world.line(units=10)
    line.quantity(11)
    api = api_of(world.tenancy)
    before = api.get(f"/subscriptions/{line.subscription_id}/operations").body
    audit = api.get("/audit-logs").body

    said = api.post(
        f"/subscriptions/{line.subscription_id}/operations?preview=true",
        {"kind": "update_quantity", "quantity": 12},
        Idempotency_Key="preview-1",
    )

    assert said.status == 200, said.text
    assert said.body["after"] == {"quantity": 12}
    [sent] = said.body["would_be_sent"]
    assert sent["connection_id"] == world.connection_id
    assert (sent["units_from"], sent["units_to"], sent["waits_behind"]) == (10, 12, 1)
    assert api.get(f"/subscriptions/{line.subscription_id}/operations").body == before
    assert api.get("/audit-logs").body == audit
    assert api.get(f"/subscriptions/{line.subscription_id}").body["quantity"] == 11
    # The key is still free for what is really meant.
    really = api.post(
        f"/subscriptions/{line.subscription_id}/operations",
        {"kind": "update_quantity", "quantity": 12},
        Idempotency_Key="preview-1",
    )
    assert really.status == 201


@pytest.mark.parametrize(
    ("back_dated", "day", "moved", "held"),
    [
        (BackDated.HOLD, "2026-05-12", "", "before the change of 1 Sep 2026"),
        (BackDated.MOVE, "2026-09-01", "moved to the day of the last proved change", ""),
    ],
)
def test_a_preview_asks_the_engines_own_rule_for_the_day(
    world: World, back_dated: BackDated, day: str, moved: str, held: str
) -> None:
    world.policy(back_dated=back_dated)
    line = world.line(units=10)
    line.quantity(20, date(2026, 9, 1))
    world.work()
    said = api_of(world.tenancy).post(
        f"/subscriptions/{line.subscription_id}/operations?preview=true",
        {"kind": "update_quantity", "quantity": 22, "effective_on": "2026-05-12"},
    )
    [sent] = said.body["would_be_sent"]
    assert sent["effective_on"] == day
    assert moved in sent["moved_because"] and bool(moved) == bool(sent["moved_because"])
    assert held in sent["held_because"] and bool(held) == bool(sent["held_because"])


@pytest.mark.parametrize(
    ("rule", "units", "price"),
    # Null: left as it is.
    [(CancelRule.UNITS_ZERO, 0, None), (CancelRule.PRICE_ZERO, None, "0")],
)
def test_a_preview_of_a_cancellation_follows_the_connections_rule(
    world: World, rule: CancelRule, units: int | None, price: str | None
) -> None:
    world.policy(cancel_rule=rule)
    line = world.line(units=10)
    said = api_of(world.tenancy).post(
        f"/subscriptions/{line.subscription_id}/operations?preview=true", {"kind": "cancel"}
    )
    [sent] = said.body["would_be_sent"]
    assert (sent["units_to"], sent["unit_price_to"], sent["waits_behind"]) == (units, price, 0)


def test_a_preview_refuses_what_recording_would_refuse(api: Api, subscription_id: int) -> None:
    address = f"/subscriptions/{subscription_id}/operations"
    body = {"kind": "update_quantity", "quantity": 12}
    assert api.post(f"{address}?preview=true", {**body, "quantity": 10}).fields == ["quantity"]
    assert api.post(f"{address}?preview=perhaps", body).fields == ["preview"]
    assert api.post(f"{address}?previw=true", body).fields == ["previw"]
    assert Operation.objects.filter(subscription_id=subscription_id).count() == 1


def test_what_became_of_it(world: World) -> None:
    line = world.line(units=10)
    api = api_of(world.tenancy)
    line.quantity(12)
    world.work()

    newest = api.get(f"/subscriptions/{line.subscription_id}/operations?limit=1")
    assert newest.status == 200, newest.text
    [operation] = newest.body["items"]
    [delivery] = operation["deliveries"]
    assert delivery["state"] == "synced"
    assert delivery["connection_id"] == world.connection_id
    assert delivery["proved_at"].endswith("Z")
    assert len(delivery["attempts"]) == 1
    assert delivery["attempts"][0]["evidence"]
    rest = api.get(
        f"/subscriptions/{line.subscription_id}/operations?cursor={newest.body['next_cursor']}"
    ).body
    assert [one["kind"] for one in rest["items"]] == ["map", "purchase"]
    assert rest["next_cursor"] is None


class TestPriceMargin:
    def test_it_is_recorded(self, api: Api, subscription_id: int) -> None:
        said = api.post(
            f"/subscriptions/{subscription_id}/operations",
            {
                "kind": "update_price_margin",
                "unit_price": "16.40",
                "unit_cost": "12.5055",
                "price_from": "next_period",
                "effective_on": "2026-05-03",
            },
        )
        assert said.status == 201, said.text
        assert said.body["summary"] == "Update price margin (unit price 15.20 to 16.40)"
        after = said.body["after"]
        assert (after["unit_price"], after["unit_cost"]) == ("16.4000", "12.5055")
        assert (after["price_from"], after["price_currency"]) == ("next_period", "EUR")
        shown = api.get(f"/subscriptions/{subscription_id}").body
        assert Decimal(shown["unit_price"]) == Decimal("16.40")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            *[
                ({"unit_price": price}, "unit_price")
                for price in (
                    "NaN",
                    "Infinity",
                    "-Infinity",
                    "-0",
                    "-0.0",
                    "-1",
                    "1.2345678",
                    "1000000000000000000",
                    "1000000000.01",
                    "1e3",
                    "16,40",
                    "1 000",
                    "",
                    True,
                    None,
                    [],
                )
            ],
            ({"unit_price": "15.20"}, "unit_price"),
            ({"unit_cost": "NaN"}, "unit_cost"),
            ({"unit_cost": "12,10"}, "unit_cost"),
            ({"currency": "USD"}, "currency"),
            ({"currency": "EURO"}, "currency"),
            ({"price_from": "whenever"}, "price_from"),
            ({"effective_on": "2025-12-31"}, "effective_on"),
            ({"effective_on": "3.5.2026"}, "effective_on"),
            ({"quantity": 12}, "quantity"),
        ],
    )
    @pytest.mark.parametrize("address", ["operations", "operations?preview=true"])
    def test_a_wrong_field_is_named_and_nothing_is_stored(
        self, api: Api, subscription_id: int, changes: Any, field: str, address: str
    ) -> None:
        body = {"kind": "update_price_margin", "unit_price": "16.40", **changes}
        said = api.post(f"/subscriptions/{subscription_id}/{address}", body)
        assert said.status == 422, said.text
        assert said.fields == [field], said.text
        assert Operation.objects.filter(subscription_id=subscription_id).count() == 1
        assert Subscription.objects.get(pk=subscription_id).unit_price == Decimal("15.20")

    def test_a_first_price_says_its_currency_and_a_cost_has_it_too(self, api: Api) -> None:
        free = api.of.subscription(unit_price=None, unit_cost=None)
        address = f"/subscriptions/{free}/operations"
        body = {"kind": "update_price_margin", "unit_price": "16.40"}
        assert api.post(address, body).fields == ["currency"]
        assert api.post(address, body | {"currency": "EUR"}).status == 201
        said = api.post(address, body | {"unit_cost": "12.10"})
        assert said.body["after"]["cost_currency"] == "EUR"

    def test_an_azure_plan_has_none_and_the_reason_is_said(self, world: World) -> None:
        plan = world.line(kind=OfferKind.AZURE_PLAN).subscription_id
        body = {"kind": "update_price_margin", "unit_price": "16.40"}
        said = api_of(world.tenancy).post(f"/subscriptions/{plan}/operations", body)
        assert said.status == 201, said.text
        assert [one["state"] for one in said.body["deliveries"]] == ["not_applicable"]
        assert "monthly amounts" in said.text

    def test_a_preview_names_days_adjustments_and_an_estimate(self, world: World) -> None:
        line = world.line(units=10)
        address = f"/subscriptions/{line.subscription_id}/operations?preview=true"
        body = {"kind": "update_price_margin", "unit_price": "16.40", "effective_on": "2026-05-10"}
        said = api_of(world.tenancy).post(address, body)
        assert said.status == 200, said.text
        [sent] = said.body["would_be_sent"]
        assert (sent["asked_on"], sent["effective_on"]) == ("2026-05-10", "2026-05-01")
        assert sent["moved_because"].startswith("moved from 10 May 2026 to 1 May 2026")
        [call] = sent["adjustments"]
        assert (call["unit_change"], call["effective_on"]) == (0, "2026-05-01")
        assert Decimal(call["unit_price"]) == Decimal("16.40")
        assert [Decimal(bill["difference"]) for bill in sent["bills"]] == [12, 12]
        assert (sent["units_to"], Decimal(sent["unit_price_to"])) == (None, Decimal("16.40"))
        assert "An adjustment cannot be deleted" in sent["cannot_be_undone"][0]
        assert said.body["undo"] == ""
        renewed = api_of(world.tenancy).post(address, {"kind": "suspend"}).body
        assert renewed["undo"].startswith("Reactivate undoes it")
        assert Operation.objects.filter(subscription_id=line.subscription_id).count() == 2


class TestAzureAmounts:
    def test_they_are_stated_previewed_and_recorded(self, world: World) -> None:
        plan = plan_on(world)
        address = f"/subscriptions/{plan.line.subscription_id}/operations"
        body = {
            "kind": "azure_amounts",
            "month": "2026-04",
            "price": "130.00",
            "cost": "95.00",
            "currency": "EUR",
        }
        api = api_of(world.tenancy)
        said = api.post(f"{address}?preview=true", body)
        assert said.status == 200, said.text
        [sent] = said.body["would_be_sent"]
        assert sent["adjustments"] == []
        charge = sent["charge"]
        assert (charge["day_on"], charge["charge_id"]) == ("2026-04-30", None)
        assert [Decimal(charge[name]) for name in ("price", "cost", "difference")] == [130, 95, 130]
        said = api.post(address, body)
        assert said.status == 201, said.text
        assert said.body["summary"] == "Azure amounts of 2026-04 (price 130.00)"
        assert api.post(address, body).status == 409
        assert api.post(address, body | {"month": "4/2026"}).fields == ["month"]
        assert api.post(address, body | {"price": "x"}).fields == ["price"]

    def test_held_months_are_in_the_answer_of_a_reactivation(self, world: World) -> None:
        plan = plan_on(world)
        address = f"/subscriptions/{plan.line.subscription_id}/operations"
        api = api_of(world.tenancy)
        assert api.post(address, {"kind": "suspend"}).status == 201
        assert api.post(address, {"kind": "reactivate", "months": ["2026-04"]}).fields == ["months"]
        said = api.post(address, {"kind": "reactivate"})
        assert said.status == 201, said.text
        assert "held" not in said.body["after"]


class TestTheGapOfAPrice:
    def test_it_is_charged_when_it_is_asked_for(self, world: World) -> None:
        line = world.line(units=10)
        address = f"/subscriptions/{line.subscription_id}/operations"
        body = {
            "kind": "update_price_margin",
            "unit_price": "18.30",
            "effective_on": "2026-05-10",
            "price_from": "next_period",
            "gap_charge": True,
        }
        before = Operation.objects.filter(subscription_id=line.subscription_id).count()
        said = api_of(world.tenancy).post(f"{address}?preview=true", body)
        [sent] = said.body["would_be_sent"]
        assert Decimal(sent["gap"]) == Decimal("22.00")  # 22 of 31 days of 10 x 3.10
        said = api_of(world.tenancy).post(address, body)
        assert said.status == 201, said.text
        found = Operation.objects.filter(subscription_id=line.subscription_id)
        assert found.count() == before + 2
        assert found.latest("sequence").after["price"] == "22.0000"

    def test_it_is_charged_also_where_a_person_approves_first(self, world: World) -> None:
        line = world.line(units=10)
        world.policy(mode=Mode.REVIEW)
        address = f"/subscriptions/{line.subscription_id}/operations"
        body = {
            "kind": "update_price_margin",
            "unit_price": "18.30",
            "effective_on": "2026-05-10",
            "price_from": "next_period",
            "gap_charge": True,
        }
        said = api_of(world.tenancy).post(address, body)
        assert said.status == 201, said.text
        newest = Operation.objects.filter(subscription_id=line.subscription_id).latest("sequence")
        assert newest.after["price"] == "22.0000"

    def test_without_one_the_field_is_named(self, world: World) -> None:
        line = world.line(units=10)
        address = f"/subscriptions/{line.subscription_id}/operations"
        body = {"kind": "update_price_margin", "unit_price": "18.30", "gap_charge": True}
        assert api_of(world.tenancy).post(address, body).fields == ["gap_charge"]


class TestTheWayPast:
    def test_a_price_begins_with_the_next_period_and_nothing_else_may(self, world: World) -> None:
        world.simulator.set_knobs(reprice_scope="that_row", same_day="refuse")
        line = world.line(units=10)
        line.quantity(12, date(2026, 5, 4))
        world.work()
        line.price("16.40")
        world.work()
        assert line.badge == "out_of_sync"
        api = api_of(world.tenancy)
        address = f"/operations/{line.head().operation_id}/deliveries/{world.connection_id}/resolve"
        said = api.post(address, {"how": "next_period", "reason": "agreed with the customer"})
        assert said.status == 200, said.text
        [delivery] = said.body["deliveries"]
        assert (delivery["state"], delivery["effective_on"]) == ("pending", "2026-06-01")
        [record] = api.get("/audit-logs?operation=subscription.resolve_operation").body["items"]
        assert record["summary"] == (
            "To begin with the next billing period: agreed with the customer"
        )
        details = record["details"]
        assert (details["before"], details["after"]) == (
            {"effective_on": "2026-05-01"},
            {"effective_on": "2026-06-01"},
        )
        assert "already has a change of this line on 4 May 2026" in details["cause"]
        other = world.line(units=10)
        other.strike("refuse")
        other.quantity(12)
        world.work()
        address = (
            f"/operations/{other.head().operation_id}/deliveries/{world.connection_id}/resolve"
        )
        refused = api.post(address, {"how": "next_period", "reason": "x"})
        assert (refused.status, other.states()[-1]) == (409, "failed")

    def test_a_stopped_one_is_skipped_with_a_reason(self, world: World) -> None:
        line = world.line(units=10)
        line.hand_edit(11)
        line.quantity(15)
        world.work()
        assert line.states()[-1] in {"conflict", "failed"}
        api = api_of(world.tenancy)
        address = f"/operations/{line.head().operation_id}/deliveries/{world.connection_id}/resolve"

        assert api.post(address, {"how": "skip", "reason": " "}).fields == ["reason"]
        assert api.post(address, {"how": "magic", "reason": "x"}).fields == ["how"]
        said = api.post(address, {"how": "skip", "reason": "agreed with the customer"})

        assert said.status == 200, said.text
        assert said.body["deliveries"][0]["state"] == "resolved"
        assert api.post(address, {"how": "skip", "reason": "again"}).status == 409
        [record] = api.get("/audit-logs?operation=subscription.resolve_operation").body["items"]
        assert record["details"]["reason"] == "agreed with the customer"

    def test_what_is_not_there_is_404(self, world: World) -> None:
        api = api_of(world.tenancy)
        body = {"how": "skip", "reason": "x"}
        address = f"/operations/999999999/deliveries/{world.connection_id}/resolve"
        assert api.post(address, body).status == 404
