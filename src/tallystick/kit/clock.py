"""The only place that reads the time.

Two times exist. *Database time* (``DatabaseClock``) orders leases, waits and records: every worker
on every machine sees the same one. ``monotonic`` measures how long this process has been doing
something and is the scale of every deadline of a call; it goes on while the process is stopped.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Answers the present moment, aware, in UTC."""

    def now(self) -> datetime: ...


class DatabaseClock:
    """The database server's clock: asked every few seconds, carried forward in between.

    Never goes backwards within a process. Safe to use from several threads.
    """

    ASKED_EVERY = 5.0  # seconds; two clocks drift apart by far less than a millisecond meanwhile

    _lock = threading.Lock()
    _asked_at: float | None = None
    _answered: datetime
    _last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        cls = DatabaseClock
        with cls._lock:
            at = monotonic()
            if cls._asked_at is None or at - cls._asked_at > self.ASKED_EVERY:
                cls._answered, cls._asked_at = self._ask(), monotonic()
                at = cls._asked_at
            moment = cls._answered + timedelta(seconds=at - cls._asked_at)
            cls._last = max(cls._last, moment)
            return cls._last

    def _ask(self) -> datetime:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            row = cursor.fetchone()
        assert row is not None  # noqa: S101 - SELECT of an expression always has one row
        moment: datetime = row[0]
        return moment


class SteppedClock:
    """A clock that moves only when told to: a public fake for tests and for trying things out."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock needs an aware moment")
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> datetime:
        """Move on by ``seconds`` (never backwards) and answer the new moment."""
        if seconds < 0:
            raise ValueError("this clock does not run backwards")
        self._now += timedelta(seconds=seconds)
        return self._now

    def jump(self, by: timedelta) -> datetime:
        """As when somebody sets the machine's clock: on or back."""
        self._now += by
        return self._now


def monotonic() -> float:
    """Seconds on the machine's own scale, unaffected by clock changes, counting while stopped."""
    return (
        time.clock_gettime(time.CLOCK_BOOTTIME)
        if hasattr(time, "CLOCK_BOOTTIME")
        else (time.monotonic())
    )


def day_begins(day: date, zone: str) -> datetime:
    """The moment a civil day begins in a zone."""
    return datetime.combine(day, time_of_day.min, ZoneInfo(zone))


def civil_day(moment: datetime, zone: str) -> date:
    """The calendar day of a moment of human action, in the connection's or tenant's zone."""
    return moment.astimezone(ZoneInfo(zone)).date()
