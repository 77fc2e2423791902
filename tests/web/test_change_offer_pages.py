"""Another offer, the next term, the line to choose and the resellers, asked without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from factories import Tenancy, number, tenancy, user
from moving import ANNUAL, Company, company
from tallystick.identity.roles import Role
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.days import in_words
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.scheduled import scheduled_of

SPACES = str.maketrans("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}", "  ")


def visitor(of: Tenancy) -> Client:
    client = Client()
    client.force_login(user(of))
    return client


def text(answer: Any) -> str:
    plain = re.sub(r"<[^>]*>", " ", answer.content.decode()).translate(SPACES)
    return " ".join(plain.replace("&#x27;", "'").split())


@dataclass
class Office:
    here: Company
    client: Client

    def at(self, subscription_id: int, what: str) -> str:
        return f"/subscriptions/{subscription_id}/{what}"


@pytest.fixture
def office(db: None) -> Iterator[Office]:
    with company() as here:
        # The pages ask the real clock; the engine's is brought there before anything is recorded.
        here.until(DatabaseClock().now().date() + timedelta(days=1))
        yield Office(here, visitor(here.of))


def day(days: int) -> str:
    return (DatabaseClock().now().date() + timedelta(days=days)).isoformat()


def test_an_offer_is_chosen_then_looked_at_then_recorded(office: Office) -> None:
    here, client = office.here, office.client
    one = here.held()
    address = office.at(one, "change-offer")
    choice = client.get(address)
    assert f'<option value="{here.annual}">' in choice.content.decode()
    assert f'<option value="{here.monthly}">' not in choice.content.decode()
    page = client.get(f"{address}?offer={here.annual}")
    assert 'value="182.40"' in page.content.decode(), "twelve times a month's"
    assert "Cloud yearly: a line of its own" in text(page)
    form = {
        "offer_id": here.annual,
        "quantity": "8",
        "unit_price": "182.40",
        "unit_cost": "145.20",
        "effective_on": day(0),
    }
    looked = text(client.post(address, form | {"look": "yes"})).replace("\N{NO-BREAK SPACE}", " ")
    assert here.kinds(one) == ["purchase"]
    assert "Cloud yearly" in looked
    wrong = client.post(address, form | {"unit_price": "much"})
    assert (wrong.status_code, here.kinds(one)) == (400, ["purchase"])
    strange = client.post(address, form | {"line": "1/2/3"})
    assert "Line in Autotask is none of the list" in text(strange)
    far = text(client.post(address, form | {"unit_price": "15.20"}))
    words = "unit price 182.40 to 15.20 EUR"
    assert f"{words[0].upper()}{words[1:]}: by more than a factor 3" in far
    assert here.kinds(one) == ["purchase"]
    assert client.post(address, form).status_code == 302
    here.work()
    assert here.badge(one) == "synced", here.cause(one)
    assert here.effects(here.line_of(one)) == [(day(0), 8, "182.40")]
    assert "Change offer to Microsoft 365" in text(client.get(f"/subscriptions/{one}"))


def test_a_later_day_stands_on_the_subscription_and_is_taken_back(office: Office) -> None:
    here, client = office.here, office.client
    one = here.held(commitment_ends_on=DatabaseClock().now().date() + timedelta(days=20))
    form = {
        "offer_id": here.annual,
        "quantity": "8",
        "unit_price": "182.40",
        "unit_cost": "145.20",
        "effective_on": day(21),
    }
    assert client.post(office.at(one, "change-offer"), form).status_code == 302
    assert Subscription.objects.get(pk=one).offer_id == here.monthly
    words = "1 year · Annual, quantity 8, unit price 182.40 from"
    assert words in text(client.get(f"/subscriptions/{one}"))
    assert words in text(client.get("/renewals"))
    back = office.at(one, "scheduled/take-back")
    assert words in text(client.get(back))
    assert client.post(back).status_code == 302
    assert scheduled_of([one]) == {}
    assert client.get(back).status_code == 404


def test_the_next_term_is_scheduled_and_changed(office: Office) -> None:
    here, client = office.here, office.client
    one = here.held(commitment_ends_on=DatabaseClock().now().date() + timedelta(days=20))
    address = office.at(one, "next-term")
    assert "When the term ends" in text(client.get(address))
    form = {"end_of_term": "renew", "quantity": "8", "unit_price": "16.00", "unit_cost": ""}
    looked = text(client.post(address, form | {"look": "yes"})).replace("\N{NO-BREAK SPACE}", " ")
    day = in_words(DatabaseClock().now().date() + timedelta(days=21))
    assert (
        f"You asked for {day}. Autotask will get \N{MINUS SIGN}2 units, unit price 16.00" in looked
    )
    assert f"By itself on {day}: Renew" in looked
    assert scheduled_of([one]) == {}
    part = client.post(address, form | {"end_of_term": ""}, headers={"HX-Request": "true"})
    assert "is needed: choose one of the three" in text(part)
    assert client.post(address, form).status_code == 302
    assert scheduled_of([one])[one].quantity == 8
    assert 'value="8"' in client.get(address).content.decode()
    wrong = client.post(address, form | {"quantity": "none"})
    assert wrong.status_code == 400
    assert client.post(address, form | {"end_of_term": "maybe"}).status_code == 400
    far = form | {"unit_price": "182.40"}
    held = client.post(address, far)
    assert (held.status_code, scheduled_of([one])[one].unit_price) == (400, Decimal("16.00"))
    words = "unit price 15.20 to 182.40 EUR"
    assert f'value="{words}"' in held.content.decode()
    assert client.post(address, far | {"accept_large_change": words}).status_code == 302
    assert scheduled_of([one])[one].unit_price == Decimal("182.40")
    ends = {"end_of_term": "cancel", "quantity": "", "unit_price": "", "unit_cost": ""}
    assert client.post(address, ends).status_code == 302
    assert scheduled_of([one]) == {}
    assert Subscription.objects.get(pk=one).end_of_term == "cancel"


def test_the_line_is_chosen_where_none_was_clear(office: Office) -> None:
    here, client = office.here, office.client
    one = here.held()
    e5 = here.offer(ANNUAL, sku="0002")
    today = DatabaseClock().now().date()
    here.change(one, e5, "650.00", cost="540.00", on=today)
    here.work()
    mapping = f"/connectors/{here.here.connection_id}/subscription-mapping"
    address = f"{mapping}/{one}/line"
    assert "Choose the line" in text(client.get(f"/subscriptions/{one}"))
    assert "Nothing to choose from yet" in text(client.get(address))
    here.here.load(
        services=[{"ref": "ey", "name": "E5 yearly", "period_type": 5, "unit_price": "650.00"}]
    )
    here.here.read()
    here.map_offer(e5, "ey")
    page = text(client.get(address))
    assert "Cloud yearly: a line of its own" in page
    assert "must be chosen" in text(client.post(address, {}))
    chosen = {"line": f"{here.here.refs['yk']}/own"}
    assert client.post(address, chosen).status_code == 302
    here.of.later(seconds=5)
    here.work()
    assert here.badge(one) == "synced", here.cause(one)
    assert client.get(address).status_code == 404


def test_resellers_are_made_renamed_and_a_customer_moves(db: None) -> None:
    of = tenancy()
    client = visitor(of)
    assert "No reseller yet" in text(client.get("/resellers"))
    name = f"Bright {number()}"
    assert client.post("/resellers", {"name": name}).status_code == 302
    assert "already" in text(client.post("/resellers", {"name": name}))
    assert "must have 1 to 200" in text(client.post("/resellers", {"name": " "}))
    page = client.get("/resellers").content.decode()
    found = re.search(r"/resellers/(\d+)", page)
    assert found is not None
    reseller = found[1]
    assert client.post(f"/resellers/{reseller}", {"name": name + " IT"}).status_code == 302
    assert name + " IT" in text(client.get("/resellers"))
    held = of.subscription()
    customer = Subscription.objects.get(pk=held).customer_id
    form = {"customer": str(customer), "to": reseller, "effective_on": day(0)}
    assert "Choose a customer and who" in text(client.post("/resellers/move", {}))
    looked = text(client.post("/resellers/move", form | {"look": "yes"}))
    assert "moves from the CSP itself to" in looked
    assert Subscription.objects.get(pk=held).reseller_id is None
    late = text(client.post("/resellers/move", form | {"effective_on": day(9)}))
    assert "The day is still to come" in late
    assert client.post("/resellers/move", form).status_code == 302
    assert Subscription.objects.get(pk=held).reseller_id == int(reseller)
    assert "is where it is" in text(client.post("/resellers/move", form))


def test_who_sees_resellers(db: None) -> None:
    reseller = visitor(tenancy(reseller=True))
    assert reseller.get("/resellers").status_code == 403
    assert "Resellers" not in text(reseller.get("/subscriptions"))
    operator = visitor(tenancy(role=Role.OPERATOR))
    assert "Make a reseller" not in text(operator.get("/resellers"))
    assert operator.get("/resellers/move").status_code == 403
