"""A subscription told to wait for approval: changed, approved, proved; in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from browser.conftest import choose_change


def test_what_is_held_is_approved_and_proved(page: Page) -> None:
    page.goto("/subscriptions?q=orchard+bakery")
    page.get_by_role("link", name=re.compile("Microsoft 365")).first.click()
    here = page.url
    page.get_by_text("How changes are billed: as the connection says").click()
    page.get_by_role("link", name="Change how changes are billed").click()
    page.get_by_label("When something was recorded").select_option("review")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved: Review.")).to_be_visible()
    expect(page.get_by_text("1 of 12 otherwise than the connection says")).to_be_visible()

    choose_change(page, "Change quantity")
    before = int(page.get_by_label("Quantity", exact=True).input_value())
    page.get_by_label("Quantity", exact=True).fill(str(before + 2))
    page.get_by_role("button", name="Record the change").click()
    expect(page.get_by_text("It waits for approval: Autotask is updated once")).to_be_visible()
    expect(page.get_by_text("Waiting for approval · 1")).to_be_visible()
    expect(page.get_by_role("link", name="Do not send it")).to_be_visible()

    # The same on the list, where several are chosen at once.
    page.goto("/connectors")
    page.get_by_role("link", name=re.compile("Waiting for approval")).first.click()
    page.get_by_role("checkbox", name=re.compile("^Choose .*Orchard Bakery")).check()
    page.get_by_role("button", name="Approve what is chosen").click()
    expect(page.get_by_text("Approved: 1 operation of 1 subscription.")).to_be_visible()
    page.goto(here)
    expect(page.get_by_text("Synced · ").first).to_be_visible(timeout=30_000)
    expect(page.get_by_text("approved by")).to_be_visible()

    page.get_by_text("1 of 12 otherwise than the connection says").click()
    page.get_by_role("link", name="Change how changes are billed").click()
    page.get_by_label("Included units", exact=True).fill("1")
    # This Autotask takes one change a day.
    later = page.evaluate("new Date(Date.now() + 3 * 864e5).toISOString().slice(0, 10)")
    page.get_by_label("From which day the included units count").fill(later)
    page.get_by_label("When something was recorded").select_option("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text(f"of which 1 is included: {before + 1} billed").first).to_be_visible()
    expect(page.get_by_text("Included units 0 to 1").first).to_be_visible()
    expect(page.get_by_text("Synced · ").first).to_be_visible(timeout=30_000)
