"""Every operation from the menu *Change*, several at once, and approvals, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import choose_change

ONE, TRIAL_TO, KEYS, PHONE, HELD = 31, 33, 34, 37, 39
PANEL = "#ahead"


def test_a_renewal_says_before_what_it_does_and_holds_a_large_move(page: Page) -> None:
    page.goto(f"/subscriptions/{ONE}")
    choose_change(page, "Renew")
    expect(page.get_by_text("Make the change at Microsoft too.")).to_be_visible()
    expect(page.get_by_text("A renewal cannot be taken back.")).to_be_visible()
    price = page.get_by_role("textbox", name="Unit price")
    price.fill("999.00")
    box = page.get_by_label(re.compile("by more than a factor 3"))
    expect(box).not_to_be_checked()
    page.get_by_role("button", name="Record the renewal").click()
    expect(page.get_by_text(re.compile("A tick below is needed: unit price"))).to_be_visible()
    page.get_by_label(re.compile("by more than a factor 3")).check()
    expect(page.locator(PANEL)).to_contain_text("You asked for")
    expect(page.get_by_label(re.compile("by more than a factor 3"))).to_be_checked()
    price.fill("998.00")
    expect(page.get_by_label(re.compile("998.00 USD: by more than"))).not_to_be_checked()
    price.fill("")
    page.get_by_label("Last day of the new term").fill("2030-01-31")
    page.get_by_role("button", name="Record the renewal").click()
    expect(page.get_by_text("Recorded: renew.")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile(r"Renew \(")).first).to_be_visible()


def test_suspend_reactivate_and_notes_without_javascript(plain: Page) -> None:
    plain.goto(f"/subscriptions/{TRIAL_TO}")
    choose_change(plain, "Suspend")
    plain.get_by_role("button", name="See what will happen").click()
    expect(plain.locator(PANEL)).to_contain_text(re.compile("units stay as they are|Autotask"))
    plain.get_by_role("button", name="Record the suspension").click()
    expect(plain.get_by_text("Recorded: suspend.")).to_be_visible()
    plain.locator(".menu.change summary").click()
    menu = plain.locator(".menu.change")
    expect(menu.get_by_text("It is suspended already.")).to_be_visible()
    expect(menu.get_by_text("It is no trial: it is paid for already.")).to_be_visible()
    menu.get_by_role("link", name="Reactivate").click()
    plain.get_by_role("button", name="Record the reactivation").click()
    for label, field, value, button in (
        ("Friendly name", "Friendly name", "Head office", "Record the name"),
        ("PO number", "PO number", "PO 4711", "Record the number"),
    ):
        choose_change(plain, label)
        plain.get_by_label(field).fill(value)
        plain.get_by_role("button", name=button).click()
    expect(plain.get_by_role("heading", name="Head office", level=1)).to_be_visible()
    expect(plain.locator(".facts").first).to_contain_text("PO 4711")
    choose_change(plain, "When the term ends")
    plain.get_by_label("When the term ends").select_option("cancel")
    plain.get_by_role("button", name="Record the choice").click()
    expect(plain.get_by_role("heading", name="Set end of term: cancel")).to_be_visible()


def test_the_menu_needs_no_mouse(page: Page) -> None:
    page.goto(f"/subscriptions/{KEYS}")
    page.locator(".menu.change summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator(".menu.change a").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".menu.change summary")).to_be_focused()
    expect(page.locator(".menu.change a").first).to_be_hidden()


@pytest.mark.parametrize("word", ["renew", "suspend", "end-promotion", "deleted", "rename"])
def test_the_forms_fit_a_telephone(narrow: Page, word: str) -> None:
    narrow.goto(f"/subscriptions/{PHONE}/change/{word}")
    expect(narrow.get_by_role("button", name=re.compile("^Record"))).to_be_visible()
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 360
    narrow.goto(f"/subscriptions/{PHONE}")
    narrow.locator(".menu.change summary").click()
    box = narrow.locator(".menu.change .menu-list").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360


def test_several_are_looked_at_as_one_table_and_recorded(page: Page) -> None:
    page.goto("/subscriptions?q=juniper")
    boxes = page.locator("input.choose")
    for at in range(boxes.count()):
        boxes.nth(at).check()
    many = boxes.count()
    page.get_by_label("The same for those chosen below").select_option(label="PO number")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("PO number").fill("PO 2026")
    page.get_by_role("button", name="See what will happen").click()
    table = page.get_by_role("table", name="What each would do")
    expect(table.get_by_role("row")).to_have_count(many + 1)
    page.get_by_role("button", name=f"Record all {many}").click()
    expect(
        page.get_by_text(re.compile(f"Recorded: po number, {many} subscription"))
    ).to_be_visible()


def test_what_waits_is_approved_by_customer(page: Page) -> None:
    page.goto(f"/subscriptions/{HELD}")
    page.get_by_text(re.compile("How changes are billed: as")).click()
    page.get_by_role("link", name="Change how changes are billed").click()
    page.get_by_label("When something was recorded").select_option("review")
    page.get_by_role("button", name="Save").click()
    choose_change(page, "Change quantity")
    number = int(page.get_by_label("Quantity").input_value()) + 2
    page.get_by_label("Quantity").fill(str(number))
    page.get_by_role("button", name="Record the change").click()
    expect(page.get_by_text("It waits for approval")).to_be_visible()
    page.goto("/connectors/1/approvals")
    main = page.get_by_role("main")
    expect(main).to_contain_text("+2 units from")
    page.get_by_role("button", name=re.compile("^Approve all of")).first.click()
    expect(page.get_by_text(re.compile("^Approved: 1 operation"))).to_be_visible()
    page.goto(f"/subscriptions/{HELD}")
    expect(page.locator(".standing").first).to_contain_text("Synced", timeout=30_000)


def test_an_order_says_where_it_is_billed_and_is_synced_at_once(page: Page) -> None:
    page.goto("/subscriptions/submit-order")
    page.get_by_label("Customer").select_option(index=1)
    page.get_by_label("Offer").select_option(index=1)
    page.get_by_label("Subscription id at Microsoft").fill("order-and-sync-1")
    page.get_by_label("Quantity").fill("3")
    page.get_by_label("Unit price").fill("20.00")
    page.get_by_label("Sync to Connection").select_option(index=1)
    panel = page.locator("#sync-to")
    expect(panel).to_contain_text("Autotask company")
    panel.get_by_label(re.compile("a line of its own")).first.check()
    expect(panel).to_contain_text("Autotask will get", timeout=30_000)
    panel.get_by_role("button", name="Confirm Sync").click()
    expect(page.get_by_text("Recorded and mapped. Autotask is updated")).to_be_visible()
    expect(page.locator(".standing").first).to_contain_text("Synced", timeout=30_000)
