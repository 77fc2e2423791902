"""Every page of the product as axe-core sees it, and in narrow windows: nothing is cut off.

The pages are answered in this process, with one of everything; what is left out says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Route

from factories import tenancy
from tallystick.identity.roles import Role
from web.test_page_matrix import ELSEWHERE, LOOKED_AT, Objects, as_role

# What WCAG 2.2 AA asks for, as far as a program can tell.
ASKED = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
WORST = {"serious", "critical"}
# A small telephone, and 1280 at 200 %: the text is as wide as in half of it.
NARROW = (320, 640)
# Beside the rail a table has least room.
MIDDLE = (961, 1250)
# Files and parts of pages, what asks Autotask, and what only leads elsewhere.
NO_PAGE = ELSEWHERE | {
    *("month-csv", "month-json", "invoice-csv", "audit-logs-export"),
    *("sign-out", "standing", "run-progress", "price-run-progress"),
    *("customer-mapping-export", "offer-mapping-export", "subscription-mapping-export"),
    *("openid", "openid-back", "sign-in-code", "welcome"),
}
ORIGIN = "http://tallystick.test"


def wrong_with(page: Page) -> list[str]:
    """One line for each thing axe-core calls serious or critical, and for what is cut off."""
    page.set_viewport_size({"width": 1280, "height": 800})
    found = [
        f"{one['id']}: {node['html'][:160]} {node['target']}"
        for one in Axe().run(page, options=ASKED).response["violations"]
        if one["impact"] in WORST
        for node in one["nodes"][:3]
    ]
    for width in (*NARROW, *MIDDLE):
        page.set_viewport_size({"width": width, "height": 800})
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{wide} px wide in a window of {width}")
        if width in MIDDLE and page.locator(".table-card").evaluate_all(
            "all => all.some(one => one.scrollWidth > one.clientWidth)"
        ):
            found.append(f"a table wider than its card in a window of {width}")
    return found


def answered_by(client: Client, context: BrowserContext) -> None:
    """Whatever the browser asks for is answered here, without a server."""

    def answer(route: Route) -> None:
        asked, told = urlsplit(route.request.url), route.request.headers
        address = f"{asked.path}?{asked.query}"
        # What asks for a part of a page gets a part.
        part = {"HX-Request": told["hx-request"]} if "hx-request" in told else {}
        if route.request.method == "GET":
            said = client.get(address, follow=True, headers=part)
        else:
            body, kind = route.request.post_data_buffer or b"", told["content-type"]
            said = client.post(address, body, content_type=kind, headers=part)
        content = b"".join(said) if said.streaming else said.content  # type: ignore[arg-type]  # a file's answer
        route.fulfill(status=said.status_code, headers=dict(said.items()), body=content)

    context.route("**/*", answer)


@pytest.fixture
def window(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=ORIGIN)
    context.set_default_timeout(30_000)
    yield context
    context.close()


def test_every_page_can_be_read_by_everybody(db: None, window: BrowserContext) -> None:
    of = tenancy()
    mine, client = Objects(of), as_role(of, Role.ADMINISTRATOR)
    answered_by(client, window)
    page, wrong = window.new_page(), []
    for name, right in LOOKED_AT.items():
        if right in {"-", "anybody"} or name in NO_PAGE:
            continue
        address = mine.address(name)
        answer = page.goto(address)
        # 409: what cannot be done now says so on a page.
        if answer is None or answer.status not in {200, 409}:
            wrong.append(f"{name} {address}: {answer.status if answer else 'no answer'}")
            continue
        wrong += [f"{name} {address}: {one}" for one in wrong_with(page)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("address", ["/sign-in", "/nowhere"])
def test_so_can_the_way_in_and_what_is_not_there(
    db: None, window: BrowserContext, address: str
) -> None:
    answered_by(Client(raise_request_exception=False), window)
    page = window.new_page()
    page.goto(address)
    assert wrong_with(page) == []
