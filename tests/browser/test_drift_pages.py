"""A hand edit is noticed and decided; a change that landed twice is corrected, in a browser."""

from __future__ import annotations

from playwright.sync_api import Page

MAPPING = "/connectors/1/subscription-mapping"
EDITED, DOUBLED = 44, 46  # green ones that no other test touches


def line_of(page: Page, subscription: int) -> int:
    """The line in Autotask that bills it."""
    page.goto(f"{MAPPING}/{subscription}/second-writer")
    raise AssertionError("not used")
