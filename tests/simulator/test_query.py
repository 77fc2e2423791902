"""The query language."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .tenants import Tenant, where

ALL = {"op": "gte", "field": "id", "value": 0}


def names(tenant: Tenant, *conditions: dict[str, Any]) -> set[str]:
    return {item["companyName"] for item in tenant.items("Companies", *conditions)}


@pytest.fixture
def companies(tenant: Tenant) -> Tenant:
    tenant.sim.load(
        companies=[
            {"name": "Alpha", "number": "A-1"},
            {"name": "Beta", "number": "B-2", "is_active": False},
            {"name": "Alphabet", "number": None},
        ]
    )
    return tenant


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (where("companyName", "alpha"), {"Alpha"}),
        (where("companyNumber", "A-1", "noteq"), {"Beta"}),
        (where("companyName", "Alph", "beginsWith"), {"Alpha", "Alphabet"}),
        (where("companyName", "bet", "endsWith"), {"Alphabet"}),
        (where("companyName", "phab", "contains"), {"Alphabet"}),
        ({"op": "exist", "field": "companyNumber"}, {"Alpha", "Beta"}),
        (where("companyName", ["Alpha", "Beta"], "in"), {"Alpha", "Beta"}),
        (where("companyNumber", ["A-1"], "notIn"), {"Beta"}),
        (where("isActive", False), {"Beta"}),
        (where("companyName", "b", "gt"), {"Beta", "Contoso", "The Managed Service Provider"}),
        (where("companyName", "beta", "gte"), {"Beta", "Contoso", "The Managed Service Provider"}),
        (where("companyName", "alphabet", "lt"), {"Alpha"}),
        (where("companyName", "alphabet", "lte"), {"Alpha", "Alphabet"}),
        (
            {"op": "notExist", "field": "companyNumber"},
            {"Alphabet", "Contoso", "The Managed Service Provider"},
        ),
    ],
)
def test_every_operator(companies: Tenant, condition: dict[str, Any], found: set[str]) -> None:
    assert names(companies, condition) == found


def test_groups_nest_and_the_top_level_means_and(companies: Tenant) -> None:
    either = {
        "op": "or",
        "items": [
            where("companyName", "Beta"),
            {
                "op": "and",
                "items": [
                    where("companyName", "Alph", "beginsWith"),
                    {"op": "exist", "field": "companyNumber"},
                ],
            },
        ],
    }
    assert names(companies, either) == {"Alpha", "Beta"}
    assert names(companies, either, where("isActive", True)) == {"Alpha"}


def test_days_are_compared_as_days(tenant: Tenant) -> None:
    line = where("contractServiceID", tenant.line)
    for value in ("2026-05-01", "2026-05-01T00:00:00", "2026-05-01T00:00:00Z"):
        on = tenant.items("ContractServiceUnits", line, where("startDate", value))
        assert [row["startDate"] for row in on] == ["2026-05-01T00:00:00Z"]
    covering = tenant.items(
        "ContractServiceUnits",
        line,
        where("startDate", "2026-05-20", "lte"),
        where("endDate", "2026-05-20", "gte"),
    )
    assert [row["startDate"][:10] for row in covering] == ["2026-05-01"]


def test_numbers_are_compared_as_numbers(tenant: Tenant) -> None:
    rows = tenant.items("ContractServiceUnits", where("price", 220, "eq"), where("units", "10"))
    assert len(rows) == 12


def test_key_and_field_names_are_tolerated_in_any_letter_case(tenant: Tenant) -> None:
    body = {"Filter": [{"Op": "EQ", "Field": "COMPANYNAME", "Value": "Contoso"}], "maxrecords": 5}
    answer = tenant.http.post("companies/QUERY", json=body)
    assert answer.json()["pageDetails"]["count"] == 1


def test_a_get_query_carries_the_same_search(tenant: Tenant) -> None:
    search = json.dumps({"filter": [where("companyName", "Contoso")]})
    answer = tenant.http.get("Companies/query", params={"search": search})
    assert answer.json()["items"][0]["id"] == tenant.company
    count = tenant.http.get("Companies/query/count", params={"search": search})
    assert count.json() == {"queryCount": 1}
    assert tenant.http.post("Companies/query/count", json={"filter": [ALL]}).json() == {
        "queryCount": 2
    }


def test_included_fields_only(tenant: Tenant) -> None:
    items = tenant.items("Companies", ALL, IncludeFields=["id", "companyName"])
    assert items[0] == {"id": 0, "companyName": "The Managed Service Provider"}


@pytest.mark.parametrize("most", [0, 501, -1, "x", True])
def test_the_number_of_records_has_limits(tenant: Tenant, most: Any) -> None:
    answer = tenant.query("Companies", ALL, MaxRecords=most)
    assert tenant.errors(answer) == ["maxCountOfRecordsToReturn must be between 1 and 500"]


@pytest.mark.parametrize(
    "conditions",
    [
        [where("id", list(range(501)), "in")],
        [{"op": "or", "items": [where("id", n) for n in range(501)]}],
        [where("id", list(range(300)), "in"), where("companyType", list(range(201)), "in")],
    ],
)
def test_more_than_500_alternatives_are_refused(tenant: Tenant, conditions: list[Any]) -> None:
    answer = tenant.query("Companies", *conditions)
    assert tenant.errors(answer) == [
        "Invalid query syntax. Queries are limited to 500 or fewer 'OR' conditions."
    ]
    assert tenant.query("Companies", where("id", list(range(500)), "in")).status_code == 200


@pytest.mark.parametrize("value", ["true", 1, 0, None, "x"])
def test_booleans_are_true_or_false_and_nothing_else(tenant: Tenant, value: Any) -> None:
    assert tenant.query("Companies", where("isActive", value)).status_code == 500


@pytest.mark.parametrize(
    "condition",
    [
        where("noSuchField", 1),
        where("assetValue", 1),  # not queryable
        where("companyName", "x", "like"),
        where("id", 5, "in"),
        where("id", "five"),
        where("id", True),
        where("companyName", None),
        where("createDate", "yesterday"),
        where("ownerResourceID", "1", "contains"),
        {"op": "or", "items": []},
        "not a condition",
    ],
)
def test_conditions_that_make_no_sense_are_refused(tenant: Tenant, condition: Any) -> None:
    answer = tenant.http.post("Companies/query", json={"filter": [condition]})
    assert len(tenant.errors(answer)) == 1


@pytest.mark.parametrize("body", [b"{}", b'{"filter":[]}', b"[]", b"{", b"", b"[" * 100_000])
def test_a_query_needs_a_filter(tenant: Tenant, body: bytes) -> None:
    answer = tenant.http.post(
        "Companies/query", content=body, headers={"Content-Type": "application/json"}
    )
    assert len(tenant.errors(answer)) == 1


def test_one_user_defined_field_per_query(tenant: Tenant) -> None:
    value = [{"name": "Tenant ID", "value": "abc-1"}]
    changed = tenant.http.patch(
        "Companies", json={"id": tenant.company, "userDefinedFields": value}
    )
    assert changed.status_code == 200
    udf = {"op": "eq", "field": "Tenant ID", "value": "ABC-1", "udf": True}
    assert names(tenant, udf) == {"Contoso"}
    assert tenant.items("Companies", udf)[0]["userDefinedFields"] == value
    assert tenant.query("Companies", udf, udf).status_code == 500


def test_children_are_listed_below_their_parent(tenant: Tenant) -> None:
    listed = tenant.http.get(f"Contracts/{tenant.contract}/Services").json()
    assert [item["id"] for item in listed["items"]] == [tenant.line]
    one = tenant.http.get(f"Contracts/{tenant.contract}/Services/{tenant.line}").json()
    assert one["item"]["serviceID"] == tenant.service
    units = tenant.http.get(f"Contracts/{tenant.contract}/ServiceUnits").json()
    assert len(units["items"]) == 12
    assert tenant.http.get(f"Contracts/999/Services/{tenant.line}").json() == {"item": None}


def test_a_missing_id_answers_null_and_not_404(tenant: Tenant) -> None:
    answer = tenant.http.get("Contracts/987654")
    assert (answer.status_code, answer.json()) == (200, {"item": None})


def test_company_zero_exists(tenant: Tenant) -> None:
    assert tenant.http.get("Companies/0").json()["item"]["id"] == 0
    assert len(tenant.items("Companies", where("id", 0))) == 1


def test_adjustments_cannot_be_read(tenant: Tenant) -> None:
    tenant.adjust("2026-05-03", 1)
    for entity in ("ContractServiceAdjustments", "ContractServiceBundleAdjustments"):
        assert tenant.query(entity, ALL).status_code == 404
        assert tenant.http.get(f"{entity}/1").status_code == 404
    listed = tenant.http.get(f"Contracts/{tenant.contract}/ServiceAdjustments")
    assert listed.status_code == 405
