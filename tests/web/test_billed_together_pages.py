"""Several subscriptions on one line, on the pages; asked without a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from factories import Tenancy, user
from moving import Company, company
from tallystick.identity.roles import Role
from tallystick.kit.clock import DatabaseClock
from tallystick.mappings.models import SubscriptionMapping

SPACES = str.maketrans("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}", "  ")


def text(answer: Any) -> str:
    plain = re.sub(r"<[^>]*>", " ", answer.content.decode()).translate(SPACES)
    return " ".join(plain.replace("&#x27;", "'").split())


@dataclass
class Office:
    """``first`` is mapped and green with 10, ``second`` is another order of 5 by the customer."""

    here: Company
    client: Client
    first: int
    second: int

    def at(self, subscription_id: int, what: str) -> str:
        connection = self.here.here.connection_id
        return f"/connectors/{connection}/subscription-mapping/{subscription_id}/{what}"

    @property
    def joining(self) -> str:
        return self.at(self.second, f"together/{self.first}")

    def line(self) -> str:
        refs = self.here.here.refs
        return f"{refs['mk']}:{refs['ml']}"

    def another(self, *, quantity: int = 5, **more: Any) -> int:
        return self.here.of.subscription(
            quantity=quantity,
            customer_id=self.here.customer,
            offer_id=self.here.monthly,
            **more,
        )

    def together(self) -> None:
        assert self.client.post(self.joining, {"effective_on": today()}).status_code == 302
        self.here.work()

    def list(self) -> Any:
        return self.client.get(f"/connectors/{self.here.here.connection_id}/subscription-mapping")


def today(later: int = 0) -> str:
    return (DatabaseClock().now().date() + timedelta(days=later)).isoformat()


@pytest.fixture
def office(db: None) -> Iterator[Office]:
    with company() as here:
        first = here.held(friendly_name="Head office")
        # The pages ask the real clock; the engine's is brought there before anything is recorded.
        here.until(DatabaseClock().now().date() + timedelta(days=1))
        client = Client()
        client.force_login(user(here.of))
        made = Office(here, client, first, 0)
        made.second = made.another()
        yield made


def test_a_taken_line_says_whom_it_bills_and_may_be_shared(office: Office) -> None:
    page = office.client.get(office.at(office.second, "map"))
    assert "Bill together with Head office" in text(page)
    assert "One line shows what both have: 10 + 5 = 15 units" in text(page)
    assert f'value="{office.line()}" disabled' not in page.content.decode()
    chosen = office.client.get(office.at(office.second, f"map?place={office.line()}"))
    assert chosen.headers["Location"] == office.joining


def test_one_that_may_not_be_shared_says_why(office: Office) -> None:
    office.second = office.another(unit_price="19.00")
    page = office.client.get(office.at(office.second, f"map?place={office.line()}"))
    assert "A line of Head office" in text(page)
    assert "Head office has another price or cost: one line has one." in text(page)
    assert f'value="{office.line()}" disabled' in page.content.decode()
    refused = office.client.post(office.joining, {"effective_on": today()})
    assert refused.status_code == 409
    assert "another price or cost" in text(refused)
    assert not SubscriptionMapping.objects.filter(subscription_id=office.second).exists()


def test_what_will_happen_is_said_before_it_is_recorded(office: Office) -> None:
    page = text(office.client.get(office.joining))
    assert "The line then shows 15" in page
    assert "all of them stop" in page
    assert "a price of one is recorded for all" in page
    looked = office.client.post(office.joining, {"effective_on": today(), "look": "yes"})
    assert "ogether they have 15." in text(looked)
    assert "+5 units" in text(looked)
    assert not SubscriptionMapping.objects.filter(subscription_id=office.second).exists()
    part = office.client.post(
        office.joining, {"effective_on": "soon"}, headers={"HX-Request": "true"}
    )
    assert "Effective day" in text(part)
    wrong = office.client.post(office.joining, {"effective_on": "soon"})
    assert wrong.status_code == 400
    assert 'aria-invalid="true"' in wrong.content.decode()
    assert 'value="soon"' in wrong.content.decode()


def test_together_they_are_told_on_every_page_and_apart_again(office: Office) -> None:
    office.together()
    here = office.here
    assert here.units(here.line_of(office.first), DatabaseClock().now().date()) == 15
    assert office.client.post(office.joining, {"effective_on": today()}).status_code == 302
    assert here.kinds(office.second) == ["purchase", "map"], "the form was sent twice"
    provider = here.held_now(office.second).provider_id
    one = office.client.get(f"/subscriptions/{office.first}")
    assert f"Billed together With 1 other Microsoft 365 Business Premium ({provider})" in text(one)
    assert f'href="/subscriptions/{office.second}"' in one.content.decode()
    other = office.client.get(f"/subscriptions/{office.second}")
    assert "Billed together With 1 other Head office" in text(other)
    assert "Bill apart" in text(other)
    listed = office.list().content.decode()
    assert text(office.list()).count("Billed together with 1 other") == 2
    assert office.at(office.second, "apart") in listed
    assert office.at(office.second, "unmap") not in listed
    assert office.client.get(office.at(office.second, "unmap")).headers["Location"] == office.at(
        office.second, "apart"
    )

    at = office.at(office.second, "apart")
    page = text(office.client.get(at))
    assert "the line shows what the others have, 10 units" in page
    assert "Not Mapped afterwards" in page
    day = today(1)  # of one day Autotask takes one change
    looked = office.client.post(at, {"effective_on": day, "look": "yes"})
    assert "\N{MINUS SIGN}5 units" in text(looked)
    assert office.client.post(at, {"effective_on": "never"}).status_code == 400
    assert here.badge(office.second) == "synced"
    assert office.client.post(at, {"effective_on": day}).status_code == 302
    here.work()
    assert (here.badge(office.first), here.badge(office.second)) == ("synced", "not_mapped")
    assert here.units(here.line_of(office.first), date.fromisoformat(day)) == 10
    assert office.client.post(at, {"effective_on": today()}).status_code == 302
    assert office.client.get(at).status_code == 404
    alone = office.client.get(office.at(office.first, "apart"))
    assert alone.headers["Location"] == office.at(office.first, "unmap")


def test_what_needs_a_line_of_its_own_is_not_offered_and_a_price_is_of_all(office: Office) -> None:
    office.together()
    page = text(office.client.get(f"/subscriptions/{office.second}"))
    assert "Change offer It is billed on one line together with others: bill it apart" in page
    price = f"/subscriptions/{office.second}/price-margin"
    assert "It is recorded for all on this line, so for Head office , too." in text(
        office.client.get(price)
    )
    form = {"unit_price": "16.40", "unit_cost": "", "effective_on": today()}
    assert office.client.post(price, form).status_code == 302
    assert office.here.kinds(office.first)[-1] == "update_price_margin"


def test_one_that_stops_is_told_on_all_with_whose_it_is(office: Office) -> None:
    office.together()
    here = office.here
    here.here.simulator.add_fault("refuse", method="POST", path="ServiceAdjustments")
    here.of.quantity(office.first, 12, here.of.today())
    here.work()
    other = text(office.client.get(f"/subscriptions/{office.second}"))
    assert "Of Head office , which is billed on the same line." in other
    assert "Update quantity 10 to 12, of Head office:" in text(office.list())


def test_of_several_everybody_is_named(office: Office) -> None:
    office.together()
    third = office.another(quantity=2, friendly_name="Branch")
    page = text(office.client.get(office.at(third, "map")))
    assert "Bill together with Head office and 1 other" in page
    assert "One line shows what all of them have: 10 + 5 + 2 = 17 units" in page
    looked = office.client.post(
        office.at(third, f"together/{office.second}"), {"effective_on": today(), "look": "yes"}
    )
    assert "ogether they have 17." in text(looked)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR])
def test_who_may_not_map_may_not_share(office: Office, role: Role) -> None:
    of = office.here.of
    context = type(of.context)(of.tenant_id, None, role, of.context.actor)
    client = Client()
    client.force_login(user(Tenancy(of.tenant_id, context, of.clock)))
    for address in (office.joining, office.at(office.first, "apart")):
        assert client.get(address).status_code == 403
        assert client.post(address, {"effective_on": today()}).status_code == 403
