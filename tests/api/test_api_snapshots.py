"""Lists by the API: who may send one, a look first, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api_calls import Api, api_of

from factories import tenancy
from tallystick.identity.roles import Role
from tellers import Teller, teller

ROW = {
    "customer": "Alder & Ash",
    "offer_id": "CFQ7TTC0LCHC:0002",
    "offer": "Microsoft 365 Business Premium",
    "term": "P1Y",
    "billing_cycle": "monthly",
    "quantity": 10,
    "starts_on": "2026-01-01",
}


@pytest.fixture
def told(api: Api) -> Teller:
    return teller(api.of)


@pytest.fixture
def marketplace(api: Api, told: Teller) -> Api:
    return Api(api.of, told.added.token.reveal())


def rows(told: Teller, subject: str, **cells: Any) -> str:
    return json.dumps(
        [{**ROW, "customer_id": f"c-{told.of.tenant_id}", "subscription_id": subject, **cells}]
    )


def test_a_look_and_then_the_list(marketplace: Api, told: Teller) -> None:
    subject = told.subject()
    assert marketplace.call("POST", "/snapshots", raw=rows(told, subject)).status == 200
    changed = rows(told, subject, quantity=12)
    look = marketplace.call("POST", "/snapshots?dry_run=true", raw=changed)
    assert (look.status, look.body["stored"]) == (200, False), look.text
    assert look.body["found"] == [
        {
            "subject": subject,
            "type": "subscription.quantity_changed",
            "after": {"quantity": 12},
            "answer": "accepted",
            "because": "",
        }
    ]
    assert told.held(subject).quantity == 10
    said = marketplace.call("POST", "/snapshots", raw=changed, Idempotency_Key="k")
    assert said.body["answers"] == {"accepted": 1}
    again = marketplace.call("POST", "/snapshots", raw=changed)
    assert (again.body["as_before"], again.body["differences"]) == (1, 0)
    assert told.held(subject).quantity == 12


def test_who_operates_names_the_source(api: Api, told: Teller) -> None:
    raw = rows(told, told.subject())
    assert api.call("POST", "/snapshots", raw=raw).fields == ["source"]
    at = f"/snapshots?source={told.added.source_id}"
    assert api.call("POST", at, raw=raw).status == 200
    assert api_of(tenancy()).call("POST", at, raw=raw).status == 404
    assert api_of(api.of, Role.VIEWER).call("POST", at, raw=raw).status == 403


@pytest.mark.parametrize(
    ("query", "raw", "fields"),
    [
        ("?absent=cancelled", None, ["absent"]),
        ("?taken_at=2099-01-01T00:00:00Z", None, ["taken_at"]),
        ("?complete=maybe", None, ["complete"]),
        ("?color=red", None, ["color"]),
        ("", "[1]", ["line 1, file"]),
        ("", "", ["Content-Type"]),
    ],
)
def test_what_is_wrong_is_named(
    marketplace: Api, told: Teller, query: str, raw: str | None, fields: list[str]
) -> None:
    subject = told.subject()
    kind = "text/csv" if raw == "" else "application/json"
    content = rows(told, subject) if raw is None else raw
    said = marketplace.call("POST", f"/snapshots{query}", raw=content, kind=kind)
    assert said.status == 422, said.text
    assert said.fields == fields
    assert told.ledger(subject) == []
