"""Every knob, at every setting."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from tallystick.simulator.knobs import KNOBS, KnobError, Knobs

from .tenants import DUPLICATE, Tenant, running_tenant, where

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "simulator.md"


def test_same_day_add(tenant: Tenant) -> None:
    tenant.sim.set_knobs(same_day="add")
    tenant.adjust("2026-05-03", 2, adjustedUnitPrice=20)
    tenant.adjust("2026-05-03", 3)
    assert tenant.units("2026-05-03") == 15
    assert tenant.row("2026-05-03")["price"] == 300
    assert len(tenant.rows()) == 13


def test_same_day_replace_means_the_days_start_plus_the_new_change(tenant: Tenant) -> None:
    tenant.sim.set_knobs(same_day="replace")
    tenant.adjust("2026-05-03", 2, adjustedUnitPrice=20)
    tenant.adjust("2026-05-03", 3)
    assert tenant.units("2026-05-03") == tenant.units("2026-12-01") == 13
    assert tenant.row("2026-05-03")["price"] == 13 * 22
    assert [effect["replaced"] for effect in tenant.sim.effects()] == [False, True]


def test_same_day_replace_keeps_what_the_line_began_with(tenant: Tenant) -> None:
    tenant.sim.set_knobs(same_day="replace")
    tenant.adjust("2026-01-01", 2)
    tenant.adjust("2026-01-01", 5)
    assert tenant.units("2026-01-01") == 15


@pytest.mark.parametrize("setting", ["allow", "refuse"])
def test_first_day_of_period(tenant: Tenant, setting: str) -> None:
    tenant.sim.set_knobs(first_day_of_period=setting)
    answer = tenant.adjust("2026-06-01", 2)
    if setting == "allow":
        assert (answer.status_code, tenant.units("2026-06-01")) == (200, 12)
        assert len(tenant.rows()) == 12
        assert tenant.errors(tenant.adjust("2026-06-01", 2)) == [DUPLICATE]
    else:
        assert tenant.errors(answer) == [DUPLICATE]
        assert tenant.adjust("2026-06-02", 2).status_code == 200


@pytest.mark.parametrize("setting", ["prorate", "refuse"])
def test_posted_period(tenant: Tenant, setting: str) -> None:
    tenant.sim.set_knobs(posted_period=setting)
    tenant.sim.approve_and_post(tenant.contract, "2026-05-31")
    assert tenant.row("2026-05-03")["approveAndPostDate"] == "2026-05-01T12:00:00.000Z"
    answer = tenant.adjust("2026-05-03", 2)
    if setting == "prorate":
        assert answer.status_code == 200
        assert tenant.row("2026-05-03")["approveAndPostDate"] is None
        assert tenant.row("2026-05-01")["approveAndPostDate"] is not None
    else:
        assert "approved and posted" in tenant.errors(answer)[0]
        assert tenant.adjust("2026-06-03", 2).status_code == 200


@pytest.mark.parametrize("setting", ["refuse", "allow"])
def test_negative_units(tenant: Tenant, setting: str) -> None:
    tenant.sim.set_knobs(negative_units=setting)
    answer = tenant.adjust("2026-05-03", -11)
    assert answer.status_code == (200 if setting == "allow" else 500)
    assert tenant.units("2026-05-03") == (-1 if setting == "allow" else 10)


@pytest.mark.parametrize("setting", ["refuse", "allow"])
def test_zero_units(tenant: Tenant, setting: str) -> None:
    tenant.sim.set_knobs(zero_units=setting)
    answer = tenant.adjust("2026-05-03", -10)
    assert answer.status_code == (200 if setting == "allow" else 500)
    assert tenant.units("2026-05-03") == (0 if setting == "allow" else 10)


@pytest.mark.parametrize("setting", ["refuse", "allow"])
def test_inactive_contract(tenant: Tenant, setting: str) -> None:
    tenant.sim.set_knobs(inactive_contract=setting)
    tenant.sim.edit_contract(tenant.contract, status=0)
    expected = 200 if setting == "allow" else 500
    assert tenant.adjust("2026-05-03", 1).status_code == expected
    body = {"serviceID": tenant.service}
    added = tenant.http.post(f"Contracts/{tenant.contract}/Services", json=body)
    assert added.status_code == expected
    assert tenant.units("2026-06-01") == (11 if setting == "allow" else 10)


@pytest.mark.parametrize("setting", ["that_row", "all_later_rows"])
def test_reprice_scope(tenant: Tenant, setting: str) -> None:
    tenant.adjust("2026-05-20", 0, adjustedUnitPrice=30)
    tenant.sim.set_knobs(reprice_scope=setting)
    tenant.adjust("2026-05-03", 0, adjustedUnitPrice=20, adjustedUnitCost=10)
    prices = [tenant.row(day)["price"] for day in ("2026-05-01", "2026-05-03", "2026-05-20")]
    later = tenant.row("2026-06-01")
    if setting == "that_row":
        assert prices == [220, 200, 300]
        assert (later["price"], later["cost"]) == (300, 176)
    else:
        assert prices == [220, 200, 200]
        assert (later["price"], later["cost"]) == (200, 100)


@pytest.mark.parametrize(("setting", "end"), [("shared", "03"), ("day_before", "02")])
def test_row_end(tenant: Tenant, setting: str, end: str) -> None:
    tenant.adjust("2026-05-03", 1)
    tenant.sim.set_knobs(row_end=setting)
    assert tenant.row("2026-05-01")["endDate"][:10] == f"2026-05-{end}"
    assert tenant.row("2026-05-03")["endDate"][:10] == "2026-05-31"
    assert tenant.row("2026-04-01")["endDate"][:10] == "2026-04-30"


@pytest.mark.parametrize("setting", ["full", "prorated"])
def test_split_row_amount(tenant: Tenant, setting: str) -> None:
    tenant.sim.set_knobs(split_row_amount=setting)
    tenant.adjust("2026-05-21", 1)
    full = setting == "full"
    assert tenant.row("2026-05-01")["price"] == (220 if full else Decimal("141.9355"))
    assert tenant.row("2026-05-21")["price"] == (242 if full else Decimal("85.8710"))
    assert tenant.row("2026-05-21")["cost"] == (Decimal("193.6") if full else Decimal("68.6968"))
    assert tenant.row("2026-06-01")["price"] == 242


@pytest.mark.parametrize("setting", [4, 2])
def test_money_precision(tenant: Tenant, setting: int) -> None:
    tenant.sim.set_knobs(money_precision=setting)
    tenant.adjust("2026-05-03", 1, adjustedUnitPrice=1.23456)
    expected = {4: "13.5806", 2: "13.5300"}[setting]
    assert str(tenant.row("2026-05-03")["price"]) == expected


def test_cost_hidden(tenant: Tenant) -> None:
    tenant.sim.set_knobs(cost_hidden="on")
    assert tenant.row("2026-05-03")["cost"] is None
    assert tenant.items("ContractServices", where("id", tenant.line))[0]["unitCost"] is None
    assert tenant.items("Services", where("id", tenant.service))[0]["unitCost"] is None
    assert tenant.row("2026-05-03")["price"] == 220


@pytest.mark.parametrize("setting", ["on", "off"])
def test_automatic_note(tenant: Tenant, setting: str) -> None:
    tenant.sim.set_knobs(automatic_note=setting)
    tenant.adjust("2026-05-03", 1)
    notes = tenant.items("ContractNotes", where("contractID", tenant.contract))
    assert len(notes) == (1 if setting == "on" else 0)


@pytest.mark.parametrize("setting", ["null", "integer"])
def test_adjustment_item_id(tenant: Tenant, setting: str) -> None:
    tenant.sim.set_knobs(adjustment_item_id=setting)
    item_id = tenant.adjust("2026-05-03", 1).json()["itemId"]
    expected = None if setting == "null" else tenant.sim.effects()[0]["adjustment_id"]
    assert item_id == expected


def test_currency_scale(tenant: Tenant) -> None:
    tenant.sim.set_knobs(currency_scale="0.5")
    tenant.adjust("2026-05-03", 0, adjustedUnitPrice=20)
    row = tenant.row("2026-05-03")
    assert (row["price"], row["internalCurrencyPrice"]) == (200, 100)
    line = tenant.items("ContractServices", where("id", tenant.line))[0]
    scale = line["unitPrice"] / line["internalCurrencyUnitPrice"]
    assert (scale, line["internalCurrencyAdjustedPrice"] * scale) == (2, 20)


def test_units_delay_seconds_shows_the_old_rows_for_a_while(tenant: Tenant) -> None:
    tenant.sim.set_knobs(units_delay_seconds=30)
    tenant.adjust("2026-05-03", 2)
    tenant.sim.advance(10)
    tenant.adjust("2026-06-03", 5)
    assert {row["units"] for row in tenant.rows()} == {10}
    assert tenant.sim.units_on(tenant.line, "2026-06-03") == 17
    tenant.sim.advance(21)
    assert [tenant.units(day) for day in ("2026-05-03", "2026-06-03")] == [12, 12]
    tenant.sim.set_knobs(units_delay_seconds=0)
    tenant.sim.advance(10)
    assert [tenant.units(day) for day in ("2026-05-03", "2026-06-03")] == [12, 17]


def test_units_delay_ends_on_release(tenant: Tenant) -> None:
    tenant.sim.set_knobs(units_delay_seconds=300)
    tenant.adjust("2026-05-03", 2)
    tenant.sim.release()
    assert tenant.units("2026-05-03") == 12


def test_patch_html_404(tenant: Tenant) -> None:
    tenant.sim.set_knobs(patch_html_404="on")
    answer = tenant.http.patch("Contracts", json={"id": tenant.contract, "contractName": "x"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert tenant.http.get(f"Contracts/{tenant.contract}").json()["item"]["contractName"] != "x"


def test_knobs_are_set_at_the_start_and_through_the_control_routes() -> None:
    with running_tenant(knobs={"same_day": "add", "retry_after": 7}) as own:
        address = own.sim.origin + "/simulator/knobs"
        assert httpx.get(address).json()["same_day"] == "add"
        changed = httpx.post(address, json={"same_day": "replace", "retry_after": "off"})
        assert changed.json()["same_day"] == "replace"
        assert own.sim.knobs()["retry_after"] == "off"
        bad = httpx.post(address, json={"same_day": "add", "nonsense": 1})
        assert (bad.status_code, "nonsense" in bad.json()["error"]) == (400, True)
        assert own.sim.knobs()["same_day"] == "replace"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("same_day", "sometimes"),
        ("money_precision", 3),
        ("thread_limit", 0),
        ("thread_limit", "many"),
        ("latency_ms", -1),
        ("latency_ms", "nan"),
        ("latency_ms", "inf"),
        ("currency_scale", "x"),
        ("hourly_threshold", None),
        ("no_such_knob", 1),
    ],
)
def test_settings_that_make_no_sense_are_refused(name: str, value: object) -> None:
    with pytest.raises(KnobError):
        Knobs({name: value})


def test_settings_are_read_from_text_and_from_values() -> None:
    knobs = Knobs({"latency_tiers": False, "adjustment_item_id": None, "money_precision": "2"})
    assert knobs.as_dict()["latency_tiers"] == "off"
    assert knobs["adjustment_item_id"] == "null"
    assert knobs["money_precision"] == 2


@pytest.mark.parametrize("name", KNOBS)
def test_the_manual_lists_every_knob_with_its_default(name: str) -> None:
    default = Knobs().as_dict()[name]
    line = next(
        line for line in MANUAL.read_text("utf-8").splitlines() if line.startswith(f"| `{name}` |")
    )
    shown = f"{default:g}" if isinstance(default, float) else str(default)
    assert f"**{shown}**" in line
