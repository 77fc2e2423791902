"""Prices through the API: imports, promotions, margin rules, and why a number is what it is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from api_calls import Api, Said, api_of
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from factories import sibling, tenancy
from price_desk import listed, ruled
from price_files import GOOD, good, sheet, zipped
from tallystick.catalog.models import PriceRow
from tallystick.catalog.terms import OfferKind, Term
from tallystick.identity.roles import Role
from tallystick.subscriptions.models import Customer

RULE = {
    "scope": "everybody",
    "method": "markup",
    "percent": "20",
    "effective_from_on": "2026-01-01",
}
PROMOTION = {
    "promotion_id": "39NFJQT1Q5HM:0001",
    "name": "Ten off",
    "product_id": "CFQ1",
    "sku_id": "0001",
    "percent": "10",
    "available_from_on": "2026-01-01",
    "available_to_on": "2026-06-30",
}


def send(
    api: Api, data: bytes, query: str = "?price_is_for=term", *, kind: str = "text/csv", **more: str
) -> Said:
    return api.call("POST", f"/prices/import{query}", raw=data, kind=kind, **more)


def kept(api: Api) -> int:
    return PriceRow.objects.filter(series__tenant_id=api.of.tenant_id).count()


def test_why_is_this_number(api: Api) -> None:
    offer = api.of.offer()
    listed(api.of, offer)
    held = api.of.subscription(offer_id=offer)
    nothing = api.get(f"/subscriptions/{held}/price?on=2026-05-10").body
    assert (nothing["unit_price"], nothing["lacks"]) == (None, "margin_rule")
    assert "No margin rule covers this on 10 May 2026" in nothing["reason"]
    assert api.post("/margin-rules", RULE).status == 201
    said = api.get(f"/subscriptions/{held}/price?on=2026-05-10")
    assert said.status == 200
    assert {key: said.body[key] for key in ("unit_price", "unit_cost", "erp", "priced_on")} == {
        "unit_price": "12.0000",
        "unit_cost": "10.0000",
        "erp": "12.5000",
        "priced_on": "2026-01-01",
    }
    assert said.body["because"][3] == {
        "label": "Unit price",
        "amount": "12.0000",
        "currency": "EUR",
        "percent": "20.0000",
        "rule": "Markup: 10.0000 x (1 + 0.2)",
        "source": "Margin rule for everybody, by admin",
        "source_on": "2026-01-01",
    } | {"source": said.body["because"][3]["source"]}
    assert api.get(f"/subscriptions/{held}/price").status == 200
    for query in ("?on=soon", "?on=2099-01-01", "?day=2026-01-01"):
        assert api.get(f"/subscriptions/{held}/price{query}").status == 422


def test_who_said_the_price_that_is_recorded(api: Api) -> None:
    held = api.of.subscription()
    at = f"/subscriptions/{held}/operations"
    typed = {"kind": "update_price_margin", "unit_price": "16.40", "effective_on": "2026-07-01"}
    done = api.post(at, typed).body
    said = api.get(f"/subscriptions/{held}/price?on=2026-07-01").body["recorded"]
    assert (said["operation_id"], said["sequence"], said["unit_price"]) == (
        done["id"], 2, "16.4000",
    )  # fmt: skip
    assert (said["from_on"], said["made_by"], said["source"]) == ("2026-07-01", "", "api")
    assert said["summary"].startswith("Said through the API by administrator script (API) on ")
    before = api.get(f"/subscriptions/{held}/price?on=2026-06-30").body["recorded"]
    assert (before["sequence"], before["unit_price"]) == (1, "15.2000")
    assert api.get(f"/subscriptions/{held}/price?on=2025-12-31").body["recorded"] is None


@pytest.mark.parametrize("shape", ["csv", "zip", "form"])
def test_import_a_price_list(api: Api, shape: str) -> None:
    data = sheet([GOOD])
    if shape == "form":
        form = {"file": SimpleUploadedFile("May.csv", data)}
        sent = {"data": encode_multipart(BOUNDARY, form), "kind": MULTIPART_CONTENT}
    elif shape == "zip":
        sent = {"data": zipped(data), "kind": "application/zip"}
    else:
        sent = {"data": data, "kind": "text/csv"}
    tried = send(api, query="?price_is_for=term&dry_run=true", **sent)
    assert (tried.status, tried.body["added"], tried.body["stored"]) == (200, 1, False), tried.text
    assert kept(api) == 0
    done = send(api, query="?price_is_for=term&name=May.csv", **sent)
    assert (done.status, done.body["added"], done.body["stored"]) == (200, 1, True)
    again = send(api, **sent)
    assert (again.body["added"], again.body["unchanged"]) == (0, 1)
    [row] = api.get("/prices?search=premium&on=2026-05-10").body["items"]
    assert (row["cost"], row["price_is_for"], row["effective_from_on"]) == (
        "145.2000", "term", "2026-05-01"
    )  # fmt: skip
    assert api.get("/prices?on=2026-04-30").body["items"] == []
    [kept_import] = api.get("/price-imports").body["items"]
    assert (kept_import["name"], kept_import["added"]) == ("May.csv", 1)


def test_what_an_import_refuses(api: Api) -> None:
    said = send(api, sheet([good(UnitPrice="NaN"), good(TermDuration="x")]))
    assert (said.status, said.fields) == (422, ["line 2, UnitPrice", "line 3, TermDuration"])
    assert send(api, sheet([GOOD]), query="").fields == ["price_is_for"]
    assert send(api, sheet([GOOD]), query="?price_is_for=month").fields == ["price_is_for"]
    assert send(api, sheet([GOOD]), query="?price_is_for=term&dryrun=true").fields == ["dryrun"]
    assert send(api, b"{}", kind="application/json").fields == ["Content-Type"]
    assert send(api, b"nonsense", kind="multipart/form-data").status == 400
    empty = encode_multipart(BOUNDARY, {"other": "x"})
    assert send(api, empty, kind=MULTIPART_CONTENT).fields == ["file"]
    assert kept(api) == 0
    send(api, sheet([GOOD]))
    held = send(api, sheet([good(UnitPrice="12.10")]))
    assert held.fields == ["line 2, UnitPrice"]
    shown = send(api, sheet([good(UnitPrice="12.10")]), "?price_is_for=term&dry_run=true").body
    assert [move["line"] for move in shown["large_moves"]] == [2]
    accepted = "?price_is_for=term&accept_large_moves=true"
    assert send(api, sheet([good(UnitPrice="12.10")]), accepted).body["replaced"] == 1


def test_an_import_with_a_key_happens_once(api: Api) -> None:
    data = sheet([GOOD])
    first = send(api, data, Idempotency_Key="k1")
    again = send(api, data, Idempotency_Key="k1")
    assert again.body == first.body
    assert again.headers["Idempotent-Replayed"] == "true"
    other = send(api, sheet([good(UnitPrice="146")]), Idempotency_Key="k1")
    assert other.status == 409
    assert kept(api) == 1


def test_a_file_that_is_too_large(api: Api) -> None:
    said = send(api, b"x" * (50 * 1024 * 1024 + 1))
    assert (said.status, said.fields) == (422, ["file"])


def test_promotions(api: Api) -> None:
    first = api.post("/promotions", PROMOTION)
    assert first.status == 201, first.text
    assert api.post("/promotions", PROMOTION).status == 409
    one = f"/promotions/{first.body['id']}"
    assert api.get(one).body == first.body
    better = api.put(one, PROMOTION | {"percent": "12.5", "term": "P1Y"})
    assert (better.status, better.body["percent"], better.body["term"]) == (200, "12.5000", "P1Y")
    assert api.get(one).status == 404
    [listed_one] = api.get("/promotions?search=ten").body["items"]
    assert listed_one == better.body
    assert api.delete(f"/promotions/{better.body['id']}").status == 204
    assert api.get("/promotions").body["items"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"percent": "NaN"}, "percent"),
        ({"percent": "-0"}, "percent"),
        ({"percent": "12,5"}, "percent"),
        ({"percent": 12.5}, "percent"),
        ({"percent": "101"}, "percent"),
        ({"percent": None}, "percent"),
        ({"percent": None, "fixed": "1.1234567", "currency": "EUR"}, "fixed"),
        ({"percent": None, "fixed": "1"}, "currency"),
        ({"percent": None, "fixed": "1", "currency": "Euro"}, "currency"),
        ({"available_to_on": "2025-01-01"}, "available_to_on"),
        ({"available_to_on": "1/1/2027"}, "available_to_on"),
        ({"months": 0}, "months"),
        ({"term": "P2Y"}, "term"),
        ({"discount": "5"}, "discount"),
        ({"sku_id": " "}, "sku_id"),
    ],
)
def test_promotions_that_are_refused(api: Api, changes: dict[str, Any], field: str) -> None:
    said = api.post("/promotions", PROMOTION | changes)
    assert (said.status, said.fields) == (422, [field]), said.text
    assert api.get("/promotions").body["items"] == []


def test_margin_rules(api: Api) -> None:
    first = api.post("/margin-rules", RULE)
    assert (first.status, first.body["standing"]) == (201, "counts")
    customer = api.of.customer("Alder & Ash")
    narrow = api.post("/margin-rules", RULE | {"scope": "customer", "target": customer}).body
    assert (narrow["target"], narrow["target_name"]) == (str(customer), "Alder & Ash")
    newer = api.post("/margin-rules", RULE | {"percent": "25"}).body
    standings = {row["id"]: row["standing"] for row in api.get("/margin-rules").body["items"]}
    assert standings == {
        first.body["id"]: "replaced",
        narrow["id"]: "counts",
        newer["id"]: "counts",
    }
    assert len(api.get("/margin-rules?counting=true").body["items"]) == 2
    ended = api.delete(f"/margin-rules/{narrow['id']}")
    assert (ended.status, ended.body["method"], ended.body["standing"]) == (200, "none", "ended")
    assert api.get(f"/margin-rules/{narrow['id']}").body["standing"] == "replaced"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"percent": "-1"}, "percent"),
        ({"percent": "1001"}, "percent"),
        ({"percent": "1e2"}, "percent"),
        ({"method": "margin", "percent": "100"}, "percent"),
        ({"method": "split_margin", "percent": "100.1"}, "percent"),
        ({"method": "gift"}, "method"),
        ({"scope": "customer"}, "target"),
        ({"scope": "customer", "target": 987654321}, "target"),
        ({"scope": "offer_kind", "target": "seats"}, "target"),
        ({"target": 1}, "target"),
        ({"effective_from_on": "2099-01-01"}, "effective_from_on"),
    ],
)
def test_margin_rules_that_are_refused(api: Api, changes: dict[str, Any], field: str) -> None:
    for address in ("/margin-rules", "/margin-rules/affected"):
        said = api.post(address, RULE | changes)
        assert (said.status, said.fields) == (422, [field]), said.text
    assert api.get("/margin-rules").body["items"] == []


def test_whom_a_rule_would_change(api: Api) -> None:
    offer = api.of.offer()
    listed(api.of, offer)
    ruled(api.of, "20")
    held = [api.of.subscription(offer_id=offer) for _ in range(3)]
    proposed = RULE | {"percent": "25"}
    page = api.post("/margin-rules/affected?limit=2", proposed).body
    rest = api.post(f"/margin-rules/affected?cursor={page['next_cursor']}", proposed).body
    found = [*page["items"], *rest["items"]]
    assert [one["subscription_id"] for one in found] == held
    assert {(one["before"]["unit_price"], one["after"]["unit_price"]) for one in found} == {
        ("12.0000", "12.5000")
    }
    assert rest["next_cursor"] is None
    assert len(api.get("/margin-rules").body["items"]) == 1


def test_settings_rates_and_locks(api: Api) -> None:
    new = {"promotion_lowers": "cost", "reservations_over_erp": True, "market": "DE"}
    assert api.put("/price-settings", new).body == new
    assert api.get("/price-settings").body == new
    assert api.put("/price-settings", new | {"market": "Germany"}).fields == ["market"]
    rate = {"base": "EUR", "quote": "USD", "rate": "1.0825", "from_on": "2026-01-01"}
    assert api.post("/exchange-rates", rate).status == 204
    for wrong in ("NaN", "-1", "1.123456789", "1,1", "0"):
        assert api.post("/exchange-rates", rate | {"rate": wrong}).fields == ["rate"]
    offer = api.of.offer()
    assert api.put(f"/offers/{offer}/price-lock", {"locked": False}).status == 204
    assert api_of(tenancy()).put(f"/offers/{offer}/price-lock", {"locked": False}).status == 404


def test_azure_costs(api: Api) -> None:
    of = api.of
    customer = Customer.objects.get(pk=of.customer())
    plan = of.offer("Azure plan", kind=OfferKind.AZURE_PLAN, term=Term.NONE)
    of.subscription(customer_id=customer.pk, offer_id=plan)
    data = f"customer_id,month,cost,price\n{customer.external_id},2026-05,100,120\n".encode()
    address = "/azure-costs/import?currency=EUR&final=true"
    done = api.call("POST", address, raw=data, kind="text/csv")
    assert (done.status, done.body["added"]) == (200, 1), done.text
    again = api.call("POST", address, raw=data, kind="text/csv")
    assert again.body["unchanged"] == 1
    [row] = api.get(f"/azure-costs?month=2026-05&customer={customer.pk}").body["items"]
    assert (row["price"], row["final"], row["month_on"]) == ("120.0000", True, "2026-05-01")
    wrong = api.call("POST", address, raw=data.replace(b"120", b"-0"), kind="text/csv")
    assert wrong.fields == ["line 2, price"]
    assert api.get("/azure-costs?month=May").fields == ["month"]


def test_who_may(api: Api, viewer: Api, stranger: Api) -> None:
    reseller = api_of(tenancy(reseller=True))
    promotion = api.post("/promotions", PROMOTION).body["id"]
    settings = {"promotion_lowers": "cost", "reservations_over_erp": True, "market": ""}
    for who in (viewer, reseller):
        assert send(who, sheet([GOOD])).status == 403
        assert who.post("/promotions", PROMOTION).status == 403
        assert who.put("/price-settings", settings).status == 403
    for address in ("/prices", "/price-imports", "/promotions", "/price-settings"):
        assert viewer.get(address).status == 200
        assert reseller.get(address).status == 403
    assert viewer.post("/margin-rules", RULE).status == 403
    assert stranger.get(f"/promotions/{promotion}").status == 404
    assert stranger.put(f"/promotions/{promotion}", PROMOTION).status == 404
    assert stranger.delete(f"/promotions/{promotion}").status == 404
    assert api_of(api.of, Role.OPERATOR).post("/margin-rules", RULE).status == 201


def test_a_reseller_never_reads_what_its_csp_pays() -> None:
    one = tenancy(reseller=True)
    csp = sibling(one)
    csp.context = replace(one.context, reseller_id=None)
    csp.reseller_id = None
    offer = one.offer()
    listed(csp, offer, "7.7777", "12.5")
    ruled(csp, "10")
    ruled(one, "20")
    held = one.subscription(offer_id=offer, starts_on=date(2026, 2, 1))
    said = api_of(one).get(f"/subscriptions/{held}/price?on=2026-05-10")
    assert said.body["list_price"] == "8.5555"
    assert "7.7777" not in json.dumps(said.body)
