"""A mapping list taken to a spreadsheet and brought back: choose, see what would be, confirm."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from playwright.sync_api import Page, expect


def open_mapping(page: Page, name: str) -> None:
    page.goto("/connectors")
    page.locator("h2 a.plain").first.click()
    page.get_by_role("navigation", name="Connection").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def export(page: Page) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    text = Path(download.value.path()).read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def choose(page: Page, rows: list[dict[str, str]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    data = {"name": "mine.csv", "mimeType": "text/csv", "buffer": text.getvalue().encode()}
    page.get_by_label(re.compile("CSV file|Another file")).set_input_files(data)  # type: ignore[arg-type]
    page.get_by_role("button", name="Look at it").click()


def test_upload_look_and_confirm(page: Page) -> None:
    open_mapping(page, "Subscription Mapping")
    rows = export(page)
    free = next(row for row in rows if row["badge"] == "Not Mapped")
    billed = next(row for row in rows if row["badge"] == "Synced")
    wrong = {**billed, "contract": "Nowhere"}
    out = {**free, "excluded_because": "'=our own licences"}
    page.get_by_role("link", name="Import").click()

    choose(page, rows)
    expect(page.get_by_text("Nothing would change.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Import"))).to_have_count(0)

    choose(page, [wrong])
    table = page.get_by_role("table", name="Wrong rows")
    expect(table).to_contain_text("“Nowhere” is the name or number of no contract of its company")
    expect(page.get_by_role("button", name=re.compile("^Import"))).to_have_count(0)

    choose(page, [out, wrong])
    expect(page.get_by_role("table", name="Changes")).to_contain_text("left out: =our own lic")
    page.get_by_role("button", name="Import only the 1 row that fits").click()
    expect(page.get_by_text("1 subscription imported. 1 row did not fit")).to_be_visible()
    (now,) = [one for one in export(page) if one["subscription_id"] == free["subscription_id"]]
    assert now["excluded_because"] == out["excluded_because"]

    page.get_by_role("link", name="Import").click()
    choose(page, [{**out, "act": "include"}])
    page.get_by_role("button", name="Import 1 row", exact=True).click()
    expect(page.get_by_text("1 subscription imported.")).to_be_visible()


def test_what_has_changed_since_it_was_looked_at_is_looked_at_again(page: Page) -> None:
    open_mapping(page, "Subscription Mapping")
    free = next(row for row in export(page) if row["badge"] == "Not Mapped")
    page.get_by_role("link", name="Import").click()
    choose(page, [{**free, "excluded_because": "a trial"}])
    other = page.context.new_page()
    other.goto(page.url)
    choose(other, [{**free, "excluded_because": "a trial"}])
    other.get_by_role("button", name="Import 1 row", exact=True).click()
    page.get_by_role("button", name="Import 1 row", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Something has changed since you looked")
    expect(page.get_by_text("Nothing would change.")).to_be_visible()
    choose(page, [{**free, "act": "include"}])
    page.get_by_role("button", name="Import 1 row", exact=True).click()
    expect(page.get_by_text("1 subscription imported.")).to_be_visible()


def test_what_cannot_be_read_is_said(page: Page) -> None:
    open_mapping(page, "Offer Mapping")
    rows = export(page)
    page.get_by_role("link", name="Import").click()
    data = {"name": "x.csv", "mimeType": "text/csv", "buffer": "offer\nx".encode("utf-16")}
    page.get_by_label("CSV file").set_input_files(data)  # type: ignore[arg-type]
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("alert")).to_contain_text("is in UTF-16: save it as “CSV UTF-8”")
    assert rows


def test_without_a_script_and_on_a_telephone(plain: Page, narrow: Page) -> None:
    for page in (plain, narrow):
        open_mapping(page, "Subscription Mapping")
        rows = export(page)
        page.get_by_role("link", name="Import").click()
        choose(page, rows)
        expect(page.get_by_text("Nothing would change.")).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0
