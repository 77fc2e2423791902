"""Discovery, credentials and zones."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from .tenants import Tenant, running_tenant


@pytest.mark.parametrize(
    "path", ["/atservicesrest/v1.0/zoneInformation", "/ATServicesRest/V1.0/ZONEINFORMATION"]
)
def test_the_zone_is_told_without_credentials_in_any_letter_case(tenant: Tenant, path: str) -> None:
    answer = httpx.get(tenant.sim.origin + path, params={"user": tenant.sim.user})
    assert answer.status_code == 200
    zone = answer.json()
    assert zone["url"] == f"{tenant.sim.origin}/ATServicesRest/"
    assert set(zone) == {"zoneName", "url", "webUrl", "ci"}


@pytest.mark.parametrize("user", ["nobody@example.com", "", None])
def test_an_unknown_user_has_no_zone(tenant: Tenant, user: str | None) -> None:
    answer = httpx.get(
        tenant.sim.origin + "/ATServicesRest/V1.0/zoneInformation",
        params={} if user is None else {"user": user},
    )
    assert tenant.errors(answer) == ["Zone information could not be determined"]


def test_the_version_is_not_below_v1(tenant: Tenant) -> None:
    answer = tenant.http.get(f"{tenant.sim.origin}/atservicesrest/versioninformation")
    assert answer.json() == {"apiVersions": ["1.0"]}


@pytest.mark.parametrize(
    ("header", "status", "body"),
    [
        ("UserName", 500, {"errors": ["Zone information could not be determined"]}),
        ("ApiIntegrationCode", 500, {"errors": ["IntegrationCode is invalid."]}),
        ("Secret", 401, None),
    ],
)
def test_each_wrong_credential_has_its_own_refusal(
    tenant: Tenant, header: str, status: int, body: Any
) -> None:
    answer = tenant.http.get("Companies/0", headers={header: "wrong"})
    assert answer.status_code == status
    assert (answer.json() if answer.content else None) == body
    assert tenant.sim.state()["requests_past_hour"] == 0


def test_header_names_are_case_insensitive(tenant: Tenant) -> None:
    sim = tenant.sim
    headers = {"username": sim.user, "SECRET": sim.secret, "ApiIntegrationcode": sim.code}
    answer = httpx.get(f"{sim.origin}/atservicesrest/v1.0/companies/0", headers=headers)
    assert answer.json()["item"]["id"] == 0


def test_no_credentials_are_refused(tenant: Tenant) -> None:
    url = f"{tenant.sim.origin}/ATServicesRest/V1.0/Companies/0"
    assert httpx.get(url).status_code == 401


@pytest.mark.parametrize(
    ("setting", "body"),
    [
        ("empty", b""),
        ("webapi", b'{"Message":"Authorization has been denied for this request."}'),
        ("errors", b'{"errors":["Authorization has been denied for this request."]}'),
    ],
)
def test_knob_body_401(tenant: Tenant, setting: str, body: bytes) -> None:
    tenant.sim.set_knobs(body_401=setting)
    answer = tenant.http.get("Companies/0", headers={"Secret": "wrong"})
    assert (answer.status_code, answer.content) == (401, body)


def test_knob_bad_credentials_status(tenant: Tenant) -> None:
    tenant.sim.set_knobs(bad_credentials_status=500)
    answer = tenant.http.get("Companies/0", headers={"Secret": "wrong"})
    assert tenant.errors(answer) == ["Authorization has been denied for this request."]


def test_knob_zone_an_old_address_is_refused_and_the_new_one_is_told(tenant: Tenant) -> None:
    tenant.sim.set_knobs(zone=3)
    assert tenant.http.get("Companies/0").status_code == 401
    told = httpx.get(
        tenant.sim.origin + "/ATServicesRest/V1.0/zoneInformation", params={"user": tenant.sim.user}
    ).json()
    assert told["url"] == f"{tenant.sim.origin}/zone3/ATServicesRest/"
    assert tenant.http.get(told["url"] + "V1.0/Companies/0").status_code == 200


def test_unknown_paths_and_verbs_have_the_frameworks_answers(tenant: Tenant) -> None:
    missing = tenant.http.get("Nonsense/query")
    assert missing.status_code == 404
    assert missing.json()["Message"].startswith("No HTTP resource was found")
    wrong = tenant.http.patch(f"Contracts/{tenant.contract}", json={"id": tenant.contract})
    assert wrong.status_code == 405
    assert wrong.json() == {
        "Message": "The requested resource does not support http method 'PATCH'."
    }
    assert tenant.http.post("ContractServices", json={}).status_code == 404


def test_the_user_secret_and_code_can_be_chosen() -> None:
    with running_tenant(user="u@x.example", secret="s3cret", code="C" * 27) as own:
        assert (own.sim.user, own.sim.secret, own.sim.code) == ("u@x.example", "s3cret", "C" * 27)
        assert own.http.get("Companies/0").status_code == 200
