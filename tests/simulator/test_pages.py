"""The pages: plain forms that work, and nothing unescaped."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from .tenants import Tenant


@pytest.fixture
def browser(tenant: Tenant) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=tenant.sim.origin, follow_redirects=True) as client:
        yield client


def test_the_front_page_lists_contracts_by_company(tenant: Tenant, browser: httpx.Client) -> None:
    page = browser.get("/")
    assert page.status_code == 200
    assert "<title>Contracts · Autotask simulator</title>" in page.text
    assert "Contoso" in page.text
    assert "M365: 10" in page.text
    assert "tallystick" not in page.text.lower()
    assert "Contoso" not in browser.get("/simulator/", params={"q": "nobody"}).text


def test_the_page_of_a_contract(tenant: Tenant, browser: httpx.Client) -> None:
    tenant.adjust("2026-05-03", 2)
    tenant.sim.approve_and_post(tenant.contract, "2026-02-28")
    text = browser.get(f"/simulator/contracts/{tenant.contract}").text
    assert "2026-05-03" in text
    assert "264.0000" in text
    assert "Service adjusted: M365" in text
    assert "Recurring Services" in text
    assert browser.get("/simulator/contracts/999").status_code == 404


def test_every_button_of_a_contract_works(tenant: Tenant, browser: httpx.Client) -> None:
    path = f"/simulator/contracts/{tenant.contract}"
    forms = re.findall(
        r'<form class="inline" method="post" action="([^"]+)">(.*?)</form>', browser.get(path).text
    )
    assert len(forms) >= 9
    for action, inside in forms:
        fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', inside))
        page = browser.post(action, data=fields)
        assert page.status_code == 200
        assert "Not done" not in page.text
        assert page.url.path == path
    kinds = {fault["kind"] for fault in tenant.sim.faults()}
    assert kinds == set() or "refuse" in kinds


def test_breaking_and_mending(tenant: Tenant, browser: httpx.Client) -> None:
    back = f"/simulator/contracts/{tenant.contract}"
    own = {"contract_id": str(tenant.contract), "back": back}
    browser.post("/simulator/act/status", data={**own, "status": "0"})
    assert tenant.adjust("2026-05-03", 1).status_code == 500
    browser.post("/simulator/act/status", data={**own, "status": "1"})
    edit = {**own, "contract_service_id": str(tenant.line), "on": "2026-05-10", "units": "4"}
    page = browser.post("/simulator/act/hand-edit", data={**edit, "unit_price": ""})
    assert "Edited by hand: 4 units" in page.text
    fault = {**own, "kind": "refuse", "times": "", "path": "ServiceAdjustments", "method": "POST"}
    browser.post("/simulator/act/fault", data=fault)
    assert tenant.adjust("2026-05-20", 1).status_code == 500
    number = tenant.sim.faults()[0]["id"]
    browser.post("/simulator/act/remove-fault", data={"id": str(number), "back": back})
    assert tenant.adjust("2026-05-20", 1).status_code == 200
    done = browser.post("/simulator/act/approve", data={**own, "up_to": "2026-01-31"})
    assert "1 billing items" in done.text
    browser.post("/simulator/act/end-date", data={**own, "end_date": "2026-08-31"})
    assert tenant.rows()[-1]["endDate"][:10] == "2026-08-31"
    browser.post("/simulator/act/advance", data={"seconds": "60"})
    browser.post("/simulator/act/clear-faults", data={})
    browser.post("/simulator/act/release", data={})
    assert tenant.sim.faults() == []
    browser.post("/simulator/act/reset", data={})
    assert tenant.sim.state()["records"]["Contracts"] == 0


@pytest.mark.parametrize(
    ("verb", "fields"),
    [
        ("hand-edit", {"contract_service_id": "1", "on": "2026-05-10", "units": "4"}),
        ("hand-edit", {"contract_service_id": "LINE", "on": "soon", "units": "4"}),
        ("hand-edit", {"contract_service_id": "LINE", "on": "2026-05-10", "unit_price": "x"}),
        ("fault", {"kind": "nonsense"}),
        ("fault", {"kind": "refuse", "times": "often"}),
        ("knobs", {"same_day": "sometimes"}),
        ("status", {}),
    ],
)
def test_wrong_forms_say_so(
    tenant: Tenant, browser: httpx.Client, verb: str, fields: dict[str, str]
) -> None:
    fields = {k: v.replace("LINE", str(tenant.line)) for k, v in fields.items()}
    page = browser.post(f"/simulator/act/{verb}", data=fields)
    assert page.status_code == 200
    assert "Not done" in page.text


def test_the_knobs_form_saves_every_knob(tenant: Tenant, browser: httpx.Client) -> None:
    text = browser.get("/simulator/settings").text
    values = {name: str(value) for name, value in tenant.sim.knobs().items()}
    assert all(f'name="{name}"' in text for name in values)
    page = browser.post("/simulator/act/knobs", data={**values, "same_day": "add"})
    assert "Knobs saved." in page.text
    assert tenant.sim.knobs()["same_day"] == "add"


def test_the_request_log_can_be_narrowed_and_refreshes(
    tenant: Tenant, browser: httpx.Client
) -> None:
    tenant.http.get("Companies/0")
    tenant.adjust("2026-05-03", 1)
    tenant.sim.add_fault("refuse")
    tenant.http.get("Services/1")
    everything = browser.get("/simulator/log").text
    assert "Companies/0" in everything
    assert "http-equiv" not in everything
    writes = browser.get("/simulator/log", params={"writes": "1", "refresh": "3"}).text
    assert "Companies/0" not in writes
    assert '<meta http-equiv="refresh" content="3">' in writes
    assert "ServiceAdjustments" in writes
    struck = browser.get("/simulator/log", params={"faults": "1"}).text
    assert "Services/1" in struck
    assert "Companies/0" not in struck
    assert "Companies/0" in browser.get("/simulator/log", params={"q": "companies/0"}).text


EVIL = '"><script>alert(1)</script>$x'


def test_everything_is_escaped(tenant: Tenant, browser: httpx.Client) -> None:
    ids = tenant.sim.load(
        companies=[{"ref": "c", "name": EVIL}],
        services=[{"ref": "s", "name": EVIL + "2"}],
        contracts=[{"ref": "k", "company": "c", "name": EVIL, "number": EVIL}],
        lines=[{"contract": "k", "service": "s", "units": 1, "internal_description": EVIL}],
    )
    tenant.sim.add_fault("refuse", path=re.escape(EVIL), message=EVIL)
    note = {"title": EVIL, "description": EVIL}
    tenant.http.post(f"Contracts/{ids['contracts'][0]}/Notes", json=note)
    tenant.http.post("Companies/query", json={"filter": [{"field": EVIL, "op": EVIL}]})
    for path in (
        "/simulator/",
        f"/simulator/contracts/{ids['contracts'][0]}",
        "/simulator/settings",
        "/simulator/log",
        f"/simulator/?q={EVIL}&said={EVIL}",
    ):
        page = browser.get(path)
        assert page.status_code == 200
        assert "<script" not in page.text, path
        assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "/elsewhere"])
def test_forms_return_to_the_simulators_own_pages(tenant: Tenant, back: str) -> None:
    answer = httpx.post(tenant.sim.origin + "/simulator/act/clear-faults", data={"back": back})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/simulator/?said=")


def test_the_style_is_served_and_nothing_comes_from_elsewhere(
    tenant: Tenant, browser: httpx.Client
) -> None:
    style = browser.get("/simulator/simulator.css")
    assert style.headers["content-type"].startswith("text/css")
    for path in ("/simulator/", "/simulator/settings", "/simulator/log"):
        page = browser.get(path).text
        assert not re.findall(r'(?:src|href)="(?!/simulator/)', page)
        assert " style=" not in page
