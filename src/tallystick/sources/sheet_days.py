"""A day as Microsoft's sheets write it: taken as written, never converted. Pure."""

from __future__ import annotations

import re
from datetime import date

from tallystick.kit.days import parse_day

_AMERICAN = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})(?:\s+(.*))?\Z", re.ASCII)
_ISO = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ](.*))?\Z", re.ASCII)


def day_and_time(text: str) -> tuple[date, str]:
    """``5/1/2026 12:00:00 AM`` or ``2026-05-01T00:00:00.1234567Z``. Raises ValueError."""
    if found := _AMERICAN.match(text):
        month, day, year, time = found.groups(default="")
        try:
            return date(int(year), int(month), int(day)), time.strip()
        except ValueError:
            raise ValueError(f"“{text[:40]}” is not a day: month/day/year") from None
    if found := _ISO.match(text):
        return parse_day(found.group(1)), (found.group(2) or "").strip()
    raise ValueError(f"“{text[:40]}” is not a day: write it like 2026-05-31 or 5/31/2026")
