"""The demo, as ``make demo`` plays it, and a real browser in front of it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from processes import Command
from tallystick.bootstrap.stand_in import StandIn

# The state machine searches beside these tests: what comes in a second comes in ten there.
expect.set_options(timeout=30_000)

EMAIL, PASSWORD = "ada@northwind.example", "northwind-at-month-end"


@dataclass(frozen=True)
class Demo:
    web: str
    simulator: str


def chromium() -> str:
    found = os.environ.get("TALLYSTICK_CHROMIUM") or next(
        (path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None
    )
    if found is None:
        pytest.fail("no Chromium: apt-get install chromium, or set TALLYSTICK_CHROMIUM")
    return found


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    home: Path = tmp_path_factory.mktemp("demo")
    # It takes the next free ones, which nobody else has chosen meanwhile, and says which.
    command = Command("demo", "--port", "8400", "--simulator-port", "4400", home=home)
    try:
        command.wait_for("Ctrl-C stops it", seconds=300)
        web, simulator = re.findall(r"(http://\S+?)/(?:simulator/)?\n", command.said)[-2:]
        yield Demo(web, simulator)
    finally:
        code = command.stop()
    assert code == 0, command.said
    assert "Stopped" in command.said


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright runs a loop in this thread while it lives; nothing of ours is asynchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield running
        running.close()


class Watched:
    """Pages that fail the test when they complain, or ask anybody but us."""

    def __init__(self, context: BrowserContext, allowed: str) -> None:
        self.complaints: list[str] = []
        self._allowed = allowed
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("request", self._request)

    def _console(self, message: Any) -> None:
        # A refused form is answered with 4xx, and Chromium notes every such answer.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def _request(self, request: Any) -> None:
        if not request.url.startswith((self._allowed, "data:")):
            self.complaints.append(f"asked {request.url}")


def _page(browser: Browser, demo: Demo, **options: Any) -> Iterator[Page]:
    context = browser.new_context(
        base_url=demo.web, viewport={"width": 1280, "height": 800}, **options
    )
    context.set_default_timeout(40_000)
    watched = Watched(context, demo.web)
    yield context.new_page()
    context.close()
    assert watched.complaints == []


def sign_in(page: Page, *, password: str = PASSWORD) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def choose_change(page: Page, name: str) -> None:
    """From the *Change* menu of a subscription's page."""
    page.locator(".menu.change summary").click()
    page.locator(".menu.change").get_by_role("link", name=name).click()


@pytest.fixture(scope="session")
def ada(browser: Browser, demo: Demo) -> Any:
    """What a browser keeps once Ada has signed in."""
    context = browser.new_context(base_url=demo.web)
    sign_in(context.new_page())
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def anybody(browser: Browser, demo: Demo) -> Iterator[Page]:
    yield from _page(browser, demo)


@pytest.fixture
def page(browser: Browser, demo: Demo, ada: Any) -> Iterator[Page]:
    """Ada, signed in."""
    yield from _page(browser, demo, storage_state=ada)


@pytest.fixture
def plain(browser: Browser, demo: Demo, ada: Any) -> Iterator[Page]:
    """Ada, signed in, without JavaScript."""
    yield from _page(browser, demo, storage_state=ada, java_script_enabled=False)


@pytest.fixture
def narrow(browser: Browser, demo: Demo, ada: Any) -> Iterator[Page]:
    """Ada, signed in, on a telephone."""
    for page in _page(browser, demo, storage_state=ada):
        page.set_viewport_size({"width": 360, "height": 740})
        yield page


@pytest.fixture
def autotask(demo: Demo) -> Iterator[StandIn]:
    with StandIn(demo.simulator) as stand_in:
        yield stand_in
