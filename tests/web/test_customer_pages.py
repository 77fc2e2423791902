"""The Customers list; asked without a browser."""

from __future__ import annotations

from html import unescape

from benchmarks.questions import counted
from django.test import Client

from factories import sibling, tenancy, user
from harness import World
from tallystick.mappings.customer_standings import CUSTOMERS_A_PAGE, list_customer_standings


def test_each_stands_there_with_what_it_holds_bills_and_how_that_stands(world: World) -> None:
    line = world.line(units=4)
    customer = line.row().subscription.customer
    world.tenancy.subscription(quantity=2, customer_id=customer.id)
    line.strike("refuse")
    line.quantity(6)
    world.work()
    sibling(world.tenancy).customer("Not mine")
    client = Client()
    client.force_login(user(world.tenancy))
    said = unescape(client.get("/customers").content.decode())
    assert customer.name in said
    assert "8 licences · 121.60\N{NO-BREAK SPACE}EUR a month" in said
    at = f"/subscriptions?customer={customer.id}"
    assert f'href="{at}&badge=out_of_sync">1 Out of Sync' in said
    assert f'href="{at}&badge=not_mapped">1 Not Mapped' in said
    assert f"/connectors/{world.connection_id}/sync?customer={customer.id}" in said
    assert client.get("/customers?q=nobody-of-that-name").status_code == 200
    assert client.get(f"{at}&badge=out_of_sync").status_code == 200


def test_a_reseller_sees_its_own_and_pages_follow(db: None) -> None:
    of = sibling(tenancy())
    assert list_customer_standings(of.context, now=of.clock.now()).items == []
    for _ in range(CUSTOMERS_A_PAGE + 1):
        of.customer()
    first = list_customer_standings(of.context, now=of.clock.now())
    assert len(first.items) == CUSTOMERS_A_PAGE
    rest = list_customer_standings(of.context, now=of.clock.now(), cursor=first.next_cursor)
    assert (len(rest.items), rest.next_cursor) == (1, None)
    assert rest.items[0].badges == []


def test_as_many_questions_for_more_of_them(db: None) -> None:
    of = tenancy()

    def asked() -> int:
        with counted() as questions:
            list_customer_standings(of.context, now=of.clock.now())
        return questions.questions

    of.subscription()
    few = asked()
    for _ in range(10):
        of.subscription()
    assert asked() <= few
