"""Somebody chooses who is told; in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_a_webhook_is_added_tested_and_taken_away(page: Page) -> None:
    page.goto("/notifications")
    expect(page.get_by_text("Nobody is told")).to_be_visible()
    page.get_by_role("link", name="Tell somebody").click()
    page.get_by_role("radio", name="Webhook: signed").check()
    page.get_by_role("textbox", name="Address").fill("https://hooks.nobody.invalid/x")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Name must have 1 to 200 characters.")).to_be_visible()
    page.get_by_role("textbox", name="Address").fill("https://hooks.nobody.invalid/x")
    page.get_by_label("Name", exact=True).fill("Ops bot")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("whsec_")).to_be_visible()
    page.get_by_role("link", name="I have kept it").click()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_text("it did not arrive. hooks.nobody.invalid could not")).to_be_visible()
    page.get_by_role("button", name="Tell nobody here any more").click()
    expect(page.get_by_text("Ops bot is told nothing any more.")).to_be_visible()
