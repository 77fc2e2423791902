"""The forms of operations say before what will happen, in a real browser on the real parts."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Demo, choose_change
from browser.test_pages import until
from tallystick.bootstrap.stand_in import StandIn

MONTHLY = 41  # green ones that no other test touches
OTHER, KEYS, STOPS, PHONE = 43, 45, 51, 49
NOT_MAPPED = 57
PANEL = "#ahead"


def test_what_will_happen_appears_while_typing_and_recording_after_it_is_that(
    page: Page, autotask: StandIn
) -> None:
    page.goto(f"/subscriptions/{MONTHLY}/change-quantity")
    before = int(page.get_by_label("Quantity").input_value())
    panel = page.locator(PANEL)
    expect(panel).to_have_text(re.compile(r"^\s*$"))
    page.get_by_label("Quantity").fill(str(before + 2))
    expect(panel).to_contain_text("Autotask will get +2 units from")
    expect(panel).to_contain_text("estimate")
    expect(panel).to_contain_text(re.compile(r"This period about \+\d+\.\d\d\sUSD"))
    expect(panel).to_contain_text("cannot be deleted in Autotask")
    page.get_by_label("Quantity").fill("1,000")
    expect(panel).to_contain_text("is not a whole number in plain digits")
    expect(panel).not_to_contain_text("Autotask will get")
    expect(page.locator("#quantity-error")).to_have_count(0)  # somebody is still typing
    page.get_by_label("Quantity").fill(str(before + 3))
    expect(panel).to_contain_text("Autotask will get +3 units from")
    sent = len(autotask.effects())
    page.get_by_role("button", name="Record the change").click()
    expect(page.get_by_text(f"Update quantity {before} to {before + 3}").first).to_be_visible()
    expect(page.get_by_text(f"to {before + 2}")).to_have_count(0)
    expect(page.locator(".standing").first).to_contain_text("Synced", timeout=30_000)
    assert [one["unit_change"] for one in autotask.effects()[sent:]].count(3) == 1


def test_recording_does_not_wait_for_the_look(page: Page) -> None:
    page.goto(f"/subscriptions/{OTHER}/change-quantity")
    number = int(page.get_by_label("Quantity").input_value()) + 1
    page.get_by_label("Quantity").fill(str(number))
    page.get_by_role("button", name="Record the change").click()
    page.wait_for_url(re.compile(f"/subscriptions/{OTHER}$"))
    expect(page.get_by_text(re.compile(f"to {number}$")).first).to_be_visible()
    expect(page.locator(".standing").first).to_contain_text("Synced", timeout=30_000)


def test_without_javascript_a_button_looks_and_stores_nothing(plain: Page) -> None:
    plain.goto(f"/subscriptions/{OTHER}")
    operations = plain.locator(".entry").count()
    choose_change(plain, "Update price margin")
    plain.get_by_label("Unit price").fill("99.90")
    plain.get_by_role("button", name="See what will happen").click()
    expect(plain.locator(PANEL)).to_contain_text(re.compile(r"unit price 99\.90\sUSD"))
    expect(plain.get_by_label("Unit price")).to_have_value("99.90")
    plain.get_by_label("Unit price").fill("99,90")
    plain.get_by_role("button", name="See what will happen").click()
    expect(plain.locator("#unit_price-error")).to_contain_text("write it like 1234.50")
    plain.goto(f"/subscriptions/{OTHER}")
    expect(plain.locator(".entry")).to_have_count(operations)


def test_a_cancellation_says_at_once_what_it_does(page: Page) -> None:
    page.goto(f"/subscriptions/{OTHER}/cancel")
    expect(page.locator(PANEL)).to_contain_text("Autotask will get \N{MINUS SIGN}")
    page.goto(f"/subscriptions/{NOT_MAPPED}/cancel")
    expect(page.locator(PANEL)).to_contain_text("The subscription is not mapped")


def test_a_price_is_recorded_from_the_rows_menu(page: Page) -> None:
    page.goto("/subscriptions?q=kestrel")
    line = page.get_by_role("row").nth(1)
    line.locator("summary").click()
    line.get_by_role("link", name="Update price margin").click()
    expect(page.get_by_text("Make the change at Microsoft too")).to_be_visible()
    expect(page.get_by_label("Currency")).to_have_count(0)
    expect(page.get_by_role("radio")).to_have_count(0)
    price = float(page.get_by_label("Unit price").input_value())
    page.get_by_label("Unit price").fill(f"{price + 1:.2f}")
    page.get_by_label("Unit cost").fill("9.8765")
    expect(page.locator(PANEL)).to_contain_text("unit cost 9.8765")
    page.get_by_role("button", name="Record the price").click()
    heading = f"Update price margin (unit price {price:.2f} to {price + 1:.2f})"
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    expect(page.locator(".entry").first).to_contain_text("to 9.8765.")
    expect(page.locator(".standing").first).to_contain_text("Synced", timeout=30_000)
    page.get_by_role("link", name="Audit Logs").last.click()
    page.locator("a.row-link").first.click()
    expect(page.get_by_role("main")).to_contain_text("Unit price")
    expect(page.get_by_role("main")).not_to_contain_text("Because")
    page.go_back()
    page.get_by_role("link", name="Subscriptions").first.click()
    page.goto("/subscriptions?q=kestrel")
    page.get_by_role("row").nth(1).locator("a.row-link").click()
    page.get_by_role("link", name="Price", exact=True).click()
    page.get_by_role("link", name="Update price margin").click()
    page.get_by_role("link", name="Why is this number?").click()
    expect(page.get_by_role("heading", name="Why is this number?")).to_be_visible()


def test_a_form_needs_no_mouse(page: Page) -> None:
    page.goto(f"/subscriptions/{KEYS}/price-margin")
    expect(page.get_by_label("Unit price")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("77.70")
    expect(page.locator(PANEL)).to_contain_text("77.70")
    for _ in range(4):  # cost, and the parts of the day
        page.keyboard.press("Tab")
    see = page.get_by_role("button", name="See what will happen")
    for _ in range(6):
        if see.evaluate("one => one === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(see).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/price-margin$"))
    page.get_by_label("Unit price").focus()
    page.keyboard.press("Enter")  # records, as Enter in any field does
    page.wait_for_url(re.compile(f"/subscriptions/{KEYS}$"))
    expect(page.get_by_text(re.compile(r"to 77\.70\)")).first).to_be_visible()
    # Sent, so that what the next test lets Autotask refuse is its own.
    expect(page.locator(".standing").first).to_contain_text("Synced", timeout=30_000)


def test_a_stopped_price_may_begin_with_the_next_period(plain: Page, demo: Demo) -> None:
    refuse = {"kind": "refuse", "method": "POST", "path": "ServiceAdjustments"}
    httpx.post(f"{demo.simulator}/simulator/faults", json=refuse).raise_for_status()
    plain.goto(f"/subscriptions/{STOPS}/price-margin")
    plain.get_by_label("Unit price").fill("55.50")
    plain.get_by_role("button", name="Record the price").click()
    until(plain, f"/subscriptions/{STOPS}", "Out of Sync")
    choose_change(plain, "Change quantity")
    plain.get_by_label("Quantity").fill("90")
    plain.get_by_role("button", name="See what will happen").click()
    expect(plain.locator(PANEL)).to_contain_text(re.compile(r"It waits until operation \d+ is out"))
    plain.goto(f"/subscriptions/{STOPS}")
    plain.get_by_role("link", name="What was sent, and the ways past it").click()
    plain.get_by_label(re.compile("^Let it begin with the next billing period")).check()
    plain.get_by_label("Reason").fill("Agreed with the customer")
    plain.get_by_role("button", name="Decide").click()
    expect(plain.get_by_text("Decided")).to_be_visible()
    expect(plain.locator(".entry").first).to_contain_text("to the next billing period")
    plain.goto(f"/audit-logs?subscription={STOPS}&operation=subscription.resolve_operation")
    expect(plain.get_by_role("main")).to_contain_text(
        "To begin with the next billing period: Agreed with the customer"
    )


@pytest.mark.parametrize("form", ["change-quantity", "price-margin", "cancel"])
def test_what_will_happen_fits_a_telephone(narrow: Page, form: str) -> None:
    narrow.goto(f"/subscriptions/{PHONE}/{form}")
    for label, value in (("Quantity", "90"), ("Unit price", "78.5678")):
        if narrow.get_by_label(label).count():
            narrow.get_by_label(label).fill(value)
    expect(narrow.locator(PANEL)).to_contain_text("Autotask will get")
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 360
