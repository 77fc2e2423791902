"""The control desk over HTTP and from Python."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from tallystick.simulator.control import Control
from tallystick.simulator.control_routes import ControlRoutes
from tallystick.simulator.machine import Machine, Options
from tallystick.simulator.messages import Request

from .tenants import NOON, Tenant, running_tenant, where


def post(tenant: Tenant, path: str, body: Any = None) -> httpx.Response:
    return httpx.post(f"{tenant.sim.origin}/simulator/{path}", json=body)


def get(tenant: Tenant, path: str) -> Any:
    return httpx.get(f"{tenant.sim.origin}/simulator/{path}").json()


def test_loading_answers_ids_and_refs(tenant: Tenant) -> None:
    answer = post(
        tenant,
        "load",
        {
            "companies": [{"ref": "a", "name": "Alpha", "number": "A-1"}],
            "services": [{"ref": "s", "name": "Teams", "unit_price": "5", "sku": "T-1"}],
            "contracts": [
                {"ref": "k", "company": "a", "start": "2026-02-15", "end": "2027-02-14",
                 "name": "Alpha 2026", "number": "EXT-1", "period_type": 3},
                {"company": tenant.company, "fields": {"description": "more"}},
            ],
            "lines": [
                {"ref": "l", "contract": "k", "service": "s", "units": 7, "unit_price": "4.5",
                 "unit_cost": 3, "from": "2026-03-20", "internal_description": "sub-1"},
                {"contract": tenant.contract, "service": tenant.service},
            ],
        },
    ).json()  # fmt: skip
    assert [len(answer[kind]) for kind in ("companies", "services", "contracts", "lines")] == [
        1, 1, 2, 2,
    ]  # fmt: skip
    assert answer["refs"]["l"] == answer["lines"][0]
    rows = tenant.rows(answer["lines"][0])
    assert [(row["startDate"][:10], row["units"]) for row in rows] == [
        ("2026-02-15", 0),
        ("2026-03-20", 7),
        ("2026-05-15", 7),
        ("2026-08-15", 7),
        ("2026-11-15", 7),
    ]
    assert (rows[1]["price"], rows[1]["cost"]) == (31.5, 21)
    line = tenant.items("ContractServices", where("id", answer["refs"]["l"]))[0]
    assert line["internalDescription"] == "sub-1"
    assert tenant.sim.effects() == []


@pytest.mark.parametrize(
    "body",
    [
        {"lines": [{"contract": "nobody", "service": 1}]},
        {"companies": [{}]},
        {"companies": [{"name": "x", "nmae": "y"}]},
        {"contracts": [{"company": 0, "start": "soon"}]},
        {"contracts": [{"company": 0, "start": "2026-01-01", "end": "2025-01-01"}]},
        {"nonsense": []},
        {"services": [{"name": "x", "unit_price": "free"}]},
        {"companies": ["text"]},
        [],
    ],
)
def test_loading_says_what_is_wrong(tenant: Tenant, body: Any) -> None:
    answer = post(tenant, "load", body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_hand_edits_change_the_truth_without_an_effect(tenant: Tenant) -> None:
    done = post(
        tenant,
        "hand-edits",
        {"contract_service_id": tenant.line, "on": "2026-05-10", "units": 25, "unit_price": 20},
    )
    assert done.json()["units"] == 25
    assert tenant.row("2026-05-10")["price"] == 500
    assert tenant.units("2026-05-09") == 10
    assert get(tenant, "effects")["effects"] == []
    assert get(tenant, "state")["hand_edits"][0]["units"] == 25
    outside = {"contract_service_id": tenant.line, "on": "2030-01-01", "units": 1}
    assert post(tenant, "hand-edits", outside).status_code == 400
    missing = {"contract_service_id": 1, "on": "2026-05-10", "units": 1}
    assert post(tenant, "hand-edits", missing).status_code == 400
    assert post(tenant, "hand-edits", {"units": 1}).status_code == 400


def test_contracts_are_edited_without_the_api(tenant: Tenant) -> None:
    path = f"contracts/{tenant.contract}"
    assert post(tenant, path, {"status": 0}).json()["status"] == 0
    assert post(tenant, path, {"endDate": "2026-08-31"}).json()["endDate"][:10] == "2026-08-31"
    assert len(tenant.rows()) == 8
    assert post(tenant, "contracts/999", {"status": 0}).status_code == 400


def test_approve_and_post_through_the_control_routes(tenant: Tenant) -> None:
    done = post(
        tenant, "approve-and-post", {"contract_id": tenant.contract, "up_to": "2026-01-31"}
    ).json()
    assert len(done["billing_items"]) == 1
    assert post(tenant, "approve-and-post", {"contract_id": 1, "up_to": "2026-01-31"}).is_error


def test_effects_and_rows_through_the_control_routes(tenant: Tenant) -> None:
    tenant.adjust("2026-05-03", 2)
    effect = get(tenant, f"effects?contract_service_id={tenant.line}")["effects"][0]
    assert effect["applied_at"] == "2026-05-01T12:00:00.000Z"
    assert (effect["contract_service_id"], effect["units"]) == (tenant.line, 12)
    assert get(tenant, "effects?contract_service_id=1")["effects"] == []
    rows = get(tenant, f"rows?contract_service_id={tenant.line}")["rows"]
    shown = tenant.http.get(f"Contracts/{tenant.contract}/ServiceUnits").json()["items"]
    assert sorted(rows, key=lambda row: row["id"]) == shown


def test_the_request_log_is_read_in_steps_and_knows_no_secret(tenant: Tenant) -> None:
    tenant.http.get("Companies/0", params={"x": tenant.sim.secret})
    tenant.http.post("Companies/query", json={"secret": tenant.sim.secret})
    httpx.get(f"{tenant.http.base_url}zoneInformation", params={"user": tenant.sim.user})
    text = json.dumps(get(tenant, "requests"))
    assert tenant.sim.secret not in text
    assert tenant.sim.code not in text
    assert tenant.sim.user not in text
    first = get(tenant, "requests?limit=1")["requests"]
    assert len(first) == 1
    later = get(tenant, f"requests?after={first[0]['seq']}")["requests"]
    assert [entry["seq"] for entry in later] == [2, 3]
    assert get(tenant, "requests?after=3")["requests"] == []


def test_the_clock_is_stepped_and_stopped(tenant: Tenant) -> None:
    assert post(tenant, "clock", {"advance_seconds": 3600}).json() == {
        "now": "2026-05-01T13:00:00.000Z"
    }
    assert post(tenant, "clock", {"advance_seconds": -1}).status_code == 400
    stopped = post(tenant, "clock", {"freeze_at": "2027-01-01T00:00:00+00:00"}).json()
    assert stopped == {"now": "2027-01-01T00:00:00.000Z"}
    assert tenant.sim.advance(1) == datetime(2027, 1, 1, 0, 0, 1, tzinfo=UTC)


def test_reset_is_as_at_the_start(tenant: Tenant) -> None:
    tenant.adjust("2026-05-03", 2)
    tenant.sim.set_knobs(same_day="add")
    tenant.sim.add_fault("refuse")
    tenant.sim.advance(100)
    assert post(tenant, "reset").json() == {"reset": True}
    state = get(tenant, "state")
    assert (state["effects"], state["faults"], state["requests"]) == (0, [], 0)
    assert state["knobs"]["same_day"] == "refuse"
    assert state["records"]["Contracts"] == 0
    assert state["now"] == "2026-05-01T12:00:00.000Z"
    assert tenant.http.get("Companies/0").status_code == 200


def test_the_world_can_be_used_directly(tenant: Tenant) -> None:
    with tenant.sim.lock:
        assert tenant.sim.world.units_on(tenant.line, date(2026, 5, 3)) == 10
    assert len(tenant.sim.rows(tenant.line)) == 12
    assert tenant.sim.units_on(tenant.line, "2027-05-03") is None


def test_made_up_customers() -> None:
    with running_tenant(companies=12, frozen_at=NOON) as own:
        contracts = own.items("Contracts", where("contractNumber", "CLOUD", "beginsWith"))
        assert len(contracts) == 12
        lines = own.items("ContractServices", where("contractID", contracts[0]["id"]))
        assert [own.units("2026-05-03", line["id"]) for line in lines] == [5, 10, 15]


def asked(peer: str, method: str = "GET", **headers: str) -> int:
    routes = ControlRoutes(Control(Machine(Options())))
    request = Request(method, "/simulator/state", {"host": "127.0.0.1:1", **headers}, b"", peer)
    return routes(request).status


def test_only_this_machine_may_control() -> None:
    assert asked("127.0.0.1") == asked("::1") == asked("::ffff:127.0.0.1") == 200
    assert asked("192.0.2.7") == asked("") == 403
    routes = ControlRoutes(Control(Machine(Options())), open_to_all=True)
    assert routes(Request("GET", "/simulator/state", {}, b"", "192.0.2.7")).status == 200


def test_pages_of_other_origins_may_not_control(tenant: Tenant) -> None:
    url = tenant.sim.origin + "/simulator/reset"
    refused = httpx.post(url, headers={"Origin": "https://evil.example"})
    assert refused.status_code == 403
    assert httpx.post(url, headers={"Origin": tenant.sim.origin}).status_code == 200


def test_unknown_control_paths(tenant: Tenant) -> None:
    assert httpx.get(tenant.sim.origin + "/simulator/nonsense").status_code == 404
    assert post(tenant, "act/nonsense").status_code == 404
    assert httpx.put(tenant.sim.origin + "/simulator/knobs").status_code == 404
