"""What we serve exists in Autotask's own generated API description, and has its shapes.

The description is not part of this repository; without it these tests are skipped.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tallystick.simulator.entities import ENTITIES
from tallystick.simulator.fields import Entity, Kind

from .recordings import like_ours, recording, udf
from .recordings import value as entry
from .tenants import Tenant

DESCRIPTION = (
    Path(__file__).resolve().parents[2].parent
    / "shared/data/autotask/autotask-rest-v1.swagger-slim.json"
)
pytestmark = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason="Autotask's API description (swagger) is not at hand"
)

#: Fields public clients read that the description of 2020-2024 does not have.
NOT_DESCRIBED = {
    "Services": {
        "catalogNumberPartNumber",
        "externalID",
        "internalID",
        "manufacturerServiceProvider",
        "manufacturerServiceProviderProductNumber",
        "sku",
        "url",
    },
    "BillingItems": {
        "contractServiceAdjustmentID",
        "contractServiceBundleAdjustmentID",
        "contractServiceBundleID",
        "contractServiceBundlePeriodID",
        "contractServiceID",
        "contractServicePeriodID",
    },
}
NOT_DESCRIBED["ServiceBundles"] = NOT_DESCRIBED["Services"]
TYPES = {
    Kind.INT: ("integer", "int32"),
    Kind.LONG: ("integer", "int64"),
    Kind.BOOL: ("boolean", None),
    Kind.STRING: ("string", None),
    Kind.MONEY: ("number", "double"),
    Kind.DOUBLE: ("number", "double"),
    Kind.DATE: ("string", "date-time"),
    Kind.DATETIME: ("string", "date-time"),
}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return dict(json.loads(DESCRIPTION.read_text("utf-8")))


def verbs(described: dict[str, Any], path: str) -> set[str]:
    paths = {known.lower(): found for known, found in described["paths"].items()}
    return {verb.upper() for verb in paths.get(path.lower(), {})}


def model(described: dict[str, Any], name: str) -> dict[str, Any]:
    """Property names in camel case, as the answers have them."""
    properties = described["definitions"][name]["properties"]
    return {key.lower(): value for key, value in properties.items()}


def routes(entity: Entity) -> dict[str, set[str]]:
    base = f"/V1.0/{entity.name}"
    found: dict[str, set[str]] = {}
    if entity.root:
        found[base] = set(entity.root)
    if entity.queried:
        found[f"{base}/query"] = {"GET", "POST"}
        found[f"{base}/query/count"] = {"GET", "POST"}
        found[f"{base}/{{id}}"] = {"GET"} | ({"DELETE"} if entity.root_delete else set())
    for bit in ("", "/fields", "/userDefinedFields"):
        found[f"{base}/entityInformation{bit}"] = {"GET"}
    if entity.parent:
        child = f"/V1.0/{entity.parent}/{{parentId}}/{entity.child_name}"
        reading = {"GET"} if entity.queried else set()
        found[child] = set(entity.child) | reading
        if entity.queried:
            found[f"{child}/{{id}}"] = {"GET"} | ({"DELETE"} if entity.child_delete else set())
        for bit in ("", "/fields", "/userDefinedFields"):
            found[f"{child}/entityInformation{bit}"] = {"GET"}
    return found


@pytest.mark.parametrize("name", ENTITIES)
def test_every_path_and_verb_we_serve_is_described_and_none_is_missing(
    described: dict[str, Any], name: str
) -> None:
    for path, served in routes(ENTITIES[name]).items():
        assert verbs(described, path) == served, path


def test_the_other_paths_are_described(described: dict[str, Any]) -> None:
    assert verbs(described, "/VersionInformation") == {"GET"}
    for name in ("ZoneInformation", "ThresholdInformation", "EntityInformation"):
        assert verbs(described, f"/V1.0/{name}") == {"GET"}


@pytest.mark.parametrize("name", ENTITIES)
def test_every_field_exists_with_its_type(described: dict[str, Any], name: str) -> None:
    entity = ENTITIES[name]
    properties = model(described, f"{entity.singular}Model")
    exceptions = NOT_DESCRIBED.get(name, set())
    for field in entity.fields.values():
        if field.name in exceptions:
            assert field.name.lower() not in properties, f"{field.name} is described after all"
            continue
        found = properties[field.name.lower()]
        wanted, form = TYPES[field.kind]
        if name == "Resources" and wanted != found["type"]:
            continue
        assert found["type"] == wanted, field.name
        if wanted == "integer" and "ID" not in field.name:
            assert found["format"] in (form, "int32", "int64"), field.name


@pytest.mark.parametrize("name", [name for name, entity in ENTITIES.items() if entity.queried])
def test_answers_have_described_fields_only(
    described: dict[str, Any], tenant: Tenant, name: str
) -> None:
    entity = ENTITIES[name]
    tenant.adjust("2026-05-03", 1)
    tenant.sim.approve_and_post(tenant.contract, "2026-05-31")
    allowed = set(model(described, f"{entity.singular}Model")) | {
        field.lower() for field in NOT_DESCRIBED.get(name, set())
    }
    condition = {"op": "gte", "field": "id", "value": 0}
    answer = tenant.query(name, condition)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"items", "pageDetails"}
    assert set(body["pageDetails"]) == {"count", "requestCount", "prevPageUrl", "nextPageUrl"}
    for item in body["items"]:
        assert {key.lower() for key in item} <= allowed
        assert set(tenant.http.get(f"{name}/{item['id']}").json()) == {"item"}


def shape_of(described: dict[str, Any], name: str) -> set[str]:
    return set(model(described, name))


def test_envelopes_have_the_described_shapes(described: dict[str, Any], tenant: Tenant) -> None:
    def keys(answer: Any) -> set[str]:
        return {key.lower() for key in answer}

    get = tenant.http.get
    zone = get("zoneInformation", params={"user": tenant.sim.user}).json()
    assert keys(zone) == shape_of(described, "ZoneInformationResultModel")
    version = get(f"{tenant.sim.origin}/ATServicesRest/VersionInformation").json()
    assert keys(version) == shape_of(described, "ApiVersionResultModel")
    threshold = get("ThresholdInformation").json()
    assert keys(threshold) == shape_of(described, "ThresholdStatusResultModel")
    count = tenant.http.post(
        "Companies/query/count", json={"filter": [{"op": "exist", "field": "id"}]}
    )
    assert keys(count.json()) == shape_of(described, "QueryCountResultModel")
    assert keys(tenant.adjust("2026-05-03", 1).json()) == shape_of(
        described, "OperationResultModel"
    )
    entities = get("EntityInformation").json()
    assert keys(entities) == shape_of(described, "GlobalEntityInformationResultModel")
    for one in (entities["entityDescriptions"][0], get("Companies/entityInformation").json()):
        assert keys(one) == shape_of(described, "EntityInformationResultModel")
        assert keys(one["info"]) == shape_of(described, "EntityInformationModel")


@pytest.mark.parametrize("name", ENTITIES)
def test_field_descriptions_have_the_described_shapes(
    described: dict[str, Any], tenant: Tenant, name: str
) -> None:
    fields = tenant.http.get(f"{name}/entityInformation/fields").json()["fields"]
    for field in fields:
        assert {key.lower() for key in field} == shape_of(described, "FieldInformationModel")
        for value in field["picklistValues"] or ():
            assert {key.lower() for key in value} == shape_of(described, "PickListValue")
            assert isinstance(value["value"], str)
    if ENTITIES[name].has_udfs:
        udfs = tenant.http.get(f"{name}/entityInformation/userDefinedFields").json()["fields"]
        assert all({k.lower() for k in udf} == shape_of(described, "Field") for udf in udfs)


def test_a_recording_is_told_in_the_described_shapes(
    described: dict[str, Any], tenant: Tenant
) -> None:
    known = like_ours("Companies", companyType={"picklistValues": [entry(1, "Customer")]})
    known["information"]["hasUserDefinedFields"] = True
    known["user_defined_fields"] = [udf("udf 1")]
    tenant.sim.load_metadata(recording(Companies=known))
    about = "Companies/entityInformation"
    for path, inside, shape in (
        (about, "info", "EntityInformationModel"),
        (f"{about}/fields", "fields", "FieldInformationModel"),
        (f"{about}/userDefinedFields", "fields", "Field"),
    ):
        answer = tenant.http.get(path).json()[inside]
        for one in answer if isinstance(answer, list) else [answer]:
            assert {key.lower() for key in one} == shape_of(described, shape)
