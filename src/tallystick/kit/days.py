"""Civil days: a day is what a calendar shows, never a moment in some zone."""

from __future__ import annotations

import calendar
import re
from datetime import date

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)


def parse_day(text: str) -> date:
    """Read ``2026-05-03``. Raises ValueError with a sentence for a person."""
    text = text.strip()
    if not _DAY.match(text):
        raise ValueError(f"“{text[:40]}” is not a day: write it like 2026-05-03")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"“{text}” is not a day of the calendar") from None


def parse_month(text: str) -> date:
    """Read ``2026-05``: its first day. Raises ValueError with a sentence for a person."""
    written = text.strip()
    try:
        return parse_day(f"{written}-01")
    except ValueError:
        raise ValueError(f"“{written[:40]}” is not a month: write it like 2026-05") from None


def vendor_day(text: str) -> date:
    """The day a vendor wrote: the first ten characters as they stand, never converted."""
    return parse_day(text[:10])


def add_months(start: date, months: int) -> date:
    """``months`` after ``start``, the day clamped to the month's last one."""
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def in_words(day: date) -> str:
    """``3 May 2026``."""
    return f"{day.day} {calendar.month_abbr[day.month]} {day.year}"
