"""Approve and post: billing items exist only after it."""

from __future__ import annotations

from decimal import Decimal

from .tenants import Tenant, where


def billing(tenant: Tenant) -> list[tuple[str, str, Decimal, Decimal]]:
    items = tenant.items("BillingItems", where("contractID", tenant.contract))
    return [
        (item["itemDate"][:10], item["description"], item["quantity"], item["extendedPrice"])
        for item in items
    ]


def test_periods_are_billed_once(tenant: Tenant) -> None:
    assert billing(tenant) == []
    items = tenant.sim.approve_and_post(tenant.contract, "2026-02-28")
    assert len(items) == 2
    assert billing(tenant) == [
        ("2026-01-01", "Recurring Services", 10, 220),
        ("2026-02-01", "Recurring Services", 10, 220),
    ]
    assert tenant.sim.approve_and_post(tenant.contract, "2026-02-28") == []
    item = tenant.items("BillingItems", where("id", items[0]))[0]
    assert item["contractServiceID"] == tenant.line
    assert item["contractServicePeriodID"] == tenant.row("2026-01-10")["id"]
    assert (item["billingItemType"], item["invoiceID"]) == (7, 0)
    assert item["postedDate"] == "2026-05-01T12:00:00.000Z"


def test_a_change_inside_a_period_is_billed_for_its_days(tenant: Tenant) -> None:
    tenant.adjust("2026-04-16", 2)
    tenant.sim.approve_and_post(tenant.contract, "2026-04-30")
    base, change = billing(tenant)[-2:]
    assert base == ("2026-04-01", "Recurring Services", 10, 220)
    assert change == ("2026-04-16", "Recurring Services Adjustment", 2, 22)
    items = tenant.items("BillingItems", where("contractID", tenant.contract))
    assert items[-1]["contractServiceAdjustmentID"] == tenant.sim.effects()[0]["adjustment_id"]
    assert items[-2]["contractServiceAdjustmentID"] is None


def test_a_posted_period_gets_prorated_items_plus_and_minus(tenant: Tenant) -> None:
    tenant.sim.approve_and_post(tenant.contract, "2026-04-30")
    before = len(billing(tenant))
    tenant.adjust("2026-04-16", -10)
    tenant.adjust("2026-04-21", 3)
    tenant.sim.approve_and_post(tenant.contract, "2026-04-30")
    assert billing(tenant)[before:] == [
        ("2026-04-16", "Recurring Services Adjustment", -10, -110),
        ("2026-04-21", "Recurring Services Adjustment", 3, 22),
    ]


def test_a_posted_period_changed_on_its_first_day_bills_the_difference(tenant: Tenant) -> None:
    tenant.sim.approve_and_post(tenant.contract, "2026-01-31")
    tenant.adjust("2026-01-01", 0, adjustedUnitPrice=20)
    tenant.sim.approve_and_post(tenant.contract, "2026-01-31")
    assert billing(tenant)[-1] == ("2026-01-01", "Recurring Services Adjustment", 0, -20)


def test_only_the_date_of_the_web_service_can_be_changed(tenant: Tenant) -> None:
    item = tenant.sim.approve_and_post(tenant.contract, "2026-01-31")[0]
    body = {"id": item, "webServiceDate": "2026-05-01T10:00:00Z", "extendedPrice": 1}
    assert tenant.http.patch("BillingItems", json=body).json() == {"itemId": item}
    after = tenant.items("BillingItems", where("id", item))[0]
    assert (after["webServiceDate"], after["extendedPrice"]) == ("2026-05-01T10:00:00.000Z", 220)
    assert tenant.http.post("BillingItems", json={}).status_code == 405


def test_a_contract_is_not_shortened_into_its_posted_periods(tenant: Tenant) -> None:
    tenant.sim.approve_and_post(tenant.contract, "2026-05-31")
    answer = tenant.http.patch("Contracts", json={"id": tenant.contract, "endDate": "2026-04-10"})
    assert len(tenant.errors(answer)) == 1
    kept = tenant.http.get(f"Contracts/{tenant.contract}").json()["item"]
    assert kept["endDate"][:10] == "2026-12-31"
    assert len(tenant.rows()) == 12
