"""The forms of operations as each context sees them, asked without a browser."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from factories import Tenancy, sibling, tenancy, user
from harness import Line, World
from tallystick.catalog.terms import OfferKind
from tallystick.connections.override import override
from tallystick.connections.policies import PriceDay
from tallystick.identity.roles import Role
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.days import in_words
from tallystick.ledger.models import Operation
from tallystick.subscriptions.models import Subscription

pytestmark = pytest.mark.usefixtures("db")
PART = {"HX-Request": "true"}
SPACES = str.maketrans("\N{NO-BREAK SPACE}", " ")


def visitor(of: Tenancy) -> Client:
    client = Client()
    client.force_login(user(of))
    return client


def text(answer: Any) -> str:
    plain = re.sub(r"<[^>]*>", " ", answer.content.decode()).translate(SPACES)
    return " ".join(plain.split())


def recorded(subscription_id: int) -> list[str]:
    rows = Operation.objects.filter(subscription_id=subscription_id).order_by("sequence")
    return list(rows.values_list("kind", flat=True))


def yearly(world: World) -> Line:
    return world.line(units=10, ends=date(2098, 12, 31), period_type=5)


def test_a_yearly_contract_asks_when_the_price_begins(world: World) -> None:
    world.policy(price_day=PriceDay.NEXT_PERIOD)
    line, client = yearly(world), visitor(world.tenancy)
    address = f"/subscriptions/{line.subscription_id}/price-margin"
    page = client.get(address)
    for words in ("From this day.", "From the period's start.", "From the next period."):
        assert words in text(page).replace("&#x27;", "'")
    # As the connection does it, unless somebody chooses.
    assert re.search(r'value="next_period"[^>]* checked', page.content.decode())
    form = {"unit_price": "16.40", "effective_on": "2026-05-10", "price_from": "own_day"}
    said = text(client.post(address, form | {"look": "yes"}))
    assert "You asked for 10 May 2026. Autotask will get unit price 16.40 EUR" in said
    assert "from 10 May 2026" in said
    assert "236 of 365 days" in said
    wrong = client.post(address, form | {"price_from": "whenever"})
    assert wrong.status_code == 400
    assert "When it begins must be one of the three" in text(wrong)
    assert recorded(line.subscription_id) == ["purchase", "map"]
    assert client.post(address, form).status_code == 302
    newest = Operation.objects.filter(subscription_id=line.subscription_id).latest("sequence")
    assert newest.after["price_from"] == "own_day"
    page = text(client.get(f"/subscriptions/{line.subscription_id}"))
    assert "Asked for: from its own day." in page


def test_a_later_price_is_named_on_the_form_in_the_look_and_afterwards(world: World) -> None:
    line, client = world.line(units=10, ends=date(2098, 12, 31)), visitor(world.tenancy)
    at = f"/subscriptions/{line.subscription_id}"
    assert "again afterwards" not in text(client.get(f"{at}/price-margin"))
    today = DatabaseClock().now().date()  # pages ask the database
    earlier, later = today + timedelta(days=30), today + timedelta(days=60)
    line.price("16.40", on=later)
    named = f"Operation 3 (Update price margin) has unit price 16.40 EUR from {in_words(later)}."
    assert "Now 15.20 EUR each" in text(client.get(f"{at}/price-margin"))
    for form in ("price-margin", "change/end-promotion"):
        said = f"unit price 16.40 EUR from {in_words(later)} (operation 3). A price of an earlier"
        assert f"Recorded for later: {said}" in text(client.get(f"{at}/{form}"))
    typed = {"unit_price": "15.80", "effective_on": earlier.isoformat()}
    said = text(client.post(f"{at}/price-margin", typed, headers=PART))
    assert f"{named} What is recorded now is newer and counts from then on, too" in said
    page = text(client.post(f"{at}/price-margin", typed, follow=True))
    assert "Recorded: unit price 15.80" in page
    assert f"{named} What is recorded now is newer" in page


def test_what_is_preset_is_the_policy_of_this_subscription(world: World) -> None:
    world.policy(price_day=PriceDay.NEXT_PERIOD)
    line, client = yearly(world), visitor(world.tenancy)
    override(
        world.connection_id,
        {"price_day": PriceDay.OWN_DAY.value},
        subscription_id=line.subscription_id,
        context=world.tenancy.context,
        now=world.clock.now(),
        correlation_id="t",
    )
    page = client.get(f"/subscriptions/{line.subscription_id}/price-margin").content.decode()
    assert re.search(r'value="own_day"[^>]* checked', page)


def test_a_monthly_contract_does_not_ask(world: World) -> None:
    line = world.line(units=10)
    page = visitor(world.tenancy).get(f"/subscriptions/{line.subscription_id}/price-margin")
    assert 'type="radio"' not in page.content.decode()
    assert 'name="currency"' not in page.content.decode()
    assert "Why is this number?" in text(page)


@pytest.mark.parametrize(
    ("form", "values"),
    [
        ("change-quantity", {"quantity": "12", "effective_on": "2026-12-01"}),
        ("price-margin", {"unit_price": "16.40", "unit_cost": "", "effective_on": "2026-12-01"}),
        ("cancel", {"effective_on": "2026-12-01"}),
    ],
)
def test_looking_records_nothing_and_a_part_never_does(
    world: World, form: str, values: dict[str, str]
) -> None:
    line, client = world.line(units=10, ends=date(2098, 12, 31)), visitor(world.tenancy)
    address = f"/subscriptions/{line.subscription_id}/{form}"
    for given, headers in ((values | {"look": "yes"}, {}), (values, PART)):
        answer = client.post(address, given, headers=headers)
        assert answer.status_code == 200
        assert "You asked for 1 Dec 2026. Autotask will get" in text(answer)
        assert "Autotask was not read" in text(answer)  # nothing here may call the simulator
        assert ("<html" in answer.content.decode()) is not bool(headers)
    typing = client.post(address, values | {"effective_on": "2026-12-"}, headers=PART)
    assert (typing.status_code, "Effective day: “2026-12-” is not" in text(typing)) == (200, True)
    looked = client.post(address, values | {"effective_on": "2026-12-", "look": "yes"})
    assert (looked.status_code, "effective_on-error" in looked.content.decode()) == (400, True)
    assert recorded(line.subscription_id) == ["purchase", "map"]
    assert client.post(address, values).status_code == 302
    assert len(recorded(line.subscription_id)) == 3


def test_a_first_price_asks_for_its_currency() -> None:
    of = tenancy()
    held = of.subscription(unit_price=None, unit_cost=None)
    client, address = visitor(of), f"/subscriptions/{held}/price-margin"
    assert 'name="currency"' in client.get(address).content.decode()
    refused = client.post(address, {"unit_price": "16.40"})
    assert "Currency is needed: the subscription has no price yet" in text(refused)
    looked = client.post(address, {"unit_price": "16.40", "currency": "eur"}, headers=PART)
    assert "The subscription is not mapped" in text(looked)
    assert client.post(address, {"unit_price": "16.40", "currency": "eur"}).status_code == 302
    kept = Subscription.objects.get(pk=held)
    assert (kept.unit_price, kept.price_currency) == (Decimal("16.4000"), "EUR")


@pytest.mark.parametrize(
    ("price", "said"),
    [
        ("", "is not an amount"),
        ("NaN", "is not an amount"),
        ("-0", "is not an amount"),
        ("16,40", "write it like 1234.50"),
        ("1.2345678", "more than four decimals"),
        ("1000000000000000000", "is not an amount"),
        ("15.20", "is already 15.2000: nothing to record"),
    ],
)
def test_a_wrong_price_is_named_kept_and_not_recorded(price: str, said: str) -> None:
    of = tenancy()
    held = of.subscription()
    page = visitor(of).post(f"/subscriptions/{held}/price-margin", {"unit_price": price})
    assert page.status_code == 400
    assert said in text(page)
    assert f'value="{price}"' in page.content.decode()
    assert recorded(held) == ["purchase"]


def test_an_azure_plan_says_why_it_has_none() -> None:
    of = tenancy()
    plan = of.subscription(offer_id=of.offer(kind=OfferKind.AZURE_PLAN), quantity=1)
    client, address = visitor(of), f"/subscriptions/{plan}/price-margin"
    page = text(client.get(address))
    assert "Not applicable" in page
    assert "each month is billed with its total amount" in page
    assert "Unit cost" not in page
    assert client.post(address, {"unit_price": "1"}).status_code == 400
    assert recorded(plan) == ["purchase"]


def test_who_may_not_operate_gets_no_form_and_a_stranger_finds_nothing() -> None:
    of = tenancy()
    held = of.subscription()
    for role, status in ((Role.VIEWER, 403), (Role.ADMINISTRATOR, 200)):
        context = type(of.context)(of.tenant_id, None, role, of.context.actor)
        client = visitor(Tenancy(of.tenant_id, context, clock=of.clock))
        assert client.get(f"/subscriptions/{held}/price-margin").status_code == status
    for stranger in (sibling(of), tenancy()):
        client = visitor(stranger)
        given = {"unit_price": "1", "look": "yes"}
        assert client.post(f"/subscriptions/{held}/price-margin", given).status_code == 404


def test_the_same_form_twice_is_one_price() -> None:
    of = tenancy()
    held = of.subscription()
    client, address = visitor(of), f"/subscriptions/{held}/price-margin"
    form = {"unit_price": "16.40", "effective_on": "2026-12-01", "token": "a" * 32}
    for _ in range(2):
        assert client.post(address, form).status_code == 302
    assert recorded(held) == ["purchase", "update_price_margin"]
