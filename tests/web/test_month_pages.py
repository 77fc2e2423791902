"""Month proofs on their pages; asked without a browser."""

from __future__ import annotations

from datetime import date
from html import unescape

import pytest
from django.test import Client

from factories import user
from harness import World
from tallystick.books.close_month import close_month
from tallystick.identity.reach import NOTHING, reaching


@pytest.fixture
def screen(world: World) -> Client:
    client = Client()
    client.force_login(user(world.tenancy))
    return client


def text(screen: Client, address: str) -> str:
    found = screen.get(address)
    assert found.status_code == 200, (address, found)
    return unescape(found.content.decode())


def close(world: World) -> int:
    return close_month(
        world.connection_id,
        date(2026, 4, 1),
        context=world.tenancy.context,
        now=world.clock.now(),
        correlation_id="page",
        billing=world.engine.billing,
    )


def test_before_the_first_one_the_page_says_what_it_is_for(screen: Client) -> None:
    said = text(screen, "/months")
    assert "No month was closed yet" in said
    assert "Close the month" in said


def test_a_proof_shows_what_differs_and_what_changed(world: World, screen: Client) -> None:
    world.line()
    moved = world.line()
    first = close(world)
    said = text(screen, f"/months/{first}")
    assert "Autotask shows what was ordered, on 2 lines." in said
    moved.hand_edit(13, on=date(2026, 4, 11))
    second = close(world)
    said = text(screen, f"/months/{second}")
    assert "1 line differs" in said
    assert "1 line changed since proof 1." in said
    assert "before: Equal" in said
    assert f'href="/subscriptions/{moved.subscription_id}"' in said
    only = text(screen, f"/months/{second}?changed=yes")
    assert only.count("data-open") == 1
    assert "No line of this proof" in text(screen, f"/months/{second}?outcome=nothing")
    listed = text(screen, "/months")
    assert f"/months/{first}" in listed
    assert f"/months/{second}" in listed
    sheet = screen.get(f"/months/{second}.csv")
    with reaching(NOTHING):  # as the server reads it, after the door has closed
        assert b"".join(sheet).count(b"\r\n") == 3
    assert screen.get(f"/months/{second}.json").headers["Content-Type"] == "application/json"


def test_nothing_to_compare_is_said(world: World, screen: Client) -> None:
    said = text(screen, f"/months/{close(world)}")
    assert "Nothing to compare" in said
    assert "is-green" not in said.split('aria-label="What was found"')[0].rsplit("<section", 1)[1]


def test_closing_on_the_page(world: World, screen: Client) -> None:
    done = screen.post("/months", {"month": "2026-04", "connection": world.connection_id})
    assert done.status_code == 302
    assert done.headers["Location"].startswith("/months/")
    for wrong in (
        {"month": "soon", "connection": world.connection_id},
        {"month": "2026-04", "connection": "x"},
        {"month": "2199-01", "connection": world.connection_id},
    ):
        assert screen.post("/months", wrong).status_code == 400
