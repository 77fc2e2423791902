"""Applying a margin rule or a price list by API, and why an operation's amounts are so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from api_calls import Api, api_of

from factories import Tenancy, sibling, tenancy
from price_desk import by, listed, ruled
from tallystick.catalog.price_settings import mark_price_lock
from tallystick.identity.roles import Role
from tallystick.kit.clock import DatabaseClock
from tallystick.subscriptions.queries import get_subscription


def held(of: Tenancy, offer: int, price: str = "12") -> int:
    return of.subscription(offer_id=offer, unit_price=price, unit_cost="10")


@pytest.fixture
def offer(api: Api) -> int:
    found = api.of.offer()
    listed(api.of, found)
    ruled(api.of, "20")
    return found


def test_a_margin_rule(api: Api, offer: int) -> None:
    first, second, third = (held(api.of, offer) for _ in range(3))
    rule = ruled(api.of, "25")
    address = f"/margin-rules/{rule}/apply"
    tried = api.post(f"{address}?limit=2", {"dry_run": True, "exclude": [third]})
    assert tried.status == 200, tried.text
    assert tried.body["totals"] == {
        "change": 2,
        "held": 0,
        "left": 0,
        "excluded": 1,
        "billed_once": 0,
        "a_month": [
            {
                "currency": "EUR",
                "price_before": "240.0000",
                "price_after": "250.0000",
                "cost_before": "200.0000",
                "cost_after": "200.0000",
            }
        ],
    }
    [one, _] = tried.body["items"]
    assert (one["subscription_id"], one["unit_price_from"], one["unit_price_to"]) == (
        first, "12.0000", "12.5000"
    )  # fmt: skip
    [ahead] = one["ahead"]
    assert (ahead["sent_on"], ahead["gap"], one["not_looked_up_because"]) == (None, None, "")
    assert "not mapped" in ahead["nothing_because"]
    assert tried.body["autotask_calls"] == 0
    rest = api.post(f"{address}?cursor={tried.body['next_cursor']}", {"dry_run": True})
    assert [one["subscription_id"] for one in rest.body["items"]] == [third]

    done = api.post(address, {"exclude": [third], "gap_charge": True})  # none has one
    assert done.status == 202, done.text
    assert {name: done.body[name] for name in ("state", "recorded", "excluded", "left")} == {
        "state": "finished", "recorded": 2, "excluded": 1, "left": 0
    }  # fmt: skip
    assert api.get(f"/price-runs/{done.body['id']}").body == done.body
    assert api.post(address, {"exclude": [third]}).body["recorded"] == 0

    [newest, bought] = api.get(f"/subscriptions/{second}/operations").body["items"]
    assert bought["because"] is None
    assert newest["because"]["by"] == "Margin rule: Markup 25 % for Everybody"
    assert newest["because"]["parts"][3] == {
        "label": "Unit price",
        "amount": "12.5000",
        "currency": "EUR",
        "percent": "25.0000",
        "rule": "Markup: 10.0000 x (1 + 0.25)",
        "source": "Margin rule for everybody, by Ada Admin",
        "source_on": "2026-01-01",
    }


def test_a_price_list(api: Api, offer: int) -> None:
    today = DatabaseClock().now().date()
    first = held(api.of, offer, "11")
    bare = api.of.subscription(unit_cost=None)
    mark_price_lock(offer, locked=False, by=by(api.of))
    large = held(api.of, offer, "3")
    body = {"on": today.isoformat()}
    totals = api.post("/prices/apply", body | {"dry_run": True}).body["totals"]
    assert (totals["change"], totals["held"], totals["left"]) == (1, 1, 1)
    done = api.post("/prices/apply", body).body
    assert (done["recorded"], done["left"], done["margin_rule_id"]) == (1, 2, None)
    left = api.get(f"/price-runs/{done['id']}/left?limit=1").body
    rest = api.get(f"/price-runs/{done['id']}/left?cursor={left['next_cursor']}").body
    said = {one["subscription_id"]: one["why"] for one in [*left["items"], *rest["items"]]}
    assert said[bare].startswith("No price list has a price of this offer")
    assert "factor 3" in said[large]
    assert api.post("/prices/apply", body | {"accept_large_moves": [large]}).body["recorded"] == 1
    for subscription in (first, large):
        assert get_subscription(api.of.context, subscription).unit_price == 12


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "on"),
        ({"on": "soon"}, "on"),
        ({"on": "2199-01-01"}, "on"),
        ({"on": "2026-05-10", "exclude": ["x"]}, "exclude.0"),
        ({"on": "2026-05-10", "dryrun": True}, "dryrun"),
    ],
)
def test_what_is_refused(api: Api, offer: int, body: dict[str, object], field: str) -> None:
    held(api.of, offer, "11")
    said = api.post("/prices/apply", body)
    assert (said.status, said.fields) == (422, [field]), said.text


def test_who_may(api: Api, viewer: Api, stranger: Api, offer: int) -> None:
    held(api.of, offer)
    rule = ruled(api.of, "25")
    address = f"/margin-rules/{rule}/apply"
    assert viewer.post(address, {}).status == 403
    assert viewer.post("/prices/apply", {"on": "2026-05-10"}).status == 403
    assert stranger.post(address, {}).status == 404
    run = api_of(api.of, Role.OPERATOR).post(address, {}).body["id"]
    assert viewer.get(f"/price-runs/{run}").status == 200
    for one in (f"/price-runs/{run}", f"/price-runs/{run}/left"):
        assert stranger.get(one).status == 404


def test_a_reseller_never_reads_what_its_csp_pays() -> None:
    of = tenancy(reseller=True)
    csp = sibling(of)
    csp.context, csp.reseller_id = replace(of.context, reseller_id=None), None
    offer = of.offer()
    listed(csp, offer, "7.7777", "12.5", effective_from=date(2025, 1, 1))
    ruled(csp, "10")
    ruled(of, "20")
    sold = held(of, offer, "10.2666")
    rule = ruled(csp, "12")
    assert api_of(csp).post(f"/margin-rules/{rule}/apply", {}).body["recorded"] == 1
    its = api_of(of)
    for address in (f"/subscriptions/{sold}/operations", f"/audit-logs?subscription={sold}"):
        said = its.get(address)
        assert said.status == 200, said.text
        assert "7.7777" not in said.text
        assert "12 %" not in said.text
