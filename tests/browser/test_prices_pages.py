"""A price list is looked at, imported, given a margin rule; and a subscription says why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from price_files import good, sheet

# What the made-up company sells, as Microsoft lists it.
PREMIUM = {"ProductId": "CFQ7TTC0LCHC", "SkuId": "0002"}
STANDARD = {"ProductId": "CFQ7TTC0LDPB", "SkuId": "0001", "SkuTitle": "Business Standard"}
LISTED = {
    "Market": "US",
    "Currency": "USD",
    "EffectiveStartDate": "1/1/2020 12:00:00 AM",
    "PreviousValues": "12",
}


@pytest.fixture(scope="module")
def shots() -> Path | None:
    """Where pictures of the pages go, for a person to look at; nowhere without the folder."""
    folder = os.environ.get("TALLYSTICK_SHOTS")
    return Path(folder) if folder else None


def shot(page: Page, shots: Path | None, name: str) -> None:
    if shots is None:
        return
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.screenshot(path=str(shots / f"{name}-{width}.png"), full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})


def no_sideways(page: Page) -> None:
    """Nothing is wider than a telephone."""
    page.set_viewport_size({"width": 390, "height": 800})
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    page.set_viewport_size({"width": 1280, "height": 800})
    assert wide <= 0


def choose(page: Page, folder: Path, name: str, **changes: str) -> None:
    file = folder / name
    file.write_bytes(sheet([good(**(PREMIUM | changes)) | LISTED]))
    page.get_by_label("Price sheet").set_input_files(file)
    page.get_by_label("What the figures are for").select_option("The whole term")
    page.get_by_role("button", name="Show what it changes").click()


def test_a_price_list_is_looked_at_first(page: Page, tmp_path: Path, shots: Path | None) -> None:
    page.goto("/prices")
    expect(page.get_by_role("heading", name="No prices yet")).to_be_visible()
    shot(page, shots, "prices-empty")
    page.get_by_role("link", name="Import a price list").click()

    # What is wrong with a file is said line by line, and a choice that is missing beside it.
    page.get_by_role("button", name="Show what it changes").click()
    expect(page.get_by_text("The file must be chosen.")).to_be_visible()
    choose(page, tmp_path, "wrong.csv", UnitPrice="12,50")
    expect(page.get_by_text("Line 2, UnitPrice: “12,50” is not an amount")).to_be_visible()
    shot(page, shots, "imports-wrong")
    no_sideways(page)

    choose(page, tmp_path, "January.csv")
    expect(page.get_by_text("PreviousValues")).to_be_visible()
    shot(page, shots, "preview")
    page.get_by_role("button", name="Import 1 price").click()
    expect(page.get_by_text("Imported January.csv: 1 price new or changed.")).to_be_visible()
    choose(page, tmp_path, "January.csv")
    expect(page.get_by_role("heading", name="Nothing changes")).to_be_visible()

    # A price that moves too far is held until somebody says that it is right.
    page.goto("/prices/imports")
    choose(page, tmp_path, "February.csv", UnitPrice="12.10")
    page.get_by_role("button", name="Import 1 price").click()
    expect(page.get_by_text("Nothing was imported: tick this")).to_be_visible()
    shot(page, shots, "held")
    no_sideways(page)
    page.goto("/prices/imports")
    expect(page.get_by_text("February.csv")).to_have_count(0)
    shot(page, shots, "imports")

    page.goto("/prices?q=premium")
    expect(page.get_by_role("row", name="Microsoft 365 Business Premium")).to_contain_text("145.20")
    shot(page, shots, "prices")
    no_sideways(page)


def test_a_margin_rule_and_why(page: Page, tmp_path: Path, shots: Path | None) -> None:
    page.goto("/prices/imports")
    choose(page, tmp_path, "Standard.csv", **STANDARD)
    page.get_by_role("button", name="Import 1 price").click()
    expect(page.get_by_text("Imported Standard.csv: 1 price new or changed.")).to_be_visible()
    page.goto("/prices/margin-rules/new")
    page.get_by_label("Rule", exact=True).select_option("markup")
    page.get_by_label("Per cent").fill("-1")
    page.get_by_role("button", name="Show whom it changes").click()
    expect(page.get_by_text("Per cent: “-1” is below 0.")).to_be_visible()
    shot(page, shots, "rule-new")
    no_sideways(page)
    page.get_by_label("Per cent").fill("20")
    page.get_by_label("Markup Limit").check()
    page.get_by_role("button", name="Show whom it changes").click()
    changed = page.get_by_role("table", name="Subscriptions whose price changes")
    expect(changed).to_contain_text("14.52")
    shot(page, shots, "rule-preview")
    no_sideways(page)
    page.get_by_role("button", name="Set the rule only").click()
    expect(page.get_by_role("row", name="Everybody")).to_contain_text("Markup 20 %, Markup Limit")
    shot(page, shots, "rules")

    page.goto("/subscriptions?q=standard")
    page.get_by_role("link", name="Microsoft 365 Business Standard").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Microsoft 365 Business Standard")
    page.get_by_role("link", name="Price", exact=True).click()
    why = page.get_by_role("table", name="How the price is made")
    expect(why).to_contain_text("145.2000 x 1 / 12 (a price for the whole term)")
    expect(why).to_contain_text("Price list Standard.csv, imported by")
    expect(why).to_contain_text("Markup: 12.1000 x (1 + 0.2)")
    shot(page, shots, "why")
    no_sideways(page)
    page.get_by_label("Price on").fill("2099-01-01")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("more than ten years away")).to_be_visible()


def test_a_rule_and_a_price_list_are_applied(page: Page, shots: Path | None) -> None:
    page.goto("/prices/margin-rules")
    page.get_by_role("link", name="Apply the rule for Everybody").click()
    table = page.get_by_role("table", name="Subscriptions whose price changes")
    expect(table).to_contain_text("14.52")
    table.get_by_text("Why").first.click()
    expect(table.get_by_text("Markup: 12.1000 x (1 + 0.2)").first).to_be_visible()
    left = page.get_by_role("table", name="Subscriptions that are not changed")
    page.get_by_text("not changed, and why").click()
    expect(left.get_by_text("The price list has no ERP price").first).to_be_visible()
    no_sideways(page)
    page.get_by_text("not changed, and why").click()
    shot(page, shots, "rule-apply")
    no_sideways(page)
    table.get_by_role("checkbox", name="Exclude Microsoft 365 Business Standard").first.check()
    page.get_by_role("button", name="Apply to").click()
    expect(page.get_by_role("heading", name="Done")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Markup 20 %, Markup Limit for Everybody"
    )
    expect(page.locator("#progress")).to_contain_text("Excluded1")
    shot(page, shots, "run")
    no_sideways(page)

    # On the timeline of one that was changed: by what, and why.
    page.goto("/subscriptions?q=standard")
    links = page.get_by_role("link", name="Microsoft 365 Business Standard")
    for place in range(links.count()):
        links.nth(place).click()
        if page.get_by_text("by a margin rule").count():
            break
        page.goto("/subscriptions?q=standard")
    page.get_by_text("Why is this number?").first.click()
    expect(page.get_by_text("Margin rule: Markup 20 %, Markup Limit for Everybody")).to_be_visible()
    shot(page, shots, "timeline-why")
    no_sideways(page)

    page.goto("/prices/apply")
    shot(page, shots, "list-apply")
    page.get_by_label("Prices of").fill("2199-01-01")
    page.get_by_role("button", name="Show whom they change").click()
    expect(page.get_by_text("The day is more than five years away.")).to_be_visible()
    page.get_by_label("Prices of").fill("2026-12-01")
    page.get_by_role("button", name="Show whom they change").click()
    shot(page, shots, "list-looked-at")
    no_sideways(page)


def test_promotions_and_settings(page: Page, shots: Path | None) -> None:
    page.goto("/prices/promotions")
    expect(page.get_by_role("heading", name="No promotions yet")).to_be_visible()
    page.get_by_role("link", name="New promotion").click()
    page.get_by_label("Name").fill("Fifteen off")
    page.get_by_label("Promotion id").fill("39NFJQT1Q5HM:0001:39NFJQT1Q5KQ")
    page.get_by_label("Product id").fill("CFQ7TTC0LCHC")
    page.get_by_label("SKU id").fill("0002")
    page.get_by_label("Available to").fill("2026-06-30")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("or a fixed amount must be given")).to_be_visible()
    shot(page, shots, "promotion")
    no_sideways(page)
    page.get_by_label("Per cent off").fill("15")
    page.get_by_label("Available from").fill("2026-01-01")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="Fifteen off")).to_contain_text("15.00 %")
    shot(page, shots, "promotions")
    no_sideways(page)
    page.get_by_label("A promotion lowers").select_option("Cost only")
    page.get_by_label("Your market").fill("D1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Market must be a country's two letters")).to_be_visible()
    page.get_by_label("Your market").fill("DE")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("button", name="Take back Fifteen off").click()
    expect(page.get_by_role("heading", name="No promotions yet")).to_be_visible()
