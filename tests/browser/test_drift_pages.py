"""A hand edit is noticed and decided; a change that landed twice is corrected, in a browser."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from playwright.sync_api import Page, expect

from tallystick.bootstrap.stand_in import StandIn

# Green ones of the demo that no other test touches; its lines are numbered as its subscriptions.
EDITED, DOUBLED = 44, 46
LINES = 2000


def today() -> date:
    return datetime.now(UTC).date()  # noqa: TID251 - a browser test in real time


def compared(page: Page, subscription: int) -> None:
    """Compare now, and wait until the difference stands there; then open it."""
    page.goto("/drift")
    page.get_by_role("button", name="Compare now").click()
    expect(page.get_by_role("status")).to_contain_text("compared with Autotask in the background")
    for _ in range(30):
        page.goto(f"/subscriptions/{subscription}")
        link = page.get_by_role("link", name="Decide on it")
        if link.count():
            link.click()
            return
        page.wait_for_timeout(500)
    raise AssertionError("the difference was never found")


def synced(page: Page) -> None:
    """The page looks again by itself while it is on its way."""
    expect(page.locator(".facts .standing")).to_contain_text("Synced", timeout=30_000)


def test_a_hand_edit_is_noticed_and_ours_is_restored(page: Page, autotask: StandIn) -> None:
    autotask.hand_edit(LINES + EDITED, today(), units=77)
    compared(page, EDITED)
    expect(page.get_by_role("heading", name="A hand edit in Autotask")).to_be_visible()
    expect(page.get_by_role("table", name="Both values by day")).to_contain_text("77")

    page.get_by_role("radio", name=re.compile("Restore ours")).check()
    panel = page.get_by_role("region", name="What will happen")
    expect(panel).to_contain_text("Autotask will get")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("alert")).to_contain_text("The reason is needed")
    page.get_by_role("radio", name=re.compile("Restore ours")).check()
    page.get_by_label("Reason").fill("nobody ordered 77")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("status").first).to_contain_text("Recorded: one change back")
    synced(page)
    expect(page.get_by_role("listitem").filter(has_text="Ours restored by Ada")).to_be_visible()
    assert len(autotask.effects(LINES + EDITED)) == 1


def test_a_change_that_is_there_twice_is_corrected(page: Page, autotask: StandIn) -> None:
    page.goto(f"/subscriptions/{DOUBLED}/change-quantity")
    had = int(page.get_by_label("Quantity").input_value())
    page.get_by_label("Quantity").fill(str(had + 2))
    page.get_by_role("button", name="Record the change").click()
    page.goto(f"/subscriptions/{DOUBLED}")
    synced(page)
    autotask.hand_edit(LINES + DOUBLED, today(), units=had + 4)
    compared(page, DOUBLED)
    title = page.get_by_role("heading", name="A change of ours is there twice")
    expect(title).to_be_visible()

    page.get_by_role("radio", name=re.compile("Send the opposite change")).check()
    page.get_by_label("Reason").fill("landed twice")
    page.get_by_role("button", name="Decide").click()
    synced(page)
    effects = [one["unit_change"] for one in autotask.effects(LINES + DOUBLED)]
    assert effects == [2, -2]
    page.get_by_role("link", name="Correct a change that should not be there").click()
    expect(page.get_by_text("It corrected try 1.")).to_be_visible()
    expect(page.get_by_text("Corrected by try 2.")).to_be_visible()


def test_an_agreed_difference_is_silent_on_a_telephone(narrow: Page) -> None:
    narrow.goto("/drift?state=agreed")
    expect(narrow.get_by_role("heading", name="No difference was agreed to")).to_be_visible()
    wide = narrow.evaluate("document.documentElement.scrollWidth")
    assert wide <= 360
