"""When a source's price sheet is read by itself: once a month, as it begins. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

# Microsoft's prices change with the month; by then it is day everywhere they are made.
HOUR: Final = 6
# What stopped by an accident is tried again soon, what a person has to look at tomorrow.
SOON: Final = timedelta(hours=1)
TOMORROW: Final = timedelta(days=1)


def next_month(now: datetime, zone: str) -> datetime:
    """06:00 on the first day of the month after ``now``, in the zone."""
    here = now.astimezone(ZoneInfo(zone))
    year, month = (here.year + 1, 1) if here.month == 12 else (here.year, here.month + 1)  # noqa: PLR2004 - December
    return datetime(year, month, 1, HOUR, tzinfo=ZoneInfo(zone))
