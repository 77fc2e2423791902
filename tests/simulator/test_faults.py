"""Every fault: what the client sees, and what really happened."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from harness import eventually
from tallystick.simulator.faults import KINDS, FaultError, Faults

from .tenants import THREADS, Tenant, running_tenant, where

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "simulator.md"
DAY = "2026-05-03"


def on_write(tenant: Tenant, kind: str, **settings: Any) -> int:
    return tenant.sim.add_fault(kind, method="POST", path="ServiceAdjustments", **settings)


def effects(tenant: Tenant) -> int:
    return len(tenant.sim.effects(tenant.line))


def raw(tenant: Tenant, body: bytes) -> tuple[bytes, bool]:
    """Send an adjustment by hand; answers the bytes received and whether a reset came."""
    address = urlsplit(tenant.sim.origin)
    with socket.create_connection((address.hostname, address.port or 0), timeout=5) as sock:
        head = (
            f"POST /ATServicesRest/V1.0/Contracts/{tenant.contract}/ServiceAdjustments HTTP/1.1\r\n"
            f"Host: x\r\nUserName: {tenant.sim.user}\r\nSecret: {tenant.sim.secret}\r\n"
            f"ApiIntegrationCode: {tenant.sim.code}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        sock.sendall(head.encode() + body)
        received = b""
        try:
            while chunk := sock.recv(4096):
                received += chunk
        except ConnectionResetError:
            return received, True
        return received, False


def adjustment(tenant: Tenant) -> bytes:
    return json.dumps(
        {"contractServiceID": tenant.line, "effectiveDate": DAY, "unitChange": 2}
    ).encode()


@pytest.mark.parametrize(("kind", "applied"), [("lose_answer", 1), ("lose_before", 0)])
def test_a_reset_instead_of_an_answer(tenant: Tenant, kind: str, applied: int) -> None:
    on_write(tenant, kind)
    received, was_reset = raw(tenant, adjustment(tenant))
    assert (received, was_reset) == (b"", True)
    assert effects(tenant) == applied
    entry = tenant.sim.requests()[-1]
    assert (entry["status"], entry["ending"], entry["fault"]) == (None, "reset", kind)


def test_cut_request_needs_the_head_only(tenant: Tenant) -> None:
    tenant.sim.add_fault("cut_request", path="Companies")
    with pytest.raises(httpx.TransportError):
        tenant.http.get("Companies/0")
    assert tenant.http.get("Companies/0").status_code == 200
    assert tenant.sim.requests()[-2]["fault"] == "cut_request"


def test_apply_late_on_release(tenant: Tenant) -> None:
    on_write(tenant, "apply_late")
    with pytest.raises(httpx.RemoteProtocolError):
        tenant.adjust(DAY, 2)
    assert (effects(tenant), tenant.units(DAY)) == (0, 10)
    released = httpx.post(tenant.sim.origin + "/simulator/release").json()
    assert released == {"released": 1}
    assert (effects(tenant), tenant.units(DAY)) == (1, 12)
    late = next(entry for entry in tenant.sim.requests() if entry["fault"] == "apply_late")
    assert (late["applied_late"], late["status"]) == (True, None)
    assert late["answer"] == '{"itemId":null}'


def test_apply_late_after_seconds_of_the_simulators_clock(tenant: Tenant) -> None:
    on_write(tenant, "apply_late", seconds=60)
    with pytest.raises(httpx.RemoteProtocolError):
        tenant.adjust(DAY, 2)
    tenant.sim.advance(59)
    assert effects(tenant) == 0
    tenant.sim.advance(2)
    assert effects(tenant) == 1


def test_apply_late_happens_by_itself_when_the_clock_runs() -> None:
    with running_tenant(frozen_at=None) as own:
        on_write(own, "apply_late", seconds=0.2)
        with pytest.raises(httpx.RemoteProtocolError):
            own.adjust(DAY, 2)
        assert effects(own) == 0
        eventually(lambda: effects(own) == 1)


def test_refuse(tenant: Tenant) -> None:
    on_write(tenant, "refuse", message="The period is closed.")
    assert tenant.errors(tenant.adjust(DAY, 2)) == ["The period is closed."]
    assert effects(tenant) == 0
    assert tenant.adjust(DAY, 2).status_code == 200


@pytest.mark.parametrize("applied", [True, False, None])
@pytest.mark.parametrize("kind", ["html_502", "html_200", "error_500_no_errors", "empty_200"])
def test_answers_that_say_nothing(tenant: Tenant, kind: str, applied: bool | None) -> None:
    on_write(tenant, kind, applied=applied)
    answer = tenant.adjust(DAY, 2)
    expected = {"html_502": 502, "error_500_no_errors": 500}.get(kind, 200)
    assert answer.status_code == expected
    assert "errors" not in answer.text
    if kind.startswith("html"):
        assert answer.headers["content-type"].startswith("text/html")
    assert effects(tenant) == int(KINDS[kind][1] if applied is None else applied)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_gateways_have_several_numbers(tenant: Tenant, status: int) -> None:
    on_write(tenant, "html_502", status=status)
    assert tenant.adjust(DAY, 2).status_code == status


def test_not_json(tenant: Tenant) -> None:
    on_write(tenant, "not_json")
    answer = tenant.adjust(DAY, 2)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()
    assert effects(tenant) == 1


def test_truncate_sends_half_and_closes(tenant: Tenant) -> None:
    on_write(tenant, "truncate")
    received, was_reset = raw(tenant, adjustment(tenant))
    assert was_reset is False
    assert received.endswith(b'\r\n\r\n{"itemI')
    assert b"content-length: 15" in received.lower()
    assert effects(tenant) == 1


@pytest.mark.parametrize("status", [429, 500])
def test_throttle(tenant: Tenant, status: int) -> None:
    on_write(tenant, "throttle", status=status, seconds=9)
    answer = tenant.adjust(DAY, 2)
    assert tenant.errors(answer, status) == [THREADS]
    assert answer.headers["retry-after"] == "9"
    assert effects(tenant) == 0


def test_forbidden(tenant: Tenant) -> None:
    tenant.sim.add_fault("forbidden", path="ContractServiceUnits")
    answer = tenant.query("ContractServiceUnits", where("id", 1))
    assert "adequate permissions" in tenant.errors(answer, 403)[0]


@pytest.mark.parametrize("applied", [True, False])
def test_hang_holds_and_then_carries_out_or_not(tenant: Tenant, applied: bool) -> None:
    on_write(tenant, "hang", seconds=0.3, applied=applied)
    started = time.monotonic()
    if applied:
        assert tenant.adjust(DAY, 2).status_code == 200
    else:
        with pytest.raises(httpx.RemoteProtocolError):
            tenant.adjust(DAY, 2)
    assert time.monotonic() - started >= 0.3
    assert effects(tenant) == int(applied)


def test_a_client_that_gives_up_leaves_a_write_that_still_lands(tenant: Tenant) -> None:
    on_write(tenant, "hang", seconds=3, applied=True)
    with pytest.raises(httpx.ReadTimeout):
        tenant.http.post(
            f"Contracts/{tenant.contract}/ServiceAdjustments",
            content=adjustment(tenant),
            timeout=0.1,
        )
    assert effects(tenant) == 0
    eventually(lambda: effects(tenant) == 1)
    assert tenant.http.get("Companies/0").status_code == 200


def test_a_hanging_request_holds_its_thread(tenant: Tenant) -> None:
    tenant.sim.set_knobs(thread_limit=1)
    on_write(tenant, "hang", seconds=5, applied=True)
    thread = threading.Thread(target=tenant.adjust, args=(DAY, 2))
    thread.start()
    eventually(lambda: tenant.sim.state()["most_concurrent"].get("ContractServiceAdjustments") == 1)
    other = httpx.post(
        f"{tenant.http.base_url}ContractServiceAdjustments",
        content=adjustment(tenant),
        headers=tenant.http.headers,
    )
    thread.join()
    assert other.status_code == 429
    assert effects(tenant) == 1


def test_slow(tenant: Tenant) -> None:
    on_write(tenant, "slow", seconds=0.3)
    started = time.monotonic()
    assert tenant.adjust(DAY, 2).status_code == 200
    assert time.monotonic() - started >= 0.3


def test_huge_body_is_streamed(tenant: Tenant) -> None:
    tenant.sim.add_fault("huge_body", path="Units", megabytes=20)
    answer = tenant.query("ContractServiceUnits", where("id", 1))
    assert len(answer.content) > 20 * 1024 * 1024 - 100
    assert json.loads(answer.content) == {"items": []}
    assert tenant.http.get("Companies/0").status_code == 200


def test_gzip_bomb(tenant: Tenant) -> None:
    tenant.sim.add_fault("gzip_bomb", path="Units", megabytes=20)
    with tenant.http.stream(
        "POST", "ContractServiceUnits/query", json={"filter": [where("id", 1)]}
    ) as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert len(packed) < 100_000
    assert len(gzip.decompress(packed)) > 20 * 1024 * 1024 - 100


def test_zone_move_lasts_until_the_zone_is_read_again(tenant: Tenant) -> None:
    on_write(tenant, "zone_move")
    assert tenant.adjust(DAY, 2).status_code == 401
    assert tenant.adjust(DAY, 2).status_code == 401
    told = httpx.get(f"{tenant.http.base_url}zoneInformation", params={"user": tenant.sim.user})
    assert told.json()["url"] == f"{tenant.sim.origin}/zone2/ATServicesRest/"
    tenant.http.base_url = httpx.URL(told.json()["url"] + "V1.0/")
    assert tenant.adjust(DAY, 2).status_code == 200
    assert effects(tenant) == 1


def test_redirect(tenant: Tenant) -> None:
    on_write(tenant, "redirect", location="https://elsewhere.invalid/x")
    answer = tenant.adjust(DAY, 2)
    assert (answer.status_code, answer.headers["location"]) == (302, "https://elsewhere.invalid/x")
    assert effects(tenant) == 0


def page(tenant: Tenant) -> Any:
    body = {"filter": [where("contractServiceID", tenant.line)], "MaxRecords": 5}
    return tenant.http.post("ContractServiceUnits/query", json=body).json()


def test_page_loop(tenant: Tenant) -> None:
    tenant.sim.add_fault("page_loop", path="Units/query", times=None)
    url = f"{tenant.http.base_url}ContractServiceUnits/query"
    assert page(tenant)["pageDetails"]["nextPageUrl"] == url


def test_foreign_next_page(tenant: Tenant) -> None:
    tenant.sim.add_fault("foreign_next_page", path="Units/query")
    url = page(tenant)["pageDetails"]["nextPageUrl"]
    assert url.startswith("https://another-origin.invalid/ATServicesRest/")


@pytest.mark.parametrize(("silent", "count"), [(False, 5), (True, 4)])
def test_drop_row(tenant: Tenant, silent: bool, count: int) -> None:
    whole = page(tenant)
    tenant.sim.add_fault("drop_row", path="Units/query", silent=silent)
    spoiled = page(tenant)
    assert spoiled["items"] == whole["items"][:-1]
    assert spoiled["pageDetails"]["count"] == count
    assert spoiled["pageDetails"]["nextPageUrl"] == whole["pageDetails"]["nextPageUrl"]


def test_money_keeps_its_decimals_in_a_spoiled_page(tenant: Tenant) -> None:
    tenant.sim.add_fault("drop_row", path="Units/query")
    answer = tenant.query("ContractServiceUnits", where("contractServiceID", tenant.line))
    assert '"price":220.0000' in answer.text


def test_empty_items(tenant: Tenant) -> None:
    tenant.sim.add_fault("empty_items", path="Units/query")
    spoiled = page(tenant)
    assert (spoiled["items"], spoiled["pageDetails"]["count"]) == ([], 0)
    assert spoiled["pageDetails"]["nextPageUrl"] is None


def test_a_fault_strikes_as_often_as_asked_after_skipping(tenant: Tenant) -> None:
    tenant.sim.add_fault("refuse", path="Companies", times=2, skip=1)
    statuses = [tenant.http.get("Companies/0").status_code for _ in range(5)]
    assert statuses == [200, 500, 500, 200, 200]


def test_a_fault_without_a_number_strikes_until_removed(tenant: Tenant) -> None:
    fault = tenant.sim.add_fault("refuse", path="Companies", times=None)
    assert {tenant.http.get("Companies/0").status_code for _ in range(5)} == {500}
    assert tenant.sim.faults()[0]["hits"] == 5
    assert tenant.sim.remove_fault(fault) is True
    assert tenant.sim.remove_fault(fault) is False
    assert tenant.http.get("Companies/0").status_code == 200


def test_a_fault_may_be_meant_for_one_line_or_contract(tenant: Tenant) -> None:
    other = tenant.sim.load(lines=[{"contract": tenant.contract, "service": tenant.service}])
    other_line = other["lines"][0]
    fault = on_write(tenant, "refuse", contract_service_id=other_line, times=None)
    assert tenant.adjust(DAY, 1).status_code == 200
    assert tenant.adjust(DAY, 1, contractServiceID=other_line).status_code == 500
    assert tenant.sim.requests()[-1]["contract_service_id"] == other_line
    tenant.sim.remove_fault(fault)
    reads = tenant.sim.add_fault("refuse", contract_service_id=other_line, path="query", times=None)
    assert tenant.query("ContractServiceUnits", where("contractServiceID", tenant.line)).is_success
    both = where("contractServiceID", [tenant.line, other_line], "in")
    assert tenant.query("ContractServiceUnits", both).status_code == 500
    tenant.sim.remove_fault(reads)
    on_write(tenant, "refuse", contract_id=tenant.contract)
    by_pair = {"serviceID": tenant.service, "effectiveDate": "2026-05-09", "unitChange": 1}
    path = f"Contracts/{tenant.contract}/ServiceAdjustments"
    assert tenant.http.post(path, json=by_pair).status_code == 500
    assert tenant.http.post(path, json=by_pair).status_code == 200


def test_faults_are_managed_through_the_control_routes(tenant: Tenant) -> None:
    base = tenant.sim.origin + "/simulator/faults"
    made = httpx.post(base, json={"kind": "refuse", "path": "Companies", "times": None}).json()
    assert [fault["id"] for fault in httpx.get(base).json()] == [made["id"]]
    assert tenant.http.get("Companies/0").status_code == 500
    assert httpx.delete(f"{base}/{made['id']}").json() == {"removed": True}
    assert httpx.delete(f"{base}/{made['id']}").status_code == 404
    httpx.post(base, json={"kind": "refuse"})
    assert httpx.delete(base).status_code == 200
    assert httpx.get(base).json() == []
    assert httpx.post(base, json={"kind": "nonsense"}).status_code == 400


@pytest.mark.parametrize(
    "settings", [{"times": -1}, {"seconds": "soon"}, {"seconds": "inf"}, {"colour": "red"}]
)
def test_faults_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(FaultError):
        Faults().add("slow", **settings)


def test_a_path_that_is_no_expression_is_taken_as_written() -> None:
    faults = Faults()
    faults.add("refuse", path="a(b")
    assert faults.strike("GET", "/x/A(B/y") is not None


@pytest.mark.parametrize("kind", KINDS)
def test_the_manual_lists_every_fault(kind: str) -> None:
    assert f"| `{kind}` |" in MANUAL.read_text("utf-8")
