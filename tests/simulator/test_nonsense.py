"""Whatever is sent, the stand-in refuses it in Autotask's words and goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .tenants import Tenant, running_tenant

KEYS = st.sampled_from(
    [
        "filter",
        "op",
        "field",
        "value",
        "items",
        "udf",
        "MaxRecords",
        "IncludeFields",
        "id",
        "unitChange",
        "effectiveDate",
        "contractServiceID",
        "contractID",
        "serviceID",
        "adjustedUnitPrice",
        "userDefinedFields",
        "endDate",
        "name",
        "isActive",
    ]
)
WORDS = st.sampled_from(
    ["eq", "in", "and", "or", "id", "companyName", "2026-05-03", "NaN", "1e999", "", "\x00", "٣"]
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**20), 10**20),
        st.floats(allow_nan=False, allow_infinity=False),
        WORDS,
        st.text(max_size=5),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(KEYS | WORDS, inner, max_size=4)
    ),
    max_leaves=12,
)
CALLS = st.sampled_from(
    [
        ("POST", "Companies/query"),
        ("POST", "ContractServiceUnits/query"),
        ("POST", "ContractServices/query/count"),
        ("POST", "ContractServiceAdjustments"),
        ("POST", "Contracts"),
        ("PATCH", "Contracts"),
        ("PUT", "Contracts"),
        ("POST", "Services"),
        ("PATCH", "Companies"),
        ("POST", "Contracts/1001/Services"),
        ("PATCH", "Contracts/1001/Services"),
        ("POST", "Contracts/1001/ServiceAdjustments"),
        ("POST", "Contracts/1001/Charges"),
    ]
)


@pytest.fixture(scope="module")
def shared() -> Iterator[Tenant]:
    knobs = {"latency_tiers": "off", "hourly_threshold": 10**9}
    with running_tenant(knobs=knobs) as made:
        yield made


@settings(max_examples=600, deadline=None)
@given(call=CALLS, body=st.dictionaries(KEYS, VALUES, max_size=6))
def test_every_body_has_an_answer(shared: Tenant, call: tuple[str, str], body: Any) -> None:
    answer = shared.http.request(call[0], call[1], json=body)
    assert answer.status_code in (200, 500)
    assert "An error has occurred" not in answer.text
    assert answer.status_code == 200 or answer.json()["errors"]


@settings(max_examples=200, deadline=None)
@given(body=st.dictionaries(KEYS, VALUES, max_size=3) | VALUES)
def test_the_control_routes_answer_too(shared: Tenant, body: Any) -> None:
    for path in ("knobs", "faults", "hand-edits", "load", "approve-and-post", "contracts/1001"):
        url = f"{shared.sim.origin}/simulator/{path}"
        answer = shared.http.post(url, json=body)
        shared.sim.clear_faults()
        assert answer.status_code in (200, 400), (path, answer.text)
