"""When to try again and when to look again: pure."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST = 5.0
LONGEST = 900.0
LONGEST_LOOK = 60.0
THREAD_LIMIT_PAUSE = 5.0


def backoff(tries: int, *, jitter: float) -> timedelta:
    """5 s, 10 s, 20 s ... 15 minutes, each shortened by up to a fifth (``jitter`` 0 to 1)."""
    seconds = min(LONGEST, FIRST * 2 ** min(tries, 20))
    return timedelta(seconds=seconds * (1 - 0.2 * jitter))


def next_look(
    *, now: datetime, readings: int, window_ends_at: datetime, recheck_seconds: float
) -> datetime:
    """Soon at first, then slower, once at the window's end, then at the recheck distance."""
    if now >= window_ends_at:
        return now + timedelta(seconds=recheck_seconds)
    wait = min(LONGEST_LOOK, 1.0 * 2 ** min(readings, 10))
    return min(window_ends_at, now + timedelta(seconds=wait))
