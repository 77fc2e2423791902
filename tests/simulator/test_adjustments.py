"""Contract service adjustments, one rule a test."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from .tenants import DUPLICATE, Tenant, where

WINDOW = (
    "ContractServiceAdjustment effectiveDate must be between the start date and end date of the "
    "Contract referenced by contractID."
)


def test_a_success_gives_no_id_back(tenant: Tenant) -> None:
    answer = tenant.adjust("2026-05-03", 2)
    assert (answer.status_code, answer.json()) == (200, {"itemId": None})


def test_a_change_inside_a_period_splits_its_row_and_carries_on(tenant: Tenant) -> None:
    before = {row["startDate"]: row for row in tenant.rows()}
    tenant.adjust("2026-05-03", 2)
    rows = tenant.rows()
    assert len(rows) == len(before) + 1
    may = [(r["startDate"][:10], r["endDate"][:10], r["units"]) for r in rows[4:6]]
    assert may == [("2026-05-01", "2026-05-03", 10), ("2026-05-03", "2026-05-31", 12)]
    assert [row["units"] for row in rows[:5]] == [10] * 5
    assert [row["units"] for row in rows[5:]] == [12] * 8
    ids = {row["startDate"]: row["id"] for row in rows}
    assert all(ids[start] == row["id"] for start, row in before.items())


def test_price_and_cost_are_the_extended_amounts(tenant: Tenant) -> None:
    tenant.adjust("2026-05-03", 2, adjustedUnitPrice=23.1, adjustedUnitCost="18.25")
    row = tenant.row("2026-05-10")
    assert (row["price"], row["cost"]) == (Decimal("277.2000"), Decimal("219.0000"))
    assert tenant.row("2026-05-02")["price"] == Decimal("220.0000")
    assert tenant.row("2026-12-31")["price"] == Decimal("277.2000")


def test_money_has_four_decimals_on_the_wire(tenant: Tenant) -> None:
    answer = tenant.query("ContractServiceUnits", where("contractServiceID", tenant.line))
    assert '"price":220.0000' in answer.text
    assert '"cost":176.0000' in answer.text


def test_unit_change_zero_with_a_price_is_a_pure_reprice(tenant: Tenant) -> None:
    tenant.adjust("2026-06-01", 0, adjustedUnitPrice=20)
    assert tenant.units("2026-06-01") == 10
    assert tenant.row("2026-06-01")["price"] == 200
    no_change = tenant.adjust("2026-07-01", adjustedUnitPrice=-1.5)
    assert no_change.status_code == 200
    assert tenant.row("2026-07-15")["price"] == -15


def test_the_lines_record_shows_the_price_set_last(tenant: Tenant) -> None:
    tenant.adjust("2026-06-01", 0, adjustedUnitPrice=20, adjustedUnitCost=15)
    line = tenant.items("ContractServices", where("id", tenant.line))[0]
    assert line["unitPrice"] == line["internalCurrencyUnitPrice"] == 22
    assert line["internalCurrencyAdjustedPrice"] == 20
    assert line["unitCost"] == 15
    assert "adjustedPrice" not in line


@pytest.mark.parametrize(
    "day", ["2026-05-03", "2026-05-03T23:30:00", "2026-05-03T23:30:00-10:00", "2026-05-03T02:00Z"]
)
def test_the_day_is_kept_as_written_and_never_shifted(tenant: Tenant, day: str) -> None:
    assert tenant.adjust(day, 1).status_code == 200
    assert tenant.row("2026-05-20")["startDate"] == "2026-05-03T00:00:00Z"


@pytest.mark.parametrize("day", ["2025-12-31", "2027-01-01"])
def test_days_outside_the_contract_are_refused(tenant: Tenant, day: str) -> None:
    assert tenant.errors(tenant.adjust(day, 1)) == [WINDOW]
    for inside in ("2026-01-01", "2026-12-31"):
        assert tenant.adjust(inside, 1).status_code == 200


def test_a_second_change_of_a_day_is_refused_as_a_duplicate(tenant: Tenant) -> None:
    tenant.adjust("2026-05-03", 2)
    assert tenant.errors(tenant.adjust("2026-05-03", 3)) == [DUPLICATE]
    assert tenant.units("2026-05-03") == 12
    assert len(tenant.sim.effects(tenant.line)) == 1


def test_back_dated_changes_reach_every_later_row(tenant: Tenant) -> None:
    tenant.adjust("2026-06-10", 5)
    tenant.adjust("2026-03-15", -2)
    days = ("2026-03-01", "2026-03-15", "2026-06-01", "2026-06-10", "2026-12-01")
    assert [tenant.units(day) for day in days] == [10, 8, 8, 13, 13]


def test_a_later_day_may_not_be_driven_below_zero_by_an_earlier_one(tenant: Tenant) -> None:
    tenant.adjust("2026-06-10", -8)
    answer = tenant.adjust("2026-03-15", -3)
    assert len(tenant.errors(answer)) == 1
    assert tenant.units("2026-03-20") == 10


def test_root_and_child_route_are_the_same(tenant: Tenant) -> None:
    body = {"contractServiceID": tenant.line, "effectiveDate": "2026-05-03", "unitChange": 1}
    assert tenant.http.post("ContractServiceAdjustments", json=body).json() == {"itemId": None}
    assert tenant.units("2026-05-03") == 11


def test_contract_and_service_name_the_line_too(tenant: Tenant) -> None:
    body = {"serviceID": tenant.service, "effectiveDate": "2026-05-03", "unitChange": 1}
    tenant.http.post(f"Contracts/{tenant.contract}/ServiceAdjustments", json=body)
    assert tenant.units("2026-05-03") == 11
    assert len(tenant.items("ContractServices", where("contractID", tenant.contract))) == 1


def test_a_missing_line_is_created_by_the_adjustment(tenant: Tenant) -> None:
    service = tenant.sim.load(services=[{"name": "Teams", "unit_price": "5"}])["services"][0]
    body = {
        "contractID": tenant.contract,
        "serviceID": service,
        "effectiveDate": "2026-05-15",
        "unitChange": 4,
        "adjustedUnitPrice": 4.5,
    }
    assert tenant.http.post("ContractServiceAdjustments", json=body).status_code == 200
    created = tenant.items("ContractServices", where("serviceID", service))[0]
    rows = tenant.rows(created["id"])
    assert [row["units"] for row in rows] == [0] * 5 + [4] * 8
    assert rows[5]["price"] == 18
    assert tenant.sim.effects(created["id"])[0]["created_line"] is True


def test_a_repeated_service_needs_permission(tenant: Tenant) -> None:
    body = {
        "contractID": tenant.contract,
        "serviceID": tenant.service,
        "effectiveDate": "2026-05-03",
        "unitChange": 3,
    }
    tenant.http.post("ContractServiceAdjustments", json={**body, "allowRepeatService": True})
    lines = tenant.items("ContractServices", where("serviceID", tenant.service))
    assert len(lines) == 2
    assert [tenant.units("2026-05-03", line["id"]) for line in lines] == [10, 3]


def test_nothing_remains_of_a_refused_new_line(tenant: Tenant) -> None:
    service = tenant.sim.load(services=[{"name": "Teams"}])["services"][0]
    body = {
        "contractID": tenant.contract,
        "serviceID": service,
        "effectiveDate": "2026-05-15",
        "unitChange": -4,
    }
    assert tenant.http.post("ContractServiceAdjustments", json=body).status_code == 500
    assert tenant.items("ContractServices", where("serviceID", service)) == []


def test_the_line_must_belong_to_the_contract(tenant: Tenant) -> None:
    other = tenant.sim.load(
        contracts=[{"company": tenant.company, "start": "2026-01-01", "end": "2026-12-31"}]
    )["contracts"][0]
    body = {"contractServiceID": tenant.line, "effectiveDate": "2026-05-03", "unitChange": 1}
    answer = tenant.http.post(f"Contracts/{other}/ServiceAdjustments", json=body)
    assert len(tenant.errors(answer)) == 1
    assert tenant.sim.effects() == []


@pytest.mark.parametrize(
    "change",
    [
        {"contractServiceID": 999},
        {"contractServiceID": None},
        {"contractServiceID": None, "contractID": 999, "serviceID": 1},
        {"contractServiceID": None, "serviceID": 999},
        {"effectiveDate": None},
        {"effectiveDate": "3 May"},
        {"effectiveDate": "2026-02-30"},
        {"unitChange": 1.5},
        {"unitChange": "many"},
        {"unitChange": 2**31},
        {"unitChange": True},
        {"adjustedUnitPrice": "cheap"},
        {"adjustedUnitPrice": True},
        {"allowRepeatService": 1},
    ],
)
def test_bad_bodies_are_refused_and_change_nothing(tenant: Tenant, change: dict[str, Any]) -> None:
    body = {"contractServiceID": tenant.line, "effectiveDate": "2026-05-03", "unitChange": 1}
    contract = change.pop("contractID", tenant.contract)
    answer = tenant.http.post(f"Contracts/{contract}/ServiceAdjustments", json={**body, **change})
    assert len(tenant.errors(answer)) >= 1
    assert tenant.sim.effects() == []


def test_a_contract_of_another_type_has_no_adjustments(tenant: Tenant) -> None:
    with tenant.sim.lock:
        tenant.sim.world.table("Contracts").update(tenant.contract, {"contractType": 1})
    assert len(tenant.errors(tenant.adjust("2026-05-03", 1))) == 1


def test_an_adjustment_writes_a_note(tenant: Tenant) -> None:
    tenant.adjust("2026-05-03", 2)
    notes = tenant.items("ContractNotes", where("contractID", tenant.contract))
    assert "+2 to 12" in notes[-1]["description"]
    assert "2026-05-03" in notes[-1]["description"]


def test_shortening_a_contract_deletes_what_lies_behind(tenant: Tenant) -> None:
    tenant.adjust("2026-05-03", 2)
    tenant.adjust("2026-06-10", 5)
    patched = tenant.http.patch("Contracts", json={"id": tenant.contract, "endDate": "2026-06-09"})
    assert patched.json() == {"itemId": tenant.contract}
    assert tenant.rows()[-1]["endDate"][:10] == "2026-06-09"
    tenant.http.patch("Contracts", json={"id": tenant.contract, "endDate": "2027-02-14"})
    rows = tenant.rows()
    assert rows[-1]["endDate"][:10] == "2027-02-14"
    assert {row["units"] for row in rows if row["startDate"] >= "2026-05-03"} == {12}
    assert len(tenant.sim.effects(tenant.line)) == 2


def test_bundles_change_in_quantity_only(tenant: Tenant) -> None:
    code = tenant.items("BillingCodes", where("isActive", True))[0]["id"]
    bundle = tenant.http.post(
        "ServiceBundles",
        json={"name": "Suite", "billingCodeID": code, "periodType": 2, "unitPrice": 30},
    )
    bundle_id = bundle.json()["itemId"]
    line = tenant.http.post(
        f"Contracts/{tenant.contract}/ServiceBundles", json={"serviceBundleID": bundle_id}
    ).json()["itemId"]
    answer = tenant.http.post(
        f"Contracts/{tenant.contract}/ServiceBundleAdjustments",
        json={
            "contractServiceBundleID": line,
            "effectiveDate": "2026-05-03",
            "unitChange": 2,
            "adjustedUnitPrice": 1,
        },
    )
    assert answer.json() == {"itemId": None}
    rows = tenant.items("ContractServiceBundleUnits", where("contractServiceBundleID", line))
    assert [row["units"] for row in rows if row["startDate"][:10] == "2026-05-03"] == [2]
    assert [row["price"] for row in rows if row["startDate"][:10] == "2026-05-03"] == [60]
    assert tenant.sim.effects()[0]["contract_service_bundle_id"] == line


def test_effects_are_the_ground_truth_in_the_order_applied(tenant: Tenant) -> None:
    tenant.adjust("2026-06-10", 5, adjustedUnitPrice=21)
    tenant.adjust("2026-03-15", -2)
    tenant.adjust("2026-03-15", -2)  # refused
    tenant.sim.hand_edit(tenant.line, "2026-08-05", units=99)
    first, second = tenant.sim.effects(tenant.line)
    assert (first["seq"], first["effective_on"], first["unit_change"]) == (1, "2026-06-10", 5)
    assert (first["units"], first["unit_price"], first["unit_cost"]) == (15, 21, None)
    assert (second["seq"], second["unit_change"], second["units"]) == (2, -2, 8)
    seqs = [entry["seq"] for entry in tenant.sim.requests() if entry["status"] == 200]
    assert [first["request_seq"], second["request_seq"]] == seqs
