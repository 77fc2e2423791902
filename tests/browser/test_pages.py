"""What a billing administrator sees and does, in a real browser on the real parts."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Demo, choose_change, sign_in
from tallystick.bootstrap.stand_in import StandIn

PAGES = (
    "/",
    "/subscriptions?show=not_billed",
    "/months",
    "/syncs",
    "/connectors/1/sync?all=1&look=1",
    "/subscriptions",
    "/subscriptions/4",
    "/subscriptions/15",
    "/subscriptions/20",
    "/subscriptions/5/price",
    "/renewals",
    "/drift",
    "/drift/1",
    "/subscriptions/20/correct",
    "/prices",
    "/prices/imports",
    "/prices/promotions",
    "/prices/promotions/new",
    "/prices/margin-rules",
    "/prices/margin-rules/new",
    "/subscriptions/5/change-quantity",
    "/subscriptions/5/cancel",
    "/subscriptions/5/price-margin",
    "/subscriptions/submit-order",
    "/connectors",
    "/connectors/1/subscription-mapping",
    "/connectors/1/subscription-mapping/15/sync",
    "/connectors/1/subscription-mapping/15/decide",
    "/connectors/1/settings",
    "/connectors/1",
    "/connectors/1/test",
    "/connectors/new",
    "/connectors/new/credentials",
    "/connectors/1/connect/credentials",
    "/connectors/1/connect/test",
    "/connectors/1/connect/defaults",
    "/connectors/1/connect/done",
    "/audit-logs",
    "/audit-logs/40",
)
MAPPING = "/connectors/1/subscription-mapping"
REFUSED, DRIFTED = 15, 20  # the demo's red ones
JUNIPER = 35  # a green one that no other test touches


def open_menu(page: Page, row: str, item: str) -> None:
    line = page.get_by_role("row").filter(has_text=row).first
    line.locator("summary").click()
    line.get_by_role("link", name=item).click()


# Signing in.


def test_a_wrong_password_says_so_and_nothing_else(anybody: Page) -> None:
    sign_in(anybody, password="not the password at all")
    expect(anybody.get_by_role("alert")).to_be_visible()
    expect(anybody.get_by_label("E-mail address")).to_have_value("ada@northwind.example")
    anybody.goto("/subscriptions")
    expect(anybody).to_have_url(re.compile("/sign-in"))


def test_after_signing_in_one_is_where_one_wanted_to_be(anybody: Page) -> None:
    anybody.goto("/audit-logs")
    anybody.get_by_label("E-mail address").fill("ada@northwind.example")
    anybody.get_by_label("Password").fill("northwind-at-month-end")
    anybody.keyboard.press("Enter")
    expect(anybody).to_have_url(re.compile("/audit-logs$"))


def test_the_way_back_after_signing_in_never_leads_to_another_site(anybody: Page) -> None:
    anybody.goto("/sign-in?next=https://elsewhere.example/")
    anybody.get_by_label("E-mail address").fill("ada@northwind.example")
    anybody.get_by_label("Password").fill("northwind-at-month-end")
    anybody.keyboard.press("Enter")
    expect(anybody).to_have_url(re.compile("^http://127.0.0.1"))


def test_signing_out_ends_it(anybody: Page) -> None:
    page = anybody
    sign_in(page)
    page.goto("/subscriptions")
    page.get_by_role("button", name="Sign out").click()
    page.goto("/subscriptions")
    expect(page).to_have_url(re.compile("/sign-in"))


# Subscriptions.


def test_the_list_is_searched_filtered_and_paged(page: Page) -> None:
    page.goto("/subscriptions")
    expect(page.get_by_role("row")).to_have_count(51)
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="Next")).to_have_count(0)
    # Ten of the sixty there are at first, and what other tests have ordered since.
    assert 11 <= page.get_by_role("row").count() < 20
    page.goto("/subscriptions")
    page.get_by_placeholder("Search customer").fill("visio juniper")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("row").nth(1)).to_contain_text("Juniper Travel")
    page.goto("/subscriptions?status=cancelled")
    expect(page.get_by_role("row")).to_have_count(2)
    page.goto("/subscriptions?q=nobody+has+this")
    expect(page.get_by_text("Nothing matches")).to_be_visible()


def test_a_quantity_change_is_recorded_and_goes_green(page: Page, autotask: StandIn) -> None:
    page.goto(f"/subscriptions/{JUNIPER}")
    before = int(page.locator("dl, .facts").first.inner_text().split("Quantity")[1].split()[0])
    choose_change(page, "Change quantity")
    expect(page.get_by_text("Make the change at Microsoft too")).to_be_visible()
    page.get_by_label("Quantity").fill(str(before + 3))
    page.get_by_role("button", name="Record the change").click()
    expect(page.get_by_text(f"Update quantity {before} to {before + 3}").first).to_be_visible()
    expect(page.get_by_text("Synced").first).to_be_visible(timeout=30_000)
    effects = [one["unit_change"] for one in autotask.effects()]
    assert effects.count(3) >= 1


@pytest.mark.parametrize("quantity", ["0", "-1", "1e18", "1,000", "", "12.5", "twelve", "9" * 30])
def test_a_wrong_quantity_is_named_kept_and_not_recorded(page: Page, quantity: str) -> None:
    page.goto("/subscriptions/5")
    operations = page.get_by_text("recorded").count()
    page.goto("/subscriptions/5/change-quantity")
    page.get_by_label("Quantity").fill(quantity)
    page.get_by_role("button", name="Record the change").click()
    expect(page.locator("#quantity-error")).to_be_visible()
    expect(page.get_by_label("Quantity")).to_have_value(quantity)
    page.goto("/subscriptions/5")
    assert page.get_by_text("recorded").count() == operations


def test_a_form_sent_twice_records_once(page: Page) -> None:
    page.goto("/subscriptions/9/change-quantity")
    number = int(page.get_by_label("Quantity").input_value()) + 1
    page.get_by_label("Quantity").fill(str(number))
    page.get_by_role("button", name="Record the change").click()
    page.wait_for_url(re.compile("/subscriptions/9$"))
    page.go_back()
    page.get_by_label("Quantity").fill(str(number))
    page.get_by_role("button", name="Record the change").click()
    page.goto("/subscriptions/9")
    expect(page.get_by_text(re.compile(f"Update quantity [0-9]+ to {number}$"))).to_have_count(1)


# The morning: one is red.


def test_the_red_one_is_mended_and_goes_green(page: Page, demo: Demo) -> None:
    """Connectors, Subscription Mapping, the cause, Sync while it is broken, mend, Sync."""
    page.goto("/subscriptions")
    page.get_by_role("link", name="Connectors").click()
    page.get_by_role("link", name=re.compile("Out of Sync")).first.click()
    row = page.get_by_role("row").filter(has_text="Dogwood Legal").first
    expect(row).to_contain_text("Out of Sync · 2 waiting")
    expect(page.get_by_text("not active").first).to_be_visible()

    # An operation form says first that it should be synced, and recording stays allowed.
    page.goto(f"/subscriptions/{REFUSED}/change-quantity")
    expect(page.get_by_text("Sync before further changes: 2 wait")).to_be_visible()
    expect(page.get_by_role("button", name="Record the change")).to_be_enabled()

    # Still broken: it stops at the first failure.
    page.goto(f"{MAPPING}/{REFUSED}/sync")
    expect(page.get_by_text("2 operations will be sent")).to_be_visible()
    page.get_by_role("button", name="Confirm Sync").click()
    expect(page.get_by_text("Stopped")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Nothing behind operation 3 was sent")).to_be_visible()

    # Somebody mends it on Autotask's side, by a click.
    other = page.context.browser.new_page()
    other.goto(f"{demo.simulator}/simulator/?q=Dogwood")
    other.get_by_role("link", name=re.compile("Cloud services")).click()
    other.get_by_role("button", name="Make active").click()
    expect(other.get_by_text("active", exact=True).first).to_be_visible()
    other.close()

    page.get_by_role("link", name="Sync again").click()
    page.get_by_role("button", name="Confirm Sync").click()
    expect(page.get_by_text("Done")).to_be_visible(timeout=30_000)
    expect(page.locator(".to-send .is-green, li.is-green")).not_to_have_count(0)

    page.goto(f"{MAPPING}?q=Dogwood")
    row = page.get_by_role("row").filter(has_text="Business Premium").first
    expect(row).to_contain_text(re.compile(r"Synced · \d\d:\d\d"))

    # One audit log for each performed operation.
    page.goto(
        f"/audit-logs?operation=subscription.update_on_connection&subscription={REFUSED}"
        "&status=succeeded"
    )
    performed = page.locator("a.row-link")
    expect(performed).to_have_count(3)  # the first sync and both changes
    performed.first.click()
    expect(page.get_by_role("main")).to_contain_text("14")


def test_a_line_edited_by_hand_shows_both_values(page: Page) -> None:
    page.goto(f"/subscriptions/{DRIFTED}")
    expect(page.get_by_text(re.compile(r"Autotask shows \d+ units, expected \d+"))).to_be_visible()
    expect(page.get_by_text("Out of Sync").first).to_be_visible()


@pytest.mark.parametrize(
    ("subscription", "badge", "found"),
    [
        (DRIFTED, "Out of Sync", r"Autotask shows \d+ units, expected \d+"),
        (30, "Synced", "Read from Autotask just now, and equal"),
    ],
)
def test_sync_with_nothing_waiting_looks_and_says_what_it_found(
    page: Page, subscription: int, badge: str, found: str
) -> None:
    page.goto(f"{MAPPING}/{subscription}/sync")
    expect(page.get_by_text("Nothing waits")).to_be_visible()
    page.get_by_role("button", name="Confirm Sync").click()
    answer = page.locator("#progress")
    expect(answer).to_contain_text(re.compile(found), timeout=30_000)
    expect(answer.locator(".run-title")).to_contain_text(badge)


def test_badges_filter_the_mapping_list(page: Page) -> None:
    page.goto(f"{MAPPING}?badge=not_mapped")
    expect(page.locator("tbody tr")).to_have_count(6)
    page.goto(f"{MAPPING}?badge=synced&q=juniper")
    expect(page.locator("tbody tr")).to_have_count(2)


# Without JavaScript, by keyboard, on a telephone.


def test_everything_that_is_a_form_works_without_javascript(plain: Page) -> None:
    plain.goto("/subscriptions/11/change-quantity")
    number = int(plain.get_by_label("Quantity").input_value()) + 2
    plain.get_by_label("Quantity").fill(str(number))
    plain.get_by_role("button", name="Record the change").click()
    expect(plain.get_by_text(re.compile(f"to {number}")).first).to_be_visible()
    plain.goto(f"{MAPPING}/11/sync")
    plain.get_by_role("button", name="Confirm Sync").click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text("Sync of")
    plain.goto("/subscriptions")
    plain.get_by_placeholder("Search customer").fill("kestrel")
    plain.keyboard.press("Enter")
    expect(plain.get_by_role("row")).to_have_count(3)


def test_a_cancellation_is_recorded_without_javascript(plain: Page) -> None:
    plain.goto("/subscriptions/47/cancel")
    plain.get_by_role("button", name="Record the cancellation").click()
    plain.goto("/subscriptions/47")
    expect(plain.get_by_text("Cancelled").first).to_be_visible()
    plain.goto("/subscriptions/47/cancel")
    plain.get_by_role("button", name="Record the cancellation").click()
    expect(plain.get_by_role("alert")).to_contain_text("nothing to cancel")


def test_the_keyboard_is_enough(page: Page) -> None:
    page.goto("/subscriptions")
    page.keyboard.press("/")
    page.keyboard.type("linden")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(3)
    page.locator("body").click(position={"x": 5, "y": 5})
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(r"/subscriptions/\d+$"))
    page.goto("/connectors")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()


@pytest.mark.parametrize("address", PAGES)
def test_nothing_is_cut_off_in_a_narrow_window(narrow: Page, address: str) -> None:
    assert narrow.goto(address).status == 200
    wide = narrow.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360, f"{address} is {wide} wide"


@pytest.mark.parametrize("address", PAGES)
def test_no_table_is_wider_than_its_card(page: Page, address: str) -> None:
    """Or the menu of every row hangs outside."""
    assert page.goto(address).status == 200
    beyond = page.evaluate(
        """() => [...document.querySelectorAll('.table-card > table')].map(table =>
            table.getBoundingClientRect().right
            - table.parentElement.getBoundingClientRect().right)"""
    )
    assert [by for by in beyond if by > 0] == []


@pytest.mark.parametrize("address", PAGES)
def test_every_page_has_a_title_one_heading_and_named_controls(page: Page, address: str) -> None:
    assert page.goto(address).status == 200
    assert "Tallystick" in page.title()
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    nameless = page.evaluate(
        """() => [...document.querySelectorAll('a, button, summary, input:not([type=hidden])')]
            .filter(one => !(one.textContent || '').trim() && !one.getAttribute('aria-label')
                && !one.title && !(one.labels && one.labels.length)
                && !one.querySelector('.visually-hidden, title, [aria-label]'))
            .map(one => one.outerHTML)"""
    )
    assert nameless == []


# What is not there, and what is not yours.


@pytest.mark.parametrize(
    "address", ["/subscriptions/999999", "/runs/999999", "/audit-logs/999999999", "/nothing"]
)
def test_what_is_not_there_is_a_page_that_says_so(page: Page, address: str) -> None:
    assert page.goto(address).status == 404
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_pages_ask_nobody_else_and_run_no_script_of_their_own(page: Page) -> None:
    answer = page.goto("/subscriptions")
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.locator("script:not([src])").count() == 0


# A connection's settings.

SETTINGS = "/connectors/1/settings"


def test_settings_are_opened_from_the_card_changed_and_kept(page: Page) -> None:
    page.goto("/connectors")
    card = page.locator(".connection").first
    card.locator("summary").first.click()
    card.get_by_role("link", name="Settings").click()
    expect(page).to_have_url(re.compile(f"{SETTINGS}$"))
    moves = page.get_by_label("Move it to the day of the last proved change.")
    expect(moves).not_to_be_checked()
    moves.check()
    page.get_by_label("Share of the calls").fill("42.5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved: ")
    expect(moves).to_be_checked()
    expect(page.get_by_label("Share of the calls")).to_have_value("42.5")
    page.goto("/audit-logs?operation=connection.update")
    page.locator("a.row-link").first.click()
    expect(page.get_by_role("main")).to_contain_text("0.425")

    page.goto(SETTINGS)
    page.get_by_role("radiogroup", name="When a change is dated before").get_by_label(
        "Stop and let a person decide."
    ).check()
    page.get_by_label("Share of the calls").fill("50")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Nothing was changed")


def test_wrong_settings_are_said_at_the_field_and_nothing_is_saved(plain: Page) -> None:
    plain.goto(SETTINGS)
    name = plain.get_by_label("Name", exact=True).input_value()
    plain.get_by_label("Name", exact=True).fill("Half stored?")
    plain.get_by_label("Share of the calls").fill("95")
    plain.get_by_label("Quiet time").fill("soon")
    plain.get_by_label("New secret").fill("Schl\u00fcssel")
    plain.get_by_role("button", name="Save").click()
    for field in ("budget_share", "quiet_seconds", "secret"):
        expect(plain.locator(f"#{field}-error")).to_have_count(1)
    expect(plain.locator("#name-error")).to_have_count(0)
    expect(plain.get_by_role("alert")).to_contain_text("Nothing was saved")
    expect(plain.get_by_label("Name", exact=True)).to_have_value("Half stored?")
    expect(plain.get_by_label("Quiet time")).to_have_value("soon")
    assert "Schl\u00fcssel" not in plain.content()
    plain.goto(SETTINGS)
    expect(plain.get_by_label("Name", exact=True)).to_have_value(name)


def test_what_was_learnt_meanwhile_is_not_set_back_by_an_open_form(page: Page, plain: Page) -> None:
    page.goto(SETTINGS)
    plain.goto(SETTINGS)
    before = plain.locator("input[name=same_day]:checked").input_value()
    plain.locator("input[name=same_day][value=replaces]").check()
    plain.get_by_role("button", name="Save").click()
    expect(plain.get_by_role("status")).to_contain_text("Saved")
    quiet = page.get_by_label("Quiet time").input_value()
    page.get_by_label("Quiet time").fill("41")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved: Quiet time.")
    expect(page.locator("input[name=same_day]:checked")).to_have_value("replaces")
    page.locator(f"input[name=same_day][value={before}]").check()
    page.get_by_label("Quiet time").fill(quiet)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")


def test_a_connection_is_paused_with_a_reason_and_resumed_without_javascript(plain: Page) -> None:
    plain.goto(SETTINGS)
    plain.get_by_label("Reason").fill("Stock-taking until noon.")
    plain.get_by_role("button", name="Pause").click()
    expect(plain.locator(".paused")).to_contain_text("Stock-taking until noon.")
    expect(plain.get_by_label("Reason")).to_have_count(0)
    plain.get_by_role("button", name="Resume").click()
    plain.goto(SETTINGS)
    expect(plain.locator(".paused")).to_have_count(0)


def test_the_settings_fit_a_telephone_and_have_names(narrow: Page) -> None:
    assert narrow.goto(SETTINGS).status == 200
    assert narrow.evaluate("document.documentElement.scrollWidth") <= 360
    expect(narrow.get_by_role("heading", level=1)).to_have_count(1)
    nameless = narrow.evaluate(
        """() => [...document.querySelectorAll('input:not([type=hidden])')]
            .filter(one => !(one.labels && one.labels.length)).map(one => one.outerHTML)"""
    )
    assert nameless == []


# An order, and a decision.


def test_an_order_is_recorded_once_and_is_not_mapped_yet(page: Page) -> None:
    page.goto("/subscriptions")
    page.get_by_role("link", name="Submit order").click()
    expect(page.get_by_text("Make the order at Microsoft too")).to_be_visible()
    page.get_by_label("Customer").select_option(label="Hazel Clinic")
    page.get_by_label("Offer").select_option(index=1)
    page.get_by_label("Subscription id at Microsoft").fill("order-by-page-1")
    page.get_by_label("Quantity").fill("7")
    page.get_by_label("Unit price").fill("12.50")
    page.get_by_role("button", name="Record the order").click()
    page.wait_for_url(re.compile(r"/subscriptions/\d+$"))
    expect(page.get_by_text("not mapped yet, so nothing is sent")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Purchase of quantity 7")
    recorded = page.url

    page.go_back()
    page.get_by_label("Customer").select_option(label="Hazel Clinic")
    page.get_by_label("Offer").select_option(index=1)
    page.get_by_label("Subscription id at Microsoft").fill("order-by-page-1")
    page.get_by_label("Quantity").fill("8")
    page.get_by_role("button", name="Record the order").click()
    expect(page.locator("#provider_id-error")).to_contain_text("already recorded")
    page.goto(recorded)
    expect(page.get_by_text(re.compile("Purchase of quantity"))).to_have_count(1)


def test_a_wrong_order_names_every_field_and_keeps_what_was_typed(plain: Page) -> None:
    plain.goto("/subscriptions/submit-order")
    plain.get_by_label("Subscription id at Microsoft").fill("order-by-page-2")
    plain.get_by_label("Quantity").fill("1,000")
    plain.get_by_label("Unit price").fill("12,50")
    plain.get_by_label("Starts on").fill("2026-05-31")
    plain.get_by_role("button", name="Record the order").click()
    expect(plain.locator("#customer_id-error")).to_contain_text("must be chosen")
    expect(plain.locator("#offer_id-error")).to_contain_text("must be chosen")
    expect(plain.locator("#unit_price-error")).to_contain_text("write it like 1234.50")
    expect(plain.get_by_label("Subscription id at Microsoft")).to_have_value("order-by-page-2")
    expect(plain.get_by_label("Quantity")).to_have_value("1,000")
    plain.goto("/subscriptions?q=order-by-page-2")
    expect(plain.locator("tbody tr")).to_have_count(0)


def until(page: Page, address: str, badge: str) -> None:
    """Look again and again, as a person without JavaScript does."""
    for _ in range(60):
        page.goto(address)
        if badge in page.locator(".standing").first.inner_text():
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"{address} never said {badge}: {page.locator('.head').inner_text()}")


def test_a_person_decides_on_what_is_stopped(plain: Page, demo: Demo) -> None:
    plain.goto(f"{MAPPING}/30/decide")
    expect(plain.get_by_text("Nothing is stopped")).to_be_visible()

    refuse = {"kind": "refuse", "method": "POST", "path": "ServiceAdjustments"}
    httpx.post(f"{demo.simulator}/simulator/faults", json=refuse).raise_for_status()
    plain.goto("/subscriptions/29/change-quantity")
    plain.get_by_label("Quantity").fill("77")
    plain.get_by_role("button", name="Record the change").click()
    until(plain, "/subscriptions/29", "Out of Sync")
    plain.get_by_role("link", name="What was sent, and the ways past it").click()
    plain.get_by_role("button", name="Decide").click()
    expect(plain.get_by_role("alert").first).to_be_visible()
    plain.get_by_label(re.compile("^Ours is right")).check()
    plain.get_by_label("Reason").fill("The contract was locked for a moment")
    plain.get_by_role("button", name="Decide").click()
    expect(plain.get_by_text("Decided")).to_be_visible()
    until(plain, "/subscriptions/29", "Synced")
