"""Home on its page; asked without a browser."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client

from factories import user
from harness import World

PART = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def worker(db: None) -> None:
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")


class Screen:
    """Somebody who looks at the pages of a world."""

    def __init__(self, world: World) -> None:
        self.client = Client()
        self.client.force_login(user(world.tenancy))

    def get(self, address: str, **headers: str) -> Any:
        return self.client.get(address, headers=headers)

    def text(self, address: str) -> str:
        found = self.get(address)
        assert found.status_code == 200, found
        return unescape(found.content.decode())


def stopped(world: World) -> Any:
    line = world.line(units=4)
    line.strike("refuse", message="The contract is locked.")
    line.quantity(6)
    world.work()
    return line


def test_home_is_where_one_lands_and_the_first_of_the_rail(world: World) -> None:
    world.line()
    said = Screen(world).text("/")
    assert '<a href="/" class="is-here" aria-current="true">' in said
    assert said.index(">Home</a>") < said.index(">Subscriptions</a>")
    assert 'data-tone="' in said


def test_what_needs_somebody_stands_there_with_cause_money_and_button(world: World) -> None:
    line = stopped(world)
    said = Screen(world).text("/")
    assert "The contract is locked." in said
    assert f'href="/subscriptions/{line.subscription_id}" data-open' in said
    assert f"/subscription-mapping/{line.subscription_id}/sync" in said
    assert "91.20\N{NO-BREAK SPACE}EUR" in said


def test_every_reason_leads_to_a_list_of_exactly_those(world: World) -> None:
    line = stopped(world)
    world.line()
    loose = world.tenancy.subscription(quantity=3)
    drifted = world.line()
    drifted.hand_edit(13)
    world.sweep()
    screen = Screen(world)
    said = screen.text("/")

    def listed(query: str) -> set[int]:
        assert f"/subscriptions?{query}" in said
        text = screen.text(f"/subscriptions?{query}")
        ids = [line.subscription_id for line in world.lines] + [loose]
        return {pk for pk in ids if f'href="/subscriptions/{pk}"' in text}

    assert listed("show=not_settled") == {line.subscription_id}
    assert listed("show=drifted") == {drifted.subscription_id}
    assert listed("show=not_billed") == {loose}
    assert listed("badge=out_of_sync") == {line.subscription_id, drifted.subscription_id}
    assert listed("badge=checking") == set()


def test_the_part_is_sent_again_only_when_it_would_show_something_else(world: World) -> None:
    line = world.line()
    screen = Screen(world)
    mark = screen.text("/").split("?was=")[1][:16]
    assert screen.get(f"/?was={mark}", **PART).status_code == 204
    line.quantity(12)
    again = screen.get(f"/?was={mark}", **PART)
    assert again.status_code == 200
    assert "<html" not in again.content.decode()


def test_without_a_worker_the_page_turns_red(world: World) -> None:
    world.line()
    screen = Screen(world)
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
    said = screen.text("/")
    assert 'data-tone="red"' in said
    assert "No worker is there" in said
    assert "starts a worker" in said


def test_a_day_that_is_none_is_refused_by_name(world: World) -> None:
    assert Screen(world).get("/?up_to=tomorrow").status_code == 400
    assert "30 Apr 2026" in Screen(world).text("/?up_to=2026-04-30")


def test_a_filter_that_is_none_is_refused_by_name(world: World) -> None:
    assert Screen(world).get("/subscriptions?show=everything").status_code == 400
    assert Screen(world).get("/subscriptions?badge=green").status_code == 400


def test_a_list_by_badge_has_pages(world: World) -> None:
    for _ in range(3):
        stopped(world)
        world.line()
    from tallystick.mappings.rows import list_rows

    context, now = world.tenancy.context, world.clock.now()
    first = list_rows(context, now=now, badge="out_of_sync", limit=2)
    assert len(first.items) == 2
    rest = list_rows(context, now=now, badge="out_of_sync", limit=2, cursor=first.next_cursor)
    assert len(rest.items) == 1
    assert rest.next_cursor is None
    ids = {row.subscription.id for row in (*first.items, *rest.items)}
    assert len(ids) == 3
    everything = list_rows(context, now=now, show="not_settled", limit=2)
    assert len(everything.items) == 2


def test_asking_for_a_look_says_what_happens(world: World) -> None:
    screen = Screen(world)
    said = screen.client.post(f"/connectors/{world.connection_id}/look", follow=True)
    assert "there is nothing to compare" in unescape(said.content.decode())
    world.line()
    said = screen.client.post(f"/connectors/{world.connection_id}/look", follow=True)
    assert "looked at, by a worker" in unescape(said.content.decode())
