"""The mapping lists as CSV through the API: out, a look, in."""

from __future__ import annotations

import csv
import io

import pytest
from api_calls import Api, Said, api_of

from factories import START, Tenancy, tenancy
from tallystick.directory.models import CompanyEntry
from tallystick.identity.roles import Role
from tallystick.mappings.models import CustomerMapping

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def of() -> Tenancy:
    return tenancy()


@pytest.fixture
def at(of: Tenancy) -> str:
    connection_id = of.connection()
    for ref, name in [(5, "Contoso"), (6, "=HYPERLINK(1)")]:
        CompanyEntry.objects.create(
            connection_id=connection_id, ref=ref, name=name, active=True, seen_at=START
        )
    return f"/connections/{connection_id}"


def send(api: Api, at: str, text: str, query: str = "", **headers: str) -> Said:
    return api.call("POST", f"{at}/customer-mappings/import{query}", raw=text, **headers)


def test_out_looked_at_in_and_again(of: Tenancy, at: str) -> None:
    api = api_of(of)
    of.customer("Contoso Germany")
    of.customer("@evil")
    sheet = api.get(f"{at}/customer-mappings/export")
    assert (sheet.status, sheet.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert sheet.headers["Content-Disposition"].startswith('attachment; filename="customer-map')
    rows = list(csv.DictReader(io.StringIO(sheet.text.removeprefix("\ufeff"))))
    assert [row["customer"] for row in rows] == ["'@evil", "Contoso Germany"]
    assert all(row["company"] == "" for row in rows)

    filled = sheet.text.replace("'@evil,,", "'@evil,'=HYPERLINK(1),").replace(
        "Contoso Germany,,", "Contoso Germany,Contoso,"
    )
    look = send(api, at, filled, "?dry_run=true", Idempotency_Key="one")
    assert (look.status, look.body["stored"], look.body["changed"]) == (200, False, 2)
    assert look.body["rows"][0] == {
        "line": 2,
        "ours": "@evil",
        "act": "map",
        "words": "mapped to =HYPERLINK(1)",
        "errors": [],
    }
    assert not CustomerMapping.objects.filter(connection__tenant_id=of.tenant_id)
    seen = f"?seen={look.body['fingerprint']}"
    done = send(api, at, filled, seen, Idempotency_Key="two")
    assert (done.status, done.body["stored"]) == (200, True)
    assert send(api, at, filled, seen, Idempotency_Key="two").body == done.body, "kept by its key"
    assert send(api, at, filled, seen).status == 409, "it is not what was seen any more"
    again = send(api, at, filled)
    assert (again.body["stored"], again.body["unchanged"]) == (False, 2)


def test_wrong_rows_are_named_by_line_and_nothing_is_stored(of: Tenancy, at: str) -> None:
    api = api_of(of)
    of.customer("One")
    of.customer("Two")
    text = "customer,company\nOne,Contoso\nTwo,Nobody\n"
    said = send(api, at, text)
    assert (said.status, said.fields) == (422, ["line 3, company"])
    assert not CustomerMapping.objects.filter(connection__tenant_id=of.tenant_id)
    said = send(api, at, "customer,company\n\xff")
    assert said.status == 422, "a name of nobody"
    for raw, words in [(b"customer\n\xff", "UTF-8"), ("customer\nx".encode("utf-16"), "UTF-16")]:
        said = api.call("POST", f"{at}/customer-mappings/import?dry_run=true", raw=raw)
        assert said.status == 422
        assert words in said.body["errors"][0]["message"]
    fits = send(api, at, text, "?rows_that_fit=true")
    assert (fits.body["changed"], fits.body["wrong"]) == (1, 1)
    assert fits.body["rows"][1]["errors"][0]["field"] == "company"
    assert send(api, at, text, "?dry-run=true").fields == ["dry-run"]
    assert send(api, at, "x" * 3_000_000).status == 413


@pytest.mark.parametrize("kind", ["customer", "offer", "subscription"])
def test_who_may(of: Tenancy, at: str, kind: str) -> None:
    address = f"{at}/{kind}-mappings"
    allowed = {role: api_of(of, role) for role in Role}
    out = {role: api.get(f"{address}/export").status for role, api in allowed.items()}
    assert [role for role, status in out.items() if status == 200] == [
        Role.ADMINISTRATOR,
        Role.OPERATOR,
        Role.AUDITOR,
    ]
    back = {
        role: api.call("POST", f"{address}/import?dry_run=true", raw=f"{kind}_id\nx\n").status
        for role, api in allowed.items()
    }
    assert [role for role, status in back.items() if status == 200] == [
        Role.ADMINISTRATOR,
        Role.OPERATOR,
    ]
    stranger = api_of(tenancy())
    assert stranger.get(f"{address}/export").status == 404
    assert stranger.call("POST", f"{address}/import", raw=f"{kind}_id\nx\n").status == 404
