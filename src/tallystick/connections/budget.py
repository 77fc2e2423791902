"""The hour's budget of calls: our own journal, and what Autotask says everybody spent.

Two limits, both over the last sixty minutes (Autotask's threshold is a rolling hour, all
integrations of a tenant together; docs/vendor/autotask.md):

- ours: ``budget_share`` of the threshold, by our own journal;
- everybody's: ninety percent of the threshold, by the last count Autotask reported.

Writes stop a little earlier than reads: what was sent must always be able to be read back.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection as database

from tallystick.connections.models import CallMinute, Connection

# A rolling hour, and as much as a minute's row and the wait for a place may be off.
HOUR = timedelta(minutes=61, seconds=30)
# Asked before and around every call: by hand, because the mapper takes longer than the question.
STANDING = """
SELECT c.id, hourly_threshold, budget_share, reported_calls, reported_own_calls, reported_at,
       (SELECT coalesce(sum(calls), 0) FROM connections_call_minute m
        WHERE m.connection_id = c.id AND m.minute > %(after)s)
FROM connections_connection c WHERE c.id = ANY(%(connections)s)
"""
EVERYBODY = 0.9
READ_BACK_RESERVE = 0.03
SMALLEST_RESERVE = 2


@dataclass(frozen=True, slots=True)
class Budget:
    """Counts of calls in the last sixty minutes. ``others``: as of ``reported_at``, when Autotask
    last said how many everybody made."""

    threshold: int
    allowed: int
    spent: int
    others: int | None
    reported_at: datetime | None

    @property
    def left(self) -> int:
        """Calls we may still make now."""
        own = self.allowed - self.spent
        if self.others is None:
            return own
        return min(own, int(self.threshold * EVERYBODY) - self.others - self.spent)

    @property
    def left_for_writes(self) -> int:
        """Writes we may still start: the rest is kept for reading back what was sent."""
        reserve = max(SMALLEST_RESERVE, int(self.allowed * READ_BACK_RESERVE))
        return (self.left - reserve) // 2 + 1 if self.left > reserve else 0


def budget_of(connection_id: int, *, now: datetime) -> Budget:
    """Where a connection stands at this moment."""
    return budgets_of([connection_id], now=now)[connection_id]


def budgets_of(connection_ids: Collection[int], *, now: datetime) -> dict[int, Budget]:
    """The same of many: one question."""
    with database.cursor() as cursor:
        values: dict[str, Any] = {"connections": list(connection_ids), "after": now - HOUR}
        cursor.execute(STANDING, values)
        return {connection_id: _budget(*row) for connection_id, *row in cursor.fetchall()}


def _budget(
    threshold: int,
    share: Decimal,
    reported: int | None,
    reported_own: int | None,
    reported_at: datetime | None,
    spent: int,
) -> Budget:
    others = None
    if reported is not None and reported_own is not None:
        others = max(0, reported - reported_own)
    return Budget(
        threshold=threshold,
        allowed=int(threshold * share),
        spent=int(spent),
        others=others,
        reported_at=reported_at,
    )


def note_calls(connection_id: int, calls: int, *, now: datetime) -> None:
    """Add to the journal: one row a minute."""
    minute = now.replace(second=0, microsecond=0)
    with database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO connections_call_minute (connection_id, minute, calls) "
            "VALUES (%s, %s, %s) ON CONFLICT ON CONSTRAINT call_minute_once "
            "DO UPDATE SET calls = connections_call_minute.calls + EXCLUDED.calls",
            [connection_id, minute, calls],
        )


def frees_at(connection_id: int, *, now: datetime) -> datetime:
    """When the oldest minute of the hour falls out of it: the next time to ask again."""
    oldest = (
        CallMinute.objects.filter(connection_id=connection_id, minute__gt=now - HOUR)
        .order_by("minute")
        .values_list("minute", flat=True)
        .first()
    )
    return (oldest or now) + HOUR + timedelta(seconds=1)


def note_threshold(connection_id: int, *, threshold: int, used: int, now: datetime) -> None:
    """Keep what Autotask reported: its threshold and everybody's calls of the hour."""
    own = budget_of(connection_id, now=now).spent
    Connection.objects.filter(pk=connection_id).update(
        hourly_threshold=threshold,
        reported_calls=used,
        reported_own_calls=min(own, used),
        reported_at=now,
    )


def forget_old_minutes(*, now: datetime) -> None:
    """The journal keeps a day."""
    CallMinute.objects.filter(minute__lt=now - timedelta(days=1)).delete()
