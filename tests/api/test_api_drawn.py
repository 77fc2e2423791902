"""Requests drawn from the API's description: no fault, and nothing answered that it does not say.

``make fuzz`` for a long look: 20,000 requests and more, counted; a few of each otherwise.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from typing import Any, get_args

import pytest
import schemathesis
from api_calls import api_of
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import BaseModel
from schemathesis.checks import CHECKS, load_all_checks

from factories import tenancy
from tallystick.api.urls import api as ninja_api

EXAMPLES = int(os.environ.get("TALLYSTICK_API_EXAMPLES", "4"))
LONG = 10
# What a description can say of a request is less than what is asked of it: that an offer is there,
# that a day lies in a term. So what fits it may be refused.
MORE_IS_ASKED = {"positive_data_acceptance"}
# Asks Autotask, which is not there.
ELSEWHERE = {"POST /api/v1/connections/{connection_id}/test"}
# What one chooses from: what took effect on the lines of one subscription.
WHOLE = {"/api/v1/subscriptions/{subscription_id}/corrections"}
# Around every answer, and the parts of a request.
OF_NINJA = {"NinjaResponseSchema", "PathParams", "QueryParams", "BodyParams"}
load_all_checks()
LOOKED_AT = [check for check in CHECKS.get_all() if check.__name__ not in MORE_IS_ASKED]
DESCRIPTION = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
OPERATIONS = [found.ok() for found in DESCRIPTION.get_all_operations()]
_tokens: list[str] = []
_answers: Counter[int] = Counter()


@pytest.fixture(scope="module", autouse=True)
def counted() -> Iterator[None]:
    """Of a long look: how many were asked, and what was answered."""
    yield
    if EXAMPLES >= LONG:
        by_status = ", ".join(f"{status}: {_answers[status]}" for status in sorted(_answers))
        print(f"\n{_answers.total():,} requests to {len(OPERATIONS)} operations. {by_status}")


def token() -> str:
    """One tenant for all that is drawn: what one request made, another may find."""
    if not _tokens:
        of = tenancy()
        of.subscription()
        _tokens.append(api_of(of).token)
    return _tokens[0]


def test_every_list_has_a_cursor_and_every_write_takes_a_key() -> None:
    said = DESCRIPTION.raw_schema
    for address, methods in said["paths"].items():
        for method, operation in methods.items():
            named = {one["name"] for one in operation.get("parameters", [])}
            if method != "get":
                assert "Idempotency-Key" in named, (method, address)
                continue
            answer = operation["responses"].get(200) or operation["responses"]["200"]
            shape = answer.get("content", {}).get("application/json", {}).get("schema", {})
            if "$ref" in shape:
                shape = said["components"]["schemas"][shape["$ref"].rpartition("/")[2]]
            assert shape.get("type") != "array" or address in WHOLE, address
            if "items" in shape.get("properties", {}):
                assert {"cursor", "limit"} <= named, address


def test_no_two_shapes_have_one_name() -> None:
    """The description would say the one and mean the other."""
    found: dict[str, set[type]] = {}
    for _, router in ninja_api._routers:
        for view in router.path_operations.values():
            for operation in view.operations:
                for model in (*operation.models, *operation.response_models.values()):
                    collect(model, found)
    twice = {name: kinds for name, kinds in found.items() if len(kinds) > 1}
    assert set(twice) <= OF_NINJA, twice


def collect(kind: Any, found: dict[str, set[type]]) -> None:
    """It and everything it is made of, by name."""
    for part in get_args(kind):
        collect(part, found)
    if not isinstance(kind, type) or kind in found.get(kind.__name__, ()):
        return
    if issubclass(kind, Enum | BaseModel):
        found.setdefault(kind.__name__, set()).add(kind)
    if issubclass(kind, BaseModel):
        for field in kind.model_fields.values():
            collect(field.annotation, found)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.label)
def test_drawn_requests_find_no_fault(db: None, operation: Any) -> None:
    if operation.label in ELSEWHERE:
        return
    headers = {"Authorization": f"Bearer {token()}"}

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES < LONG,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def look(case: Any) -> None:
        answer = case.call_and_validate(headers=headers, checks=LOOKED_AT)
        _answers[answer.status_code] += 1

    look()
