"""A line is shared and left with the keyboard, in windows of any width, as axe-core sees it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from browser.test_accessible import ORIGIN, answered_by, wrong_with
from factories import user
from moving import Company, company
from tallystick.kit.clock import DatabaseClock
from tallystick.subscriptions.models import Subscription

Made = tuple[Company, int]


@pytest.fixture
def made(db: None) -> Iterator[Made]:
    with company() as here:
        first = here.held(friendly_name="Head office")
        # The pages ask the real clock; the engine's is brought there before anything is recorded.
        here.until(DatabaseClock().now().date() + timedelta(days=1))
        yield here, first


@pytest.fixture
def window(browser: Browser, made: Made) -> Iterator[BrowserContext]:
    client = Client()
    client.force_login(user(made[0].of))
    context = browser.new_context(base_url=ORIGIN)
    context.set_default_timeout(30_000)
    answered_by(client, context)
    yield context
    context.close()


def looked_at(page: Page, name: str) -> None:
    assert wrong_with(page) == [], name
    if folder := os.environ.get("TALLYSTICK_SCREENSHOTS"):
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})


def test_a_line_is_shared_and_left(made: Made, window: BrowserContext) -> None:
    here, first = made
    second = here.of.subscription(quantity=5, customer_id=here.customer, offer_id=here.monthly)
    long = "c3f7a0be-5d21-4e0f-9d3e-0a7b6c5d4e3f"
    Subscription.objects.filter(pk=second).update(provider_id=long)
    other_price = here.of.subscription(
        quantity=3, unit_price="19.00", customer_id=here.customer, offer_id=here.monthly
    )
    at = f"/connectors/{here.here.connection_id}/subscription-mapping"
    page = window.new_page()
    page.goto(f"{at}/{other_price}/map")
    expect(page.get_by_label("A line of Head office")).to_be_disabled()
    looked_at(page, "map-refused")
    page.goto(f"{at}/{second}/map")
    looked_at(page, "map")
    choice = page.get_by_label("Bill together with Head office")
    choice.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("together")
    # Here a redirect is followed before the browser sees it.
    page.goto(f"{at}/{second}/together/{first}")
    expect(page.get_by_label("What will happen")).to_contain_text("ogether they have 15")
    looked_at(page, "together")
    day = page.get_by_label("Effective day")
    day.fill("2020-01-01")
    expect(page.get_by_label("What will happen")).to_contain_text("Effective day")
    page.get_by_role("button", name="Bill together").press("Enter")
    expect(page.locator("#effective_on-error")).to_be_visible()
    looked_at(page, "together-wrong")
    page.get_by_label("Effective day").fill(DatabaseClock().now().date().isoformat())
    page.get_by_role("button", name="Bill together").press("Enter")
    expect(page.get_by_text("is billed together with Head office", exact=False)).to_be_visible()
    here.work()
    page.goto(f"/subscriptions/{second}")
    looked_at(page, "subscription")
    page.goto(at)
    looked_at(page, "list")
    page.goto(f"/subscriptions/{second}")
    page.get_by_role("link", name="Bill apart").press("Enter")
    expect(page.get_by_label("What will happen")).to_contain_text("thers have 10")
    looked_at(page, "apart")
    page.get_by_role("button", name="Bill apart").press("Enter")
    expect(page.get_by_text("this one is Not Mapped now", exact=False)).to_be_visible()
    page.goto(at)
    expect(page.get_by_text("Billed together", exact=False)).to_have_count(0)


def test_what_stops_is_told_with_whose_it_is(made: Made, window: BrowserContext) -> None:
    here, first = made
    second = here.of.subscription(quantity=5, customer_id=here.customer, offer_id=here.monthly)
    at = f"/connectors/{here.here.connection_id}/subscription-mapping"
    page = window.new_page()
    page.goto(f"{at}/{second}/together/{first}")
    page.get_by_role("button", name="Bill together").click()
    here.work()
    here.here.simulator.add_fault("refuse", method="POST", path="ServiceAdjustments")
    here.of.quantity(first, 12, here.of.today())
    here.work()
    page.goto(f"/subscriptions/{second}")
    expect(page.get_by_text("which is billed on the same line", exact=False)).to_be_visible()
    looked_at(page, "stopped")
    page.goto(at)
    looked_at(page, "list-stopped")
