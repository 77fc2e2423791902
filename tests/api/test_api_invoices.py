"""Vendor invoices through the API."""

from __future__ import annotations

import gzip
from typing import Any

from api_calls import Api, api_of
from django.test import Client

from factories import sibling
from reconciliation_files import charged, sheet
from tallystick.identity.roles import Role

AT = "/vendor-invoices/proof"


def send(api: Api, data: bytes, query: str = "", kind: str = "application/gzip") -> Any:
    return Client().generic(
        "POST",
        f"/api/v1/vendor-invoices/import{query}",
        data,
        content_type=kind,
        headers={"Authorization": f"Bearer {api.token}"},
    )


def test_an_invoice_is_sent_listed_and_compared(api: Api) -> None:
    data = gzip.compress(sheet([charged(SubscriptionId="unknown")]))
    tried = send(api, data, "?dry_run=true").json()
    assert (tried["stored"], tried["changed"], tried["month"]) == (False, True, "2026-05")
    assert api.get("/vendor-invoices").body["items"] == []
    done = send(api, data, "?name=May.csv.gz").json()
    assert (done["number"], done["rows"], done["totals"]) == (1, 1, {"EUR": "121.00"})
    assert send(api, data).json()["changed"] is False
    (kept,) = api.get("/vendor-invoices?month=2026-05").body["items"]
    assert (kept["name"], kept["counts"], kept["invoice_number"]) == (
        "May.csv.gz",
        True,
        "G000000501",
    )
    proof = api.get(f"{AT}?month=2026-05").body
    assert (proof["outcome"], proof["different"], proof["equal"]) == ("different", 1, 0)
    assert proof["sums"][0]["difference"] == "121.00"
    (row,) = api.get(f"{AT}/lines?month=2026-05").body["items"]
    assert (row["subscription_id"], row["cause"], row["difference"]) == (None, "not_ours", "121.00")
    assert (row["lines"][0]["starts_on"], row["lines"][0]["ends_on"]) == (
        "2026-05-01",
        "2026-05-31",
    )
    assert api.get(f"{AT}/lines?month=2026-05&outcome=equal").body["items"] == []
    found = api.get(f"{AT}/export?month=2026-05")
    assert found.text.lstrip("\ufeff").startswith("Customer,Subscription,Subscription id,Outcome")


def test_what_is_wrong_is_named_with_its_line(api: Api) -> None:
    said = send(api, sheet([charged(Subtotal="much")]), kind="text/csv")
    assert said.status_code == 422
    assert [one["field"] for one in said.json()["errors"]] == ["line 2, Subtotal"]
    assert send(api, sheet([charged()]), "?month=May", "text/csv").status_code == 422
    assert api.get(f"{AT}?month=May").fields == ["month"]
    for month in ("9999-12", "0001-01"):
        assert api.get(f"{AT}?month={month}").fields == ["month"]
        assert api.get(f"{AT}/export?month={month}").fields == ["month"]
    assert api.get(AT).fields == ["month"]
    assert api.get(f"{AT}/lines?month=2026-05&outcome=green").fields == ["outcome"]
    assert api.get("/vendor-invoices").body["items"] == []


def test_nothing_to_compare_is_not_equal(api: Api) -> None:
    proof = api.get(f"{AT}?month=2026-05").body
    assert (proof["outcome"], proof["equal"], proof["invoices"]) == ("nothing", 0, [])


def test_it_is_the_csps_and_a_viewer_takes_no_file(api: Api, viewer: Api) -> None:
    assert viewer.get(f"{AT}?month=2026-05").status == 200
    assert viewer.get(f"{AT}/export?month=2026-05").status == 403
    assert send(viewer, sheet([charged()]), kind="text/csv").status_code == 403
    assert api_of(api.of, Role.AUDITOR).get(f"{AT}/export?month=2026-05").status == 200
    theirs = api_of(sibling(api.of))
    for address in ("/vendor-invoices", f"{AT}?month=2026-05", f"{AT}/lines?month=2026-05"):
        assert theirs.get(address).status == 403
