"""Is somebody working? What the job engine knows of its workers."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

WORKER_IS_GONE_AFTER = timedelta(seconds=30)


def worker_seen_at() -> datetime | None:
    """The latest sign of life of any worker, or None: no worker has run, or all stopped."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(last_heartbeat) FROM procrastinate_workers")
        row = cursor.fetchone()
    return None if row is None else row[0]


def is_there(seen_at: datetime | None, *, now: datetime) -> bool:
    """Whether a worker gave a sign of life lately."""
    return seen_at is not None and now - seen_at <= WORKER_IS_GONE_AFTER
