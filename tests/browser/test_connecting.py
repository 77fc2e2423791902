"""Connecting Autotask step by step, and the page of the connection that comes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.conftest import Watched
from processes import Command, run
from tallystick.bootstrap.ports import reserved
from tallystick.simulator.running import Simulator, running_simulator

PASSWORD = "a long enough secret"
_numbers = count(1)
YEAR = {"start": "2026-01-01", "end": "2099-12-31"}


@dataclass(frozen=True)
class Office:
    """An installation in which nothing is connected yet."""

    web: str
    simulator: Simulator
    home: Path


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    home = tmp_path_factory.mktemp("connecting")
    with reserved("127.0.0.1", 8480) as port, running_simulator() as simulator:
        simulator.load(
            companies=[{"ref": "c", "name": "Fabrikam"}],
            services=[{"ref": "s", "name": "Exchange Online", "unit_price": "4"}],
            contracts=[{"ref": "k", "company": "c", "name": "Cloud", **YEAR}],
            lines=[{"contract": "k", "service": "s", "units": 5}],
        )
        environment = {
            "TALLYSTICK_AUTOTASK_ORIGINS": simulator.origin,
            "TALLYSTICK_AUTOTASK_DISCOVERY_URL": simulator.origin,
        }
        command = Command("up", "--port", str(port), home=home, **environment)
        try:
            command.wait_for("Tallystick is at")
            yield Office(f"http://127.0.0.1:{port}", simulator, home)
        finally:
            assert command.stop() == 0, command.said


@pytest.fixture
def noa(office: Office, browser: Browser) -> Iterator[Page]:
    """Signed in to an organisation of her own; watched: no page complains or asks anybody else."""
    number = next(_numbers)
    email = f"noa{number}@fabrikam.example"
    made = run(
        "create-admin",
        email,
        f"--organisation=Fabrikam {number}",
        "--password-stdin",
        home=office.home,
        input=PASSWORD + "\n",
    )
    assert made.returncode == 0, made.stderr
    context = browser.new_context(base_url=office.web, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(40_000)
    watched = Watched(context, office.web)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile("/$"))
    yield page
    context.close()
    assert watched.complaints == []


def press(page: Page, name: str, role: str = "button") -> None:
    page.get_by_role("main").get_by_role(role, name=name, exact=True).click()  # type: ignore[arg-type]
    page.wait_for_load_state("networkidle")


def fill(page: Page, **values: str) -> None:
    for field, text in values.items():
        page.locator(f"#{field}").fill(text)


def entered(page: Page, office: Office, *, name: str, secret: str | None = None) -> int:
    """The first two steps; answers the connection's number."""
    page.goto("/connectors/new/credentials")
    fill(
        page,
        name=name,
        user_name=office.simulator.user,
        secret=secret or office.simulator.secret,
        code=office.simulator.code,
        price_currency="eur",
        cost_currency="usd",
    )
    press(page, "Save and test next")
    found = re.search(r"/connectors/(\d+)/connect/test$", page.url)
    assert found is not None, page.url
    return int(found[1])


def current_step(page: Page) -> str:
    return page.locator("[aria-current=step]").inner_text().split("\n")[-1].strip()


def test_a_new_user_is_led_from_nothing_to_the_first_mapping(office: Office, noa: Page) -> None:
    page = noa
    page.goto("/connectors")
    expect(page.get_by_role("heading", name="No connection yet")).to_be_visible()
    page.get_by_role("link", name="Connect Autotask").first.click()
    assert current_step(page).endswith("Before you begin")
    press(page, "I have these: go on", "link")

    press(page, "Save and test next")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was saved")
    for field in ("user_name", "secret", "code", "price_currency", "cost_currency"):
        expect(page.locator(f"#{field}-error")).to_be_visible()

    page.locator("#user_name").fill("nobody@elsewhere.example")
    page.locator("#secret").focus()
    expect(page.locator("#zone")).to_contain_text("No zone was found for this name")
    page.locator("#user_name").fill(office.simulator.user)
    page.locator("#secret").focus()
    expect(page.locator("#zone")).to_contain_text("Zone found: Simulator Zone 1.")

    fill(page, secret="not the secret", code=office.simulator.code)
    fill(page, price_currency="EUR", cost_currency="EUR")
    press(page, "Save and test next")
    at = page.url.removesuffix("/connect/test")
    expect(page.get_by_role("list", name="What is checked")).to_contain_text("Clocks agree")

    corrected_in_place(page, office)
    left_and_come_back_to(page, at)
    press(page, "Map customers next", "link")
    expect(page.get_by_role("heading", level=1)).to_have_text("Customer Mapping")


def corrected_in_place(page: Page, office: Office) -> None:
    """A wrong secret, then a wrong currency, without beginning anew."""
    press(page, "Test connection")
    expect(page.get_by_text("1 check of 3 did not pass")).to_be_visible()
    expect(page.get_by_text("Autotask does not say which of the two is wrong")).to_be_visible()
    assert "not the secret" not in page.content()
    expect(page.locator("#user_name")).to_have_value(office.simulator.user)
    expect(page.locator("#code")).to_have_count(0)
    page.locator("#secret").fill(office.simulator.secret)
    press(page, "Save and test again")
    expect(page.get_by_text("Autotask's internal currency is USD")).to_be_visible()
    expect(page.locator("#secret")).to_have_count(0)
    page.locator("#cost_currency").fill("dollars")
    press(page, "Save and test again")
    expect(page.locator("#cost_currency-error")).to_contain_text("is not a currency code")
    page.locator("#cost_currency").fill("usd")
    press(page, "Save and test again")
    expect(page.get_by_role("status").filter(has_text="Everything works.")).to_be_visible()
    assert page.locator(".checks .is-red").count() == 0


def left_and_come_back_to(page: Page, at: str) -> None:
    page.goto(at)
    expect(page.get_by_role("region", name="Health")).to_contain_text("Working.")
    page.goto(f"{at}/connect/defaults")
    quiet = page.locator("#quiet_seconds")
    quiet.fill("soon")
    press(page, "Save and go on")
    expect(page.locator("#quiet_seconds-error")).to_be_visible()
    quiet.fill("30")
    page.get_by_label("Send it for the next day.").check()
    expect(page.get_by_text("one day later than it was made")).to_be_visible()
    press(page, "Save and go on")
    expect(page.get_by_text("is connected. Nothing is sent before")).to_be_visible()
    lists = page.locator("#lists")
    expect(lists).to_contain_text("As of", timeout=60_000)
    expect(lists.locator("dl")).to_contain_text("Companies")


def test_a_second_one_of_the_same_autotask_and_currency_is_told(office: Office, noa: Page) -> None:
    entered(noa, office, name="Cloud one")
    press(noa, "Test connection")
    entered(noa, office, name="Cloud two")
    press(noa, "Test connection")
    expect(noa.get_by_text("both would bill the same contracts")).to_be_visible()
    noa.locator("#price_currency").fill("usd")
    press(noa, "Save and test again")
    expect(noa.get_by_role("status").filter(has_text="Everything works.")).to_be_visible()


def test_the_whole_way_by_keyboard_alone(office: Office, noa: Page) -> None:
    page = noa

    def go_to(name: str) -> None:
        """Tab until it has the focus, as somebody without a mouse does."""
        for _ in range(80):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "(document.activeElement.labels?.[0] ?? document.activeElement).innerText"
            )
            if focused.strip() == name:
                return
        raise AssertionError(f"no Tab leads to {name}")

    page.goto("/connectors/new")
    go_to("I have these: go on")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/new/credentials"))
    expect(page.locator("#name")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("By keyboard")
    for name, text in {
        "API user name": office.simulator.user,
        "Secret": office.simulator.secret,
        "Integration code": office.simulator.code,
        "Price currency": "chf",
        "Cost currency": "usd",
    }.items():
        go_to(name)
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/connect/test"))
    go_to("Test connection")
    page.keyboard.press("Enter")
    # Not an active currency there: the field to correct it has the focus.
    expect(page.locator("#price_currency")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("eur")
    page.keyboard.press("Enter")
    expect(page.locator(".checks")).to_contain_text("EUR is active in Autotask.")
    if page.locator(".checks .is-red").count():
        pytest.fail(page.locator(".checks").inner_text())
    go_to("Go on to the defaults")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/connect/defaults"))
    go_to("Keep them as they are")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/connect/done"))
    go_to("Overview of the connection")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("By keyboard")


def test_the_page_says_how_it_is_and_what_comes_next(office: Office, noa: Page) -> None:
    page = noa
    connection_id = entered(page, office, name="Overview", secret="wrong")
    page.goto("/connectors")
    page.get_by_role("link", name="Overview", exact=True).click()
    expect(page).to_have_url(re.compile(f"/connectors/{connection_id}$"))
    health = page.get_by_role("region", name="Health")
    expect(health).to_contain_text("Not tested.")
    expect(page.get_by_text("It was never tested.")).to_be_visible()
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    press(page, "Go on with the test", "link")
    press(page, "Test connection")
    page.goto(f"/connectors/{connection_id}")
    expect(health).to_contain_text("Does not work.")
    expect(health).to_contain_text("An administrator mends that and tests again.")
    expect(page.get_by_role("img", name=re.compile("of ours"))).to_be_visible()

    page.get_by_text("Pause the connection").first.click()
    page.get_by_label("Reason").fill("Until the secret is there.")
    press(page, "Pause")
    expect(page.locator(".paused")).to_contain_text("Until the secret is there.")
    press(page, "Resume")
    expect(page.locator(".paused")).to_have_count(0)

    for path in ("", "/connect/credentials", "/connect/test", "/connect/defaults", "/connect/done"):
        page.set_viewport_size({"width": 390, "height": 800})
        page.goto(f"/connectors/{connection_id}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        expect(page.get_by_role("heading", level=1)).to_have_count(1)


def test_what_others_have_is_not_there(noa: Page) -> None:
    for path in ("", "/connect/credentials", "/connect/test", "/connect/defaults", "/connect/done"):
        answer = noa.goto(f"/connectors/987654{path}")
        assert answer is not None
        assert answer.status == 404, path
