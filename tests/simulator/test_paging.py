"""Pages: ordered by id; GET goes on with GET, POST with POST and the same body."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .tenants import Tenant

BODY: dict[str, Any] = {"filter": [{"op": "gte", "field": "id", "value": 0}]}


@pytest.fixture
def many(tenant: Tenant) -> Tenant:
    tenant.sim.load(companies=[{"name": f"Customer {number}"} for number in range(1100)])
    return tenant


def test_post_pages_are_posted_with_the_same_body(many: Tenant) -> None:
    page = many.http.post("Companies/query", json=BODY).json()
    seen, urls = [], []
    while True:
        seen += [item["id"] for item in page["items"]]
        details = page["pageDetails"]
        assert details["requestCount"] == 500
        assert details["count"] == len(page["items"])
        if details["nextPageUrl"] is None:
            break
        urls.append(details["nextPageUrl"])
        refused = many.http.get(details["nextPageUrl"])
        assert refused.status_code == 405
        assert "does not support http method 'GET'" in refused.text
        page = many.http.post(details["nextPageUrl"], json=BODY).json()
    assert len(seen) == len(set(seen)) == 1102
    assert seen == sorted(seen)
    assert all(url.startswith(many.sim.origin) for url in urls)
    assert len(urls) == 2


def test_get_pages_are_followed_with_get(many: Tenant) -> None:
    page = many.http.get("Companies/query", params={"search": json.dumps(BODY)}).json()
    assert "search=" in page["pageDetails"]["nextPageUrl"]
    assert page["pageDetails"]["prevPageUrl"] is None
    second = many.http.get(page["pageDetails"]["nextPageUrl"]).json()
    third = many.http.get(second["pageDetails"]["nextPageUrl"]).json()
    assert [len(p["items"]) for p in (page, second, third)] == [500, 500, 102]
    back = many.http.get(third["pageDetails"]["prevPageUrl"]).json()
    assert back["items"] == second["items"]


def test_the_page_size_is_the_asked_number(many: Tenant) -> None:
    page = many.http.post("Companies/query", json={**BODY, "MaxRecords": 3}).json()
    assert (len(page["items"]), page["pageDetails"]["requestCount"]) == (3, 3)
    token = {**BODY, "MaxRecords": 3}
    following = many.http.post(page["pageDetails"]["nextPageUrl"], json=token).json()
    assert len(following["items"]) == 3
    assert following["items"][0]["id"] > page["items"][-1]["id"]


def test_included_fields_without_id_cannot_be_paged(many: Tenant) -> None:
    answer = many.http.post("Companies/query", json={**BODY, "IncludeFields": ["companyName"]})
    assert answer.status_code == 500


def test_a_long_list_of_children_goes_on_as_a_query(tenant: Tenant) -> None:
    tenant.sim.load(lines=[{"contract": tenant.contract, "service": tenant.service}] * 60)
    first = tenant.http.get(f"Contracts/{tenant.contract}/ServiceUnits").json()
    assert len(first["items"]) == 500
    second = tenant.http.get(first["pageDetails"]["nextPageUrl"]).json()
    assert len(first["items"]) + len(second["items"]) == 61 * 12


def test_a_broken_paging_token_is_refused(tenant: Tenant) -> None:
    answer = tenant.http.post("Companies/query/next?paging=nonsense", json=BODY)
    assert answer.status_code == 500
