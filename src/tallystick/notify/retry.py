"""When a message is tried again, and when nobody tries any more: pure."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST = timedelta(seconds=10)
LONGEST = timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=1)


def next_try(tries: int, *, created_at: datetime, now: datetime) -> datetime | None:
    """10 s, 20 s, 40 s ... an hour after the last one; None once a day has passed.

    ``tries``: how many there were, the one that just failed included.
    """
    if now - created_at >= GIVEN_UP_AFTER:
        return None
    wait: timedelta = FIRST * 2 ** min(tries - 1, 20)
    return min(now + min(LONGEST, wait), max(now, created_at + GIVEN_UP_AFTER))
