"""Recording a tenant's metadata against a server that answers as Autotask might."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from typing import Any

import pytest
from tests.connector.bench import CODE, SECRET, USER, client_of
from tests.connector.raw_server import Call, RawServer

from tallystick.connections.trouble import Misconfigured, Throttled, Unavailable
from tallystick.connectors.autotask import metadata
from tallystick.connectors.autotask.limits import LocalGate

NAMES = (*metadata.USED, *metadata.ASKED_ABOUT)
SECRETS_OF_A_TENANT = ("Fabrikam", "29682834", "webservices", "127.0.0.1", USER, SECRET, CODE)


def entity_of(call: Call) -> str:
    return call.path.split("/V1.0/")[-1].split("/")[0]


def healthy(call: Call) -> None:
    """A tenant with names of its own in every place there is for one."""
    if call.path.endswith("VersionInformation"):
        call.answer(200, {"apiVersions": ["1.0"]})
    elif call.path.endswith("ThresholdInformation"):
        call.answer(
            200,
            {
                "externalRequestThreshold": 10000,
                "requestThresholdTimeframe": 60,
                "currentTimeframeRequestCount": 4711,
            },
        )
    elif call.path.endswith("/query"):
        call.answer(200, {"items": [{"id": 29682834, "unitCost": None}, {"id": 2, "unitCost": 3}]})
    elif call.path.endswith("/fields"):
        listed = {"value": "29682834", "label": "Fabrikam", "isSystem": False, "sortOrder": 1}
        call.answer(
            200,
            {
                "fields": [
                    {"name": "id", "dataType": "long"},
                    {"name": "ours", "isPickList": True, "picklistValues": [listed]},
                ]
            },
        )
    elif call.path.endswith("/userDefinedFields"):
        call.answer(200, {"fields": [{"name": "Fabrikam tier", "label": "x", "type": "string"}]})
    else:
        facts = {"name": "Thing", "canQuery": True, "userAccessForQuery": "All"}
        more = {"hasUserDefinedFields": entity_of(call) == "Companies"}
        call.answer(200, {"info": {**facts, **more}})


def recorded(behave: Any, *, gate: LocalGate | None = None, names: bool = False) -> dict[str, Any]:
    with RawServer(behave) as server, client_of(server.origin, gate=gate) as client:
        made = metadata.record(
            client,
            recorded_by="Tallystick 1",
            recorded_on=date(2026, 5, 1),
            with_udf_names=names,
        )
    calls = [call for call in server.calls if "zoneInformation" not in call.target]
    assert {call.method for call in calls} <= {"GET"}
    return made


def test_a_whole_recording_and_what_it_costs() -> None:
    gate = LocalGate()
    made = recorded(healthy, gate=gate)
    assert list(made["entities"]) == list(NAMES)
    assert (made["format"], made["format_version"]) == (metadata.FORMAT, 1)
    assert (made["recorded_by"], made["recorded_on"]) == ("Tallystick 1", "2026-05-01")
    assert made["api_versions"] == ["1.0"]
    assert made["threshold"] == {"limit": 10000, "minutes": 60}
    assert made["costs"] == "shown"
    assert gate.spent == 3 + 2 * len(NAMES) + 1  # user defined fields only where there are some
    text = metadata.as_text(made)
    assert [word for word in (*SECRETS_OF_A_TENANT, "4711") if word in text] == []
    found = metadata.contents(made)
    assert (found.entities, found.fields, found.lists) == (len(NAMES), 2 * len(NAMES), len(NAMES))
    assert (found.labels_kept, found.labels_left_out) == (0, len(NAMES))
    assert (found.user_defined_fields, found.not_read) == (1, {})
    assert json.loads(text) == made


def test_names_of_user_defined_fields_only_when_asked_for() -> None:
    udfs = recorded(healthy, names=True)["entities"]["Companies"]["user_defined_fields"]
    assert [(udf["name"], udf["label"]) for udf in udfs] == [("Fabrikam tier", "x")]


def test_what_is_refused_is_recorded_with_autotasks_words() -> None:
    def behave(call: Call) -> None:
        if entity_of(call) == "BillingItems":
            call.answer(500, {"errors": ["No right to “Fabrikam” for api@fabrikam.example."]})
        elif entity_of(call) == "Contracts" and call.path.endswith("/fields"):
            call.answer(404, b"<html>gone</html>")
        else:
            healthy(call)

    made = recorded(behave)
    refused = {"not_read": "No right to (left out) for (left out)"}
    assert made["entities"]["BillingItems"] == {
        "information": refused,
        "fields": refused,
        "user_defined_fields": {"not_read": metadata.NOT_ASKED},
    }
    found = metadata.contents(made).not_read
    assert found == {
        "BillingItems, information": refused["not_read"],
        "BillingItems, fields": refused["not_read"],
        "Contracts, fields": "Autotask knows no such address (404).",
    }


def test_a_peculiarity_is_recorded_and_an_outage_is_not() -> None:
    def broken_at(*names: str) -> Any:
        def behave(call: Call) -> None:
            if entity_of(call) in names and call.path.endswith("/fields"):
                call.answer(500, {"Message": "An error has occurred."})
            else:
                healthy(call)

        return behave

    made = recorded(broken_at(*NAMES[: metadata.MOST_UNANSWERED]))
    assert set(metadata.contents(made).not_read.values()) == {metadata.NO_CLEAR_ANSWER}
    with pytest.raises(Unavailable):
        recorded(broken_at(*NAMES[: metadata.MOST_UNANSWERED + 1]))


def test_wrong_credentials_and_a_used_budget_end_it_at_once() -> None:
    calls: Counter[str] = Counter()

    def refuse(call: Call) -> None:
        calls[call.path] += 1
        call.answer(500, {"errors": ["IntegrationCode is invalid."]})

    with pytest.raises(Misconfigured):
        recorded(refuse)
    assert calls.total() == 1
    gate = LocalGate(hourly_budget=9)
    with pytest.raises(Throttled):
        recorded(healthy, gate=gate)
    assert gate.spent == 9


@pytest.mark.parametrize(
    ("rows", "costs"),
    [
        ([], "not known"),
        (None, "not known"),
        ([{"id": 1}, {"id": 2, "unitCost": None}], "none shown"),
        ([{"id": 1, "unitCost": 0}], "shown"),
    ],
)
def test_whether_costs_are_shown(rows: object, costs: str) -> None:
    def behave(call: Call) -> None:
        if call.path.endswith("/query"):
            call.answer(200, {"items": rows})
        else:
            healthy(call)

    assert recorded(behave)["costs"] == costs


def test_costs_that_may_not_be_asked_for_are_not_known() -> None:
    def behave(call: Call) -> None:
        if call.path.endswith("/query"):
            call.answer(403, {"errors": ["No."]})
        else:
            healthy(call)

    assert recorded(behave)["costs"] == "not known"


@pytest.mark.parametrize(("limit", "minutes"), [(-1, 60), (10**9, 60), (10, 0), (10, 1441)])
def test_a_threshold_that_is_none(limit: int, minutes: int) -> None:
    def behave(call: Call) -> None:
        if call.path.endswith("ThresholdInformation"):
            call.answer(
                200,
                {
                    "externalRequestThreshold": limit,
                    "requestThresholdTimeframe": minutes,
                    "currentTimeframeRequestCount": 1,
                },
            )
        else:
            healthy(call)

    assert recorded(behave)["threshold"] == {"not_read": metadata.NO_CLEAR_ANSWER}
