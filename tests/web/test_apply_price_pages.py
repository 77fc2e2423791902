"""Applying prices on the pages, asked without a browser."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client

from factories import Tenancy, number, tenancy, user
from harness import World
from price_desk import by, listed, ruled
from tallystick.catalog.models import MarginRuleRow, PriceRun
from tallystick.catalog.price_settings import mark_price_lock
from tallystick.identity.roles import Role
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.days import add_months
from tallystick.ledger.models import Operation
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import get_subscription

pytestmark = pytest.mark.usefixtures("db")
RULE = {
    "whom": "everybody",
    "method": "markup",
    "percent": "25",
    "effective_from": "2026-01-01",
}


def visitor(of: Tenancy) -> Client:
    client = Client()
    client.force_login(user(of))
    return client


@pytest.fixture
def csp() -> Tenancy:
    return tenancy()


@pytest.fixture
def offer(csp: Tenancy) -> int:
    """On the list for 10, sold for 12 by a rule; follows the list."""
    found = csp.offer()
    listed(csp, found)
    ruled(csp, "20")
    mark_price_lock(found, locked=False, by=by(csp))
    return found


def held(of: Tenancy, offer: int, price: str = "12") -> int:
    return of.subscription(offer_id=offer, unit_price=price, unit_cost="10")


def price(of: Tenancy, subscription: int) -> Any:
    return get_subscription(of.context, subscription).unit_price


def run_of(client: Client, answer: Any) -> str:
    assert answer.status_code == 302, answer.content.decode()
    return client.get(answer.headers["Location"]).content.decode()


def test_a_rule_is_set_and_applied_in_one(csp: Tenancy, offer: int) -> None:
    client = visitor(csp)
    first, second = held(csp, offer), held(csp, offer)
    page = client.post("/prices/margin-rules/new", RULE).content.decode()
    assert "Set the rule and apply to 2" in page
    assert "240.00 to 250.00" in page
    assert not MarginRuleRow.objects.filter(tenant_id=csp.tenant_id, percent=25).exists()
    ticks = {"confirm": "apply", "exclude": [str(second), "no id"]}
    said = run_of(client, client.post("/prices/margin-rules/new", RULE | ticks))
    assert "Markup 25 % for Everybody" in said
    assert (price(csp, first), price(csp, second)) == (12.5, 12)
    timeline = client.get(f"/subscriptions/{first}").content.decode()
    assert "by a margin rule" in timeline
    assert "Markup: 10.0000 x (1 + 0.25)" in timeline
    assert "Why is this number?" in timeline


def test_a_rule_that_is_set_is_applied_later(csp: Tenancy, offer: int) -> None:
    client = visitor(csp)
    first = held(csp, offer)
    rule = ruled(csp, "25")
    address = f"/prices/margin-rules/{rule}/apply"
    assert address in client.get("/prices/margin-rules").content.decode()
    assert "Apply to 1" in client.get(address).content.decode()
    run_of(client, client.post(address, {"confirm": "apply"}))
    assert price(csp, first) == 12.5
    assert "No price changes" in client.get(address).content.decode()
    assert visitor(tenancy()).get(address).status_code == 404


@pytest.mark.usefixtures("looked_at")
def test_a_posted_month_is_said_by_row(world: World) -> None:
    of, far = world.tenancy, date(2098, 12, 31)
    posted, still_open = (world.line(units=10, ends=far) for _ in range(2))
    for line in (posted, still_open):
        listed(of, Subscription.objects.get(pk=line.subscription_id).offer_id, "12.10", None)
    today = DatabaseClock().now().date()
    world.simulator.approve_and_post(posted.contract_id, add_months(today.replace(day=1), 1))
    client, address = visitor(of), f"/prices/margin-rules/{ruled(of, '50')}/apply"
    page = client.get(address).content.decode()
    assert page.count("billed from") == 2  # the open one from the start of its period
    assert page.count("EUR less until then (estimate)</span>") == 1
    assert "1 of 2 subscriptions shown here is billed later than the price counts" in page
    assert "Autotask was asked" in page
    assert "Charge the gaps once." in page
    run_of(client, client.post(address, {"confirm": "apply", "gap_charge": "yes"}))
    charged = Operation.objects.filter(tenant_id=of.tenant_id, kind="one_off_charge")
    assert [one.subscription_id for one in charged] == [posted.subscription_id]


def test_a_price_list_of_a_day(csp: Tenancy, offer: int) -> None:
    client = visitor(csp)
    today = DatabaseClock().now().date().isoformat()
    assert "Show whom they change" in client.get("/prices/apply").content.decode()
    for wrong in ("soon", "2199-01-01"):
        assert client.get(f"/prices/apply?on={wrong}").status_code == 400
    near, far = held(csp, offer, "11"), held(csp, offer, "3")
    bare = csp.subscription(unit_cost=None)
    page = client.get(f"/prices/apply?on={today}").content.decode()
    assert "Apply to 1" in page
    assert "It is right" in page
    said = run_of(client, client.post("/prices/apply", {"on": today, "confirm": "apply"}))
    assert "No price list has a price of this offer" in said
    assert "factor 3" in said
    assert (price(csp, near), price(csp, far)) == (12, 3)
    accepted = {"on": today, "confirm": "apply", "accept": str(far)}
    run_of(client, client.post("/prices/apply", accepted))
    assert price(csp, far) == 12
    assert price(csp, bare) is not None


def test_ticks_go_on_to_the_next_page(csp: Tenancy, offer: int) -> None:
    client = visitor(csp)
    row = Subscription.objects.get(pk=held(csp, offer))
    for _ in range(119):
        row.pk, row.provider_id = None, f"sub-{csp.tenant_id}-{number()}"
        row._state.adding = True
        row.save()
    ids = list(
        Subscription.objects.filter(tenant_id=csp.tenant_id)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    address = f"/prices/margin-rules/{ruled(csp, '25')}/apply"
    first = client.get(address).content.decode()
    after = re.search(r'name="after" value="([^"]+)"', first)
    assert after
    second = client.post(address, {"after": after[1], "exclude": str(ids[0])}).content.decode()
    assert f'name="excluded" value="{ids[0]}"' in second
    assert "Apply to 119" in second
    assert f'value="{ids[-1]}"' in second
    posted = {"confirm": "apply", "excluded": str(ids[0]), "exclude": str(ids[-1])}
    said = run_of(client, client.post(address, posted))
    # Many: a worker records them, and the page asks how far it is.
    assert "Recording" in said
    run = PriceRun.objects.get(tenant_id=csp.tenant_id)
    assert run.excluded == [ids[0], ids[-1]]
    progress = f"/prices/runs/{run.pk}/progress"
    shown = client.get(progress).content.decode()
    mark = re.search(r"was=([0-9a-f]+)", shown)
    assert mark
    assert client.get(f"{progress}?was={mark[1]}").status_code == 204
    assert visitor(tenancy()).get(progress).status_code == 404


def test_who_may_only_read_applies_nothing() -> None:
    of = tenancy(role=Role.VIEWER)
    client = visitor(of)
    rule = MarginRuleRow.objects.filter(tenant_id=of.tenant_id)
    assert not rule.exists()
    assert client.get("/prices/apply").status_code == 403
    assert client.post("/prices/apply", {"on": "2026-05-10", "confirm": "apply"}).status_code == 403
    assert "Apply a price list" not in client.get("/prices").content.decode()


def test_a_reseller_applies_to_its_own() -> None:
    of = tenancy(reseller=True)
    client = visitor(of)
    page = client.get("/prices/apply?on=2026-05-10").content.decode()
    assert "No price changes" in page
    assert "/prices/imports" not in page
    assert not Operation.objects.filter(tenant_id=of.tenant_id).exists()
