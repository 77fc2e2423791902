"""A tenant's recorded metadata in place of the built-in catalogue: told, and enforced."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tallystick.simulator.read_recording import RecordingError, read_recording, read_recording_file

from .recordings import entity, field, like_ours, recording, udf, value
from .tenants import Tenant, running_tenant, where

ALL = {"op": "gte", "field": "id", "value": 0}
COMPANY = {"companyName": "Fabrikam", "companyType": 1, "phone": "1", "ownerResourceID": 21001}
ID = field("id", "long", isRequired=True, isReadOnly=True)


def load(tenant: Tenant, **entities: dict[str, Any]) -> None:
    tenant.sim.load_metadata(recording(**entities))


def company(tenant: Tenant, **changes: Any) -> Any:
    owner = tenant.items("Resources", ALL)[0]["id"]
    body = {**COMPANY, "ownerResourceID": owner, **changes}
    return tenant.http.post("Companies", json={k: v for k, v in body.items() if v is not None})


# Told.


def test_what_was_recorded_is_told_and_the_rest_is_built_in(tenant: Tenant) -> None:
    own = tenant.http.get("Services/entityInformation/fields").json()
    facts = entity(
        "Company",
        ID,
        field("companyName", length=70, isRequired=True),
        field("newInThisYear", "decimal"),
        udfs=(udf("udf 1"),),
        userAccessForCreate="Restricted",
        supportsWebhookCallouts=True,
    )
    load(tenant, Companies=facts)
    get = tenant.http.get
    assert get("Companies/entityInformation").json() == {"info": facts["information"]}
    assert get("Companies/entityInformation/fields").json() == {"fields": facts["fields"]}
    told = get("Companies/entityInformation/userDefinedFields").json()["fields"]
    assert told == [{**udf("udf 1"), "description": "", "defaultValue": ""}]
    assert get("Services/entityInformation/fields").json() == own
    whole = get("EntityInformation").json()["entityDescriptions"]
    assert facts["information"] in [one["info"] for one in whole]


def test_versions_threshold_and_hidden_costs_are_the_tenants(tenant: Tenant) -> None:
    assert tenant.sim.state()["metadata"] is None
    load(tenant)
    root = f"{tenant.sim.origin}/ATServicesRest/VersionInformation"
    assert tenant.http.get(root).json() == {"apiVersions": ["1.0", "1.1"]}
    threshold = tenant.http.get("ThresholdInformation").json()
    assert (threshold["externalRequestThreshold"], threshold["requestThresholdTimeframe"]) == (
        5000,
        30,
    )
    assert [one["unitCost"] for one in tenant.items("Services", ALL)] == [None]
    before = tenant.sim.state()["requests_past_hour"]
    tenant.sim.advance(31 * 60)
    assert (before > 0, tenant.sim.state()["requests_past_hour"]) == (True, 0)
    assert tenant.sim.state()["metadata"] == {
        "recorded_by": "Tallystick 0.0.1",
        "recorded_on": "2026-05-01",
        "entities": [],
    }


def test_what_was_not_read_is_refused_in_autotasks_words(tenant: Tenant) -> None:
    facts = {name: {"not_read": f"No {name}."} for name in like_ours("Companies")}
    made = {**recording(Companies=facts), "threshold": {"not_read": "No threshold."}}
    tenant.sim.load_metadata({**made, "api_versions": {"not_read": "No versions."}})
    about = "Companies/entityInformation"
    for path, words in (
        (about, "No information."),
        (f"{about}/fields", "No fields."),
        (f"{about}/userDefinedFields", "No user_defined_fields."),
        ("ThresholdInformation", "No threshold."),
        (f"{tenant.sim.origin}/ATServicesRest/VersionInformation", "No versions."),
    ):
        assert tenant.errors(tenant.http.get(path)) == [words]
    assert company(tenant).status_code == 200  # held to the built-in facts
    assert len(tenant.http.get("EntityInformation").json()["entityDescriptions"]) > 20


# Enforced.


def test_a_field_the_tenant_does_not_have_cannot_be_asked_for_and_is_not_shown(
    tenant: Tenant,
) -> None:
    load(tenant, Contracts=like_ours("Contracts", contractNumber={}))
    said = tenant.errors(tenant.query("Contracts", where("contractNumber", "C-1")))
    assert said == ["Unable to find contractNumber in the Contract Entity."]
    assert "contractNumber" not in tenant.items("Contracts", ALL)[0]


def test_a_field_only_the_tenant_has_is_kept_and_found(tenant: Tenant) -> None:
    known = like_ours("Companies")
    known["fields"] += [field("tier", "integer"), field("since", "datetime"), field("odd", "guid")]
    load(tenant, Companies=known)
    made = company(tenant, tier=3, since="2026-05-01", odd="x").json()["itemId"]
    found = tenant.items("Companies", where("tier", 3))
    assert [(one["id"], one["since"][:10], one["odd"]) for one in found] == [
        (made, "2026-05-01", "x")
    ]
    said = tenant.errors(company(tenant, tier="three"))
    assert said == ["Input string 'three' is not a valid integer. Path 'tier'."]


def test_required_length_and_list_are_the_tenants(tenant: Tenant) -> None:
    kinds = {"isPickList": True, "picklistValues": [value(1, "Customer"), value("x", "odd")]}
    known = like_ours(
        "Companies",
        taxID={"isRequired": True},
        companyName={"length": 9},
        companyType=kinds,
        state={"isPickList": True, "picklistValues": [value("NY", "label 1")]},
        isActive={"isPickList": True, "picklistValues": [value("1", "label 1")]},
        phone={"isRequired": False},
    )
    load(tenant, Companies=known)
    assert tenant.errors(company(tenant)) == ["Required field taxID is missing."]
    tax = {"taxID": "1", "phone": None}
    assert company(tenant, **tax, isActive=True).status_code == 200
    assert tenant.errors(company(tenant, **tax, companyName="Fabrikam Inc")) == [
        "The field companyName allows 9 characters at most."
    ]
    assert tenant.errors(company(tenant, **tax, companyType=2)) == [
        "Value 2 is not valid for picklist field companyType."
    ]
    assert tenant.errors(company(tenant, **tax, state="CA")) == [
        "Value CA is not valid for picklist field state."
    ]
    assert company(tenant, **tax, state="NY").status_code == 200


def test_a_read_only_field_is_not_written_and_one_needed_on_create_is_then_only(
    tenant: Tenant,
) -> None:
    read_only = {"isReadOnly": True}
    known = like_ours("Companies", city=read_only, companyName={**read_only, "isRequired": True})
    load(tenant, Companies=known)
    made = company(tenant, city="Berlin").json()["itemId"]
    body = {"id": made, "companyName": "Other", "city": "Bonn", "fax": "2"}
    assert tenant.http.patch("Companies", json=body).status_code == 200
    found = tenant.http.get(f"Companies/{made}").json()["item"]
    assert (found["companyName"], found["city"], found["fax"]) == ("Fabrikam", None, "2")


def test_a_field_that_cannot_be_queried(tenant: Tenant) -> None:
    load(tenant, Companies=like_ours("Companies", city={"isQueryable": False}))
    said = tenant.errors(tenant.query("Companies", where("city", "Bonn")))
    assert said == ["The field city of the Company Entity cannot be queried."]


@pytest.mark.parametrize("how", [{"userAccessFor{}": "None"}, {"can{}": False}])
@pytest.mark.parametrize("act", ["Query", "Create", "Update", "Delete"])
def test_a_right_the_user_does_not_have(tenant: Tenant, act: str, how: dict[str, Any]) -> None:
    charges = f"Contracts/{tenant.contract}/Charges"
    body = {
        "name": "Setup",
        "chargeType": 1,
        "datePurchased": "2026-05-01",
        "unitQuantity": 1,
        "billingCodeID": tenant.code("Material Code"),
    }
    made = tenant.http.post(charges, json=body).json()["itemId"]
    known = like_ours("ContractCharges")
    known["information"] |= {name.format(act): setting for name, setting in how.items()}
    load(tenant, ContractCharges=known)
    answers = {
        "Query": [
            tenant.query("ContractCharges", ALL),
            tenant.http.post("ContractCharges/query/count", json={"filter": [ALL]}),
            tenant.http.get(f"ContractCharges/{made}"),
            tenant.http.get(charges),
        ],
        "Create": [tenant.http.post(charges, json=body)],
        "Update": [
            tenant.http.patch(charges, json={"id": made, "name": "Other"}),
            tenant.http.put(charges, json={"id": made, "contractID": tenant.contract, **body}),
        ],
        "Delete": [tenant.http.delete(f"{charges}/{made}")],
    }
    refusal = (
        "The logged in Resource does not have the adequate permissions to "
        f"{act.lower()} this entity type."
    )
    for name, found in answers.items():
        for answer in found:
            if name == act:
                assert tenant.errors(answer) == [refusal]
            else:
                assert answer.status_code == 200, (name, answer.text)


@pytest.mark.parametrize("access", ["All", "Restricted", None])
def test_rights_that_let_through(tenant: Tenant, access: str | None) -> None:
    known = like_ours("Companies")
    known["information"]["userAccessForQuery"] = access
    load(tenant, Companies=known)
    assert tenant.items("Companies", ALL)


def test_adjustments_still_work_and_cannot_do_without_a_day(tenant: Tenant) -> None:
    read_only = {"isReadOnly": True, "isRequired": False}
    load(
        tenant,
        ContractServiceAdjustments=like_ours(
            "ContractServiceAdjustments", effectiveDate={"isRequired": False}
        ),
        Contracts=like_ours("Contracts", endDate=read_only),
        ContractServices=like_ours("ContractServices", unitPrice={}),
    )
    assert tenant.adjust("2026-05-03", 2).status_code == 200
    assert tenant.units("2026-05-03") == 12
    path = f"Contracts/{tenant.contract}"
    answer = tenant.http.post(f"{path}/ServiceAdjustments", json={"unitChange": 1})
    assert tenant.errors(answer) == ["Required field effectiveDate is missing."]
    line = {"serviceID": tenant.service, "adjustedPrice": 20}
    assert tenant.http.post(f"{path}/Services", json=line).status_code == 200
    found = tenant.items("Contracts", ALL)[0]
    names = ("companyID", "contractName", "contractType", "startDate", "status")
    more = {"endDate": "2027-01-01", "timeReportingRequiresStartAndStopTimes": 0}
    body = {**{name: found[name] for name in names}, **more}
    said = tenant.errors(tenant.http.post("Contracts", json=body))
    assert said == ["Required field endDate is missing."]


def test_a_contract_cannot_lose_its_last_day(tenant: Tenant) -> None:
    load(tenant, Contracts=like_ours("Contracts", endDate={"isRequired": False}))
    body = {"id": tenant.contract, "endDate": None}
    said = tenant.errors(tenant.http.patch("Contracts", json=body))
    assert said == ["Required field endDate is missing."]


# Loaded, and gone again.


def test_a_reset_forgets_what_was_loaded_and_keeps_what_it_was_started_with() -> None:
    started = read_recording(recording(Companies=entity("Company", ID, field("companyName"))))
    with running_tenant(recording=started, knobs={"hourly_threshold": 77}) as tenant:
        tenant.sim.load_metadata(recording())
        assert tenant.sim.knobs()["hourly_threshold"] == 5000
        tenant.sim.reset()
        assert tenant.sim.state()["metadata"]["entities"] == ["Companies"]
        assert tenant.sim.knobs()["hourly_threshold"] == 77  # what was asked for counts
        assert tenant.sim.knobs()["cost_hidden"] == "on"
        fields = tenant.http.get("Companies/entityInformation/fields").json()["fields"]
        assert [one["name"] for one in fields] == ["id", "companyName"]


def test_the_control_route(tenant: Tenant) -> None:
    url = f"{tenant.sim.origin}/simulator/metadata"
    known = recording(Services=entity("Service", ID))
    answer = tenant.http.post(url, json=known)
    assert (answer.status_code, answer.json()["entities"]) == (200, ["Services"])
    refused = tenant.http.post(url, json={**known, "costs": "maybe"})
    assert refused.status_code == 400
    assert refused.json() == {"error": "costs is one of shown, none shown, not known, not 'maybe'"}
    assert tenant.sim.state()["metadata"]["entities"] == ["Services"]


# Refused.

Edit = Callable[[dict[str, Any]], object]
WRONG: list[tuple[str, Edit]] = [
    ("this is not a recording", lambda whole: whole.pop("format")),
    ("this is not a recording", lambda whole: whole.update(format="backup")),
    ("format_version is a number from 1", lambda whole: whole.update(format_version="1")),
    ("format_version is a number from 1", lambda whole: whole.update(format_version=True)),
    (
        "format_version 2 is of a newer Tallystick ('Tallystick 0.0.1'); this one reads up to 1",
        lambda whole: whole.update(format_version=2),
    ),
    ("threshold is missing", lambda whole: whole.pop("threshold")),
    ("zone is not part of this format", lambda whole: whole.update(zone="5")),
    ("recorded_by is not a text", lambda whole: whole.update(recorded_by=1)),
    ("recorded_on is not a day like", lambda whole: whole.update(recorded_on="yesterday")),
    ("api_versions is not a list", lambda whole: whole.update(api_versions="1.0")),
    ("api_versions[1] is not a text", lambda whole: whole.update(api_versions=["1", 2])),
    ("threshold is not an object", lambda whole: whole.update(threshold=5000)),
    (
        "threshold.minutes is not between 1 and 1440",
        lambda whole: whole["threshold"].update(minutes=0),
    ),
    ("threshold.limit is not a whole", lambda whole: whole["threshold"].update(limit=1.5)),
    ("costs is one of", lambda whole: whole.update(costs=["shown"])),
    ("entities is not an object", lambda whole: whole.update(entities=[])),
    (
        "entities.Tickets: the simulator has no entity of that name",
        lambda whole: whole["entities"].update(Tickets={}),
    ),
    ("entities.Companies.fields is missing", lambda whole: companies(whole).pop("fields")),
    ("entities.Companies.fields has no id", lambda whole: companies(whole)["fields"].pop(0)),
    (
        "entities.Companies.fields has companyname twice",
        lambda whole: companies(whole)["fields"].append(field("companyname")),
    ),
    (
        "entities.Companies.fields[1].length is not a whole number",
        lambda whole: companies(whole)["fields"][1].update(length="70"),
    ),
    (
        "entities.Companies.fields[1].isRequired is neither true nor false",
        lambda whole: companies(whole)["fields"][1].update(isRequired=1),
    ),
    (
        "entities.Companies.fields[1].description is not part of this format",
        lambda whole: companies(whole)["fields"][1].update(description=""),
    ),
    (
        "entities.Companies.fields[1].picklistValues[0].label is missing",
        lambda whole: companies(whole)["fields"][1].update(picklistValues=[{"value": "1"}]),
    ),
    (
        "entities.Companies.information.userAccessForQuery is one of All, Restricted, None, not",
        lambda whole: companies(whole)["information"].update(userAccessForQuery="X"),
    ),
    (
        "entities.Companies.fields.not_read is not a text",
        lambda whole: companies(whole).update(fields={"not_read": 1}),
    ),
    (
        "entities.Companies.user_defined_fields[0] is not an object",
        lambda whole: companies(whole).update(user_defined_fields=["a"]),
    ),
]


def companies(whole: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = whole["entities"]["Companies"]
    return found


@pytest.mark.parametrize(("words", "edit"), WRONG)
def test_what_is_not_of_the_format_is_named(words: str, edit: Edit) -> None:
    whole = recording(Companies=entity("Company", ID, field("companyName")))
    read_recording(whole)
    edit(whole)
    with pytest.raises(RecordingError) as refused:
        read_recording(whole)
    assert str(refused.value).startswith(words)


@pytest.mark.parametrize("document", [None, [], 3, "text", {}])
def test_what_is_not_a_recording_at_all(document: object) -> None:
    with pytest.raises(RecordingError, match="this is not a recording"):
        read_recording(document)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read: No such file or directory"),
        ("{", "is not JSON"),
        ("NaN", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("{}", "this is not a recording"),
        (" " * (16 * 1024 * 1024 + 1), "is larger than 16 MB"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, text: str | None, words: str) -> None:
    file = tmp_path / "recorded.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(RecordingError) as refused:
        read_recording_file(file)
    assert words in str(refused.value)
    assert str(file) in str(refused.value)


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "recorded.json"
    file.write_text(json.dumps(recording(Companies=entity("Firma Müller", ID))), "utf-8")
    assert list(read_recording_file(file).entities) == ["Companies"]
