"""Sync on several."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.test import Client

from factories import user
from harness import World
from tallystick.ledger.models import SyncRound

PART = {"HX-Request": "true"}


class Screen:
    """Somebody at the screen, in a world with lines."""

    def __init__(self, world: World) -> None:
        self.client = Client()
        self.client.force_login(user(world.tenancy))
        self.at = f"/connectors/{world.connection_id}/sync"

    def text(self, address: str) -> str:
        found = self.client.get(address)
        assert found.status_code == 200, (address, found)
        return unescape(found.content.decode())

    def press(self, **values: Any) -> str:
        found = self.client.post(self.at, values)
        assert found.status_code == 302, found.content
        return found.headers["Location"]


@pytest.fixture
def screen(world: World) -> Screen:
    return Screen(world)


def test_a_selection_is_asked_watched_and_listed(world: World, screen: Screen) -> None:
    chosen, other = world.line(), world.line()
    chosen.quantity(12)
    other.quantity(12)
    said = screen.text(f"{screen.at}?subscription={chosen.subscription_id}")
    assert "1 subscription" in said
    at = screen.press(subscription=chosen.subscription_id)
    live = screen.text(at)
    assert 'data-state="running"' in live
    mark = live.split("?was=")[1][:16]
    assert screen.client.get(f"{at}?was={mark}", headers=PART).status_code == 204
    chosen.drive()
    assert (
        'data-state="finished"'
        in screen.client.get(f"{at}?was={mark}", headers=PART).content.decode()
    )
    assert "1 written, 0 unchanged" in screen.text(at)
    assert at in screen.text("/syncs")
    assert at in screen.text(f"/syncs?connection={world.connection_id}")
    assert other.changes() == []


def test_a_customer_and_a_connection(world: World, screen: Screen) -> None:
    lines = [world.line() for _ in range(2)]
    customer = lines[0].row().subscription.customer
    assert customer.name in screen.text(f"{screen.at}?customer={customer.id}")
    screen.press(customer=customer.id)
    screen.press()
    newest, first = SyncRound.objects.filter(connection_id=world.connection_id).order_by("-pk")
    assert (first.scope, first.customer_id) == ("customer", customer.id)
    assert (newest.scope, newest.customer_id) == ("connection", None)


def test_what_would_happen_is_shown_and_comes_as_csv(world: World, screen: Screen) -> None:
    line = world.line()
    line.quantity(12)
    # The pages reach Autotask by the server's own settings, which name none here.
    said = screen.text(f"{screen.at}?all=1&look=1")
    assert "Autotask was not read" in said
    assert "+2 units from 10 May 2026." in said
    found = screen.client.get(f"{screen.at}?all=1&look=csv")
    assert found.headers["Content-Type"].startswith("text/csv")
    header, row = b"".join(found).decode("utf-8-sig").splitlines()
    assert header.startswith("Customer,Subscription,Contract,Operation")
    assert "Update quantity 10 to 12,2026-05-10,2026-05-10,Sent" in row
    assert not SyncRound.objects.filter(connection_id=world.connection_id).exists()


def test_nothing_mapped_and_no_number_are_refused_by_name(world: World, screen: Screen) -> None:
    assert screen.client.get(f"{screen.at}?all=1").status_code == 400
    assert screen.client.get(f"{screen.at}?subscription=seven").status_code == 400
    assert screen.client.get(f"{screen.at}?customer=999999999").status_code == 404
    assert "Nobody pressed Sync yet" in screen.text("/syncs")
