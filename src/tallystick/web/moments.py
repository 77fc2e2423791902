"""Times as people say them: relative, with the exact one beside. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo

from tallystick.kit.days import in_words

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR


def ago(moment: datetime, *, now: datetime, zone: tzinfo) -> str:
    """``just now``, ``5 min ago``, ``in 3 min``, ``2 h ago``, ``yesterday 09:12``, ``3 May 2026``.

    Today is told by how long ago, yesterday by the clock, everything else by the day.
    """
    seconds = (now - moment).total_seconds()
    days = (now.astimezone(zone).date() - moment.astimezone(zone).date()).days
    clock = moment.astimezone(zone).strftime("%H:%M")
    if seconds < 0:
        return _ahead(-seconds, days=-days, clock=clock, day=in_words(moment.astimezone(zone)))
    if seconds < MINUTE:
        return "just now"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min ago"
    if days == 0:
        return f"{int(seconds // HOUR)} h ago"
    if days == 1:
        return f"yesterday {clock}"
    return in_words(moment.astimezone(zone))


def _ahead(seconds: float, *, days: int, clock: str, day: str) -> str:
    if seconds < MINUTE:
        return "in a moment"
    if seconds < HOUR:
        return f"in {int(seconds // MINUTE)} min"
    if days == 0:
        return f"at {clock}"
    return f"tomorrow {clock}" if days == 1 else day


def short(moment: datetime, *, now: datetime, zone: tzinfo) -> str:
    """``09:12`` today, ``3 May`` this year, ``3 May 2025`` before."""
    here, today = moment.astimezone(zone), now.astimezone(zone)
    if here.date() == today.date():
        return here.strftime("%H:%M")
    words = in_words(here)
    return words.rsplit(" ", 1)[0] if here.year == today.year else words


def exact(moment: datetime, *, zone: tzinfo) -> str:
    """``3 May 2026, 09:12:45 CEST``."""
    here = moment.astimezone(zone)
    return f"{in_words(here)}, {here.strftime('%H:%M:%S %Z')}"
