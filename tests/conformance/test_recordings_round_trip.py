"""What the client records, the simulator answers: recording from it gives the same file again.

The two share no code; the manual's description of the file is all they have in common.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from tests.conformance.stands import simulated

from tallystick.connections.trouble import Rejected
from tallystick.connectors.autotask import metadata
from tallystick.connectors.autotask.client import AutotaskClient
from tallystick.kit import clock
from tallystick.sync.port import Adjustment, Applied, RefusalKind, Refused

Document = dict[str, Any]


def record(client: AutotaskClient, *, names: bool = False) -> Document:
    return metadata.record(
        client,
        recorded_by="Tallystick 1.2.3",
        recorded_on=date(2026, 5, 1),
        with_udf_names=names,
    )


def of_the_simulator(*, names: bool = False) -> Document:
    with simulated() as here:
        return record(here.client, names=names)


def again(document: Document, *, names: bool = False) -> Document:
    """Record from a simulator that loaded the document."""
    with simulated() as here:
        here.simulator.load_metadata(json.loads(metadata.as_text(document)))
        return record(here.client, names=names)


def companies(document: Document) -> Document:
    found: Document = document["entities"]["Companies"]
    return found


def field(document: Document, entity: str, name: str) -> Document:
    found = document["entities"][entity]["fields"]
    return next(one for one in found if one["name"] == name)


def unlike_ours(document: Document) -> None:
    """A tenant that differs in everything it can differ in."""
    document["api_versions"] = ["1.0", "2.0"]
    document["threshold"] = {"limit": 7777, "minutes": 45}
    document["costs"] = "none shown"
    for name in ("canDelete", "hasUserDefinedFields", "supportsWebhookCallouts"):
        companies(document)["information"][name] ^= True
    companies(document)["user_defined_fields"] = []
    companies(document)["information"] |= {
        "name": "Account",
        "userAccessForQuery": "Restricted",
        "userAccessForCreate": "None",
    }
    for name in ("isRequired", "isReadOnly", "isQueryable", "isSupportedWebhookField"):
        field(document, "Contracts", "contractName")[name] ^= True
    field(document, "Contracts", "contractName")["length"] = 42
    document["entities"]["Contracts"]["fields"].reverse()
    field(document, "Services", "unitPrice")["dataType"] = "decimal"
    new = {**field(document, "Services", "sku"), "name": "thisYears", "length": None}
    document["entities"]["Services"]["fields"].append({**new, "dataType": None})


def with_lists(document: Document) -> None:
    one = field(document, "Companies", "companyType")["picklistValues"][0]
    field(document, "Companies", "companyType")["picklistValues"] = [
        {**one, "value": "1", "label": "Customer"},
        {**one, "value": "6", "label": "label 1", "isSystem": False, "isActive": False},
        {**one, "value": "5", "label": "Vendor", "sortOrder": 900, "isDefaultValue": True},
        {**one, "value": "7", "label": "label 2", "parentValue": None},
    ]
    field(document, "Companies", "classification")["picklistValues"] = [
        {**one, "value": "1", "label": "label 1"},
        {**one, "value": "2", "label": "label 2"},
    ]


def with_refusals(document: Document) -> None:
    refused = {"not_read": "The logged in Resource does not have the adequate permissions."}
    missing = {"not_read": "Autotask knows no such address (404)."}
    document["entities"]["BillingItems"] = {
        "information": refused,
        "fields": refused,
        "user_defined_fields": {"not_read": metadata.NOT_ASKED},
    }
    document["entities"]["ContractNotes"]["fields"] = {"not_read": metadata.NO_CLEAR_ANSWER}
    companies(document)["user_defined_fields"] = missing
    document["threshold"] = document["api_versions"] = refused


def nothing(_: Document) -> None:
    """As the simulator tells it by itself."""


@pytest.mark.parametrize("names", [False, True])
@pytest.mark.parametrize("change", [nothing, unlike_ours, with_lists, with_refusals])
def test_recording_a_recording_gives_the_same_file(
    change: Callable[[Document], None], names: bool
) -> None:
    first = of_the_simulator(names=names)
    change(first)
    assert metadata.as_text(again(first, names=names)) == metadata.as_text(first)


def test_a_recording_of_the_simulator_changes_nothing_it_answers() -> None:
    paths = [
        f"{name}/entityInformation{part}"
        for name in (*metadata.USED, *metadata.ASKED_ABOUT)
        for part in ("", "/fields")
    ]

    def told(client: AutotaskClient) -> list[Any]:
        return [client.get(path, endpoint=path.partition("/")[0]) for path in paths]

    def with_its_labels(answers: list[Any]) -> list[Any]:
        lists = [
            one["picklistValues"] or [] for answer in answers for one in answer.get("fields", [])
        ]
        return [value for values in lists for value in values if "label" not in value["label"]]

    with simulated() as here:
        before = told(here.client)
        here.simulator.load_metadata(record(here.client))
        after = told(here.client)
    assert with_its_labels(after) == with_its_labels(before)  # all of them are the vendor's
    for one in (*before, *after):
        for facts in one.get("fields", []):
            facts["picklistValues"] = [v["value"] for v in facts["picklistValues"] or []]
    assert after == before


def test_the_connector_works_on_a_recording_of_the_simulator() -> None:
    with simulated() as here:
        here.simulator.load_metadata(of_the_simulator())
        change = Adjustment(here.line, date(2026, 5, 3), 5)
        assert isinstance(here.billing.adjust(change, deadline=soon()), Applied)
        assert here.simulator.units_on(here.line.line_id, date(2026, 5, 3)) == 15


def test_a_tenant_without_a_right_is_met_before_there_is_one() -> None:
    document = of_the_simulator()
    adjustments = document["entities"]["ContractServiceAdjustments"]
    adjustments["information"]["userAccessForCreate"] = "None"
    document["entities"]["Companies"]["information"]["userAccessForQuery"] = "None"
    with simulated() as here:
        here.simulator.load_metadata(document)
        answer = here.billing.adjust(Adjustment(here.line, date(2026, 5, 3), 5), deadline=soon())
        assert isinstance(answer, Refused)
        assert answer.kind is RefusalKind.OTHER
        assert "adequate permissions to create" in answer.reason
        assert here.simulator.effects() == []
        with pytest.raises(Rejected, match="adequate permissions to query"):
            here.client.count("Companies", where=[{"op": "gte", "field": "id", "value": 0}])


def soon() -> float:
    return clock.monotonic() + 10
