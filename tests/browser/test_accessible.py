"""Every page of the product as axe-core sees it, and in narrow windows: nothing is cut off.

The pages are answered in this process, with one of everything; what is left out says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, Route

from factories import START, TODAY, Tenancy, number, tenancy
from tallystick.catalog.terms import OfferKind
from tallystick.directory.models import ContractEntry
from tallystick.identity.roles import Role
from tallystick.ledger.models import Lane
from tallystick.mappings.models import LineWanted, NextPlace
from tallystick.subscriptions.models import ScheduledChange
from web import test_user_pages
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
# Files and parts of pages, and what only leads elsewhere.
NO_PAGE = {
    *("month-csv", "month-json", "invoice-csv", "audit-logs-export"),
    *("sign-out", "standing", "run-progress", "price-run-progress"),
    *("customer-mapping-export", "offer-mapping-export", "subscription-mapping-export"),
    *("openid", "openid-back"),
}
# Pages of somebody who has not signed in yet.
STRANGERS = {"sign-in-code", "welcome"}
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
        if right in {"-", "anybody"} or name in NO_PAGE | ELSEWHERE:
            continue
        address = mine.address(name)
        answer = page.goto(address)
        # 409: what cannot be done now says so on a page.
        if answer is None or answer.status not in {200, 409}:
            wrong.append(f"{name} {address}: {answer.status if answer else 'no answer'}")
            continue
        wrong += [f"{name} {address}: {one}" for one in wrong_with(page)]
    assert not wrong, "\n".join(wrong)


def of_their_own(of: Tenancy) -> dict[str, str]:
    """Their addresses: a subscription that is mapped, one that is not, an Azure plan; something
    that is scheduled, a line that is to be chosen; two contracts, and who goes on to the other."""
    mine = Objects(of)
    mapped, connection = mine.ids["subscription_id"], mine.ids["connection_id"]
    alone = of.subscription()
    plan = of.subscription(offer_id=of.offer(kind=OfferKind.AZURE_PLAN))
    asked = {"tenant_id": of.tenant_id, "asked_by": "Ada", "created_at": START}
    ScheduledChange.objects.create(subscription_id=alone, quantity=8, **asked)
    LineWanted.objects.create(
        subscription_id=mapped,
        connection_id=connection,
        lane_id=mine.ids["lane_id"],
        begins_on=TODAY,
        begins_at=START,
        **asked,
    )
    for ref in (1, 2):
        ContractEntry.objects.create(
            connection_id=connection,
            ref=ref,
            name=f"Cloud {ref}",
            company_ref=1,
            active=True,
            starts_on=START.date(),
            ends_on=TODAY,
            period_months=1,
            seen_at=START,
        )
    goes_on = of.subscription()
    earlier = of.map(goes_on, connection, contract_id=1, line_id=number())
    Lane.objects.filter(pk=earlier).update(ends_on=TODAY + timedelta(days=1))
    begins = {"begins_on": TODAY + timedelta(days=1), "begins_at": START + timedelta(days=1)}
    there = {"tenant_id": of.tenant_id, "connection_id": connection, "subscription_id": goes_on}
    lane = Lane.objects.create(created_at=START, **there, **begins)
    NextPlace.objects.create(
        lane=lane,
        company_id=1,
        contract_id=2,
        contract_name="Cloud 2",
        service_id=1,
        asked_by="Ada",
        created_at=START,
        **there,
        **begins,
    )
    of_one = {"azure-amounts": plan, "map": alone, "take-back": alone, "stay": goes_on}
    found = {}
    for name in sorted(ELSEWHERE):
        mine.ids["subscription_id"] = of_one.get(name, mapped)
        found[name] = mine.address(name)
    return found


def test_so_can_those_that_need_something_of_their_own(db: None, window: BrowserContext) -> None:
    of = tenancy()
    answered_by(as_role(of, Role.ADMINISTRATOR), window)
    page, wrong = window.new_page(), []
    for name, address in of_their_own(of).items():
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, f"{name} {address}"
        wrong += [f"{name} {address}: {one}" for one in wrong_with(page)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", sorted(STRANGERS))
def test_so_can_what_a_stranger_is_led_to(db: None, window: BrowserContext, name: str) -> None:
    """After an invitation, and after the password."""
    of, guest = tenancy(), Client()
    if name == "welcome":
        asked = {"email": test_user_pages.new_address(), "name": "Guest", "role": "viewer"}
        said = as_role(of, Role.ADMINISTRATOR).post("/users/invite", asked).content.decode()
        invited = re.search(r"http://testserver(/welcome/[\w-]+)", said)
        assert invited is not None
        address = invited[1]
    else:
        person, _, _ = test_user_pages.TestCodes().set_up(of)
        address = test_user_pages.sign_in(guest, person).headers["Location"]
    answered_by(guest, window)
    page = window.new_page()
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200
    assert wrong_with(page) == []


@pytest.mark.parametrize("address", ["/sign-in", "/nowhere"])
def test_so_can_the_way_in_and_what_is_not_there(
    db: None, window: BrowserContext, address: str
) -> None:
    answered_by(Client(raise_request_exception=False), window)
    page = window.new_page()
    page.goto(address)
    assert wrong_with(page) == []
