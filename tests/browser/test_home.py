"""Home in a real browser: among 200 lines, without a worker, enlarged, narrow, by keyboard."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.conftest import Demo, _page, sign_in
from processes import Command

# The demo of these tests alone: its worker is stopped.
SECONDS_TO_RED = 60_000


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Command]]:
    home: Path = tmp_path_factory.mktemp("home-demo")
    command = Command("demo", "--port", "8500", "--simulator-port", "4500", home=home)
    try:
        command.wait_for("Ctrl-C stops it", seconds=180)
        web, simulator = re.findall(r"(http://\S+?)/(?:simulator/)?\n", command.said)[-2:]
        yield Demo(web, simulator), command
    finally:
        command.stop()


@pytest.fixture
def at_home(browser: Browser, own: tuple[Demo, Command]) -> Iterator[Page]:
    for page in _page(browser, own[0]):
        sign_in(page)
        yield page


def test_one_lands_on_home_and_the_failure_is_two_clicks_away(at_home: Page) -> None:
    page = at_home
    expect(page.get_by_label("Do I need to do anything?")).to_contain_text("out of sync")
    expect(page.get_by_label("May I post?")).to_contain_text("not yet")
    page.get_by_role("link", name=re.compile("^2 Out of Sync")).click()
    expect(page.get_by_role("row").filter(has_text="Out of Sync")).to_have_count(2)
    page.get_by_role("row").filter(has_text="Dogwood Legal").get_by_role("link").nth(1).click()
    expect(
        page.get_by_text("Nothing was changed. The operations behind it wait.").first
    ).to_be_visible()


def test_the_button_of_a_line_leads_to_its_act(at_home: Page) -> None:
    page = at_home
    line = page.get_by_role("row").filter(has_text="Dogwood Legal")
    line.get_by_role("link", name=re.compile("^Sync")).click()
    expect(page.get_by_role("button", name="Confirm Sync")).to_be_visible()


def test_by_keyboard_alone(at_home: Page) -> None:
    page = at_home
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(":focus")).to_have_attribute("data-open", "")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/subscriptions"))


@pytest.mark.parametrize(("width", "zoom"), [(390, 1), (1280, 2)])
def test_nothing_is_cut_off(at_home: Page, width: int, zoom: int) -> None:
    """At 200 % a window of 1280 is 640 wide."""
    page = at_home
    page.set_viewport_size({"width": width // zoom, "height": 800})
    page.reload()
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width // zoom
    for label in ("Do I need to do anything?", "May I post?"):
        expect(page.get_by_label(label)).to_be_visible()


def test_plots_have_a_table_for_those_who_cannot_see_them(at_home: Page) -> None:
    page = at_home
    expect(page.get_by_role("img", name=re.compile("^Operations"))).to_be_visible()
    page.get_by_text("The same as a table").click()
    expect(page.get_by_role("table", name="The last 30 days").get_by_role("row")).to_have_count(31)


def test_sync_of_what_is_chosen_is_watched_to_its_end(at_home: Page) -> None:
    page = at_home
    page.goto("/connectors/1/subscription-mapping?q=Juniper")
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Sync what is chosen").click()
    expect(page.get_by_role("heading", name="2 subscriptions")).to_be_visible()
    page.get_by_role("link", name="See what would happen now").click()
    expect(page.get_by_role("table", name="What would happen now")).to_contain_text("looked at")
    page.get_by_role("button", name="Confirm Sync").click()
    expect(page.locator("#progress")).to_have_attribute("data-state", "finished", timeout=30_000)
    expect(page.locator("#progress")).to_contain_text("Done")


def worker_pids(own: Command) -> list[int]:
    """The workers this demo has started, by the tree of its own processes."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, left = [], [own.process.pid]
    while left:
        pid = left.pop()
        left += children.get(pid, [])
        try:
            said = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"worker" in said:
            found.append(pid)
    return found


def test_without_a_worker_the_open_page_turns_red(at_home: Page, own: tuple[Demo, Command]) -> None:
    """Nobody reloads it. Stopped, not killed: whoever started it would start it anew."""
    page = at_home
    expect(page.get_by_label("Do I need to do anything?")).not_to_contain_text("No worker")
    pids = worker_pids(own[1])
    assert pids, "the demo has a worker"
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        line: Any = page.get_by_label("Do I need to do anything?")
        expect(line).to_contain_text("No worker is there", timeout=SECONDS_TO_RED)
        expect(page.locator("#home")).to_have_attribute("data-tone", "red")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    expect(line).not_to_contain_text("No worker is there", timeout=SECONDS_TO_RED)
