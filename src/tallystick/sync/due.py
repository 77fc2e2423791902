"""Which lanes have something due that nobody is working on: the net under every nudge."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

# The longest of a connection first, for it takes longest; then the oldest. What does not fit is
# found by the next sweep.
AT_ONCE = 500

# A lane is due when its first unsettled delivery waits for nothing any more: not stopped, its
# waiting time over, not held for review, its connection not paused, and not in the hands of a live
# process.
DUE = """
SELECT lane.id, row_number() OVER
    (PARTITION BY c.id ORDER BY waiting.deliveries DESC, head.created_at) = 1 AS longest
FROM ledger_lane lane
JOIN connections_connection c ON c.id = lane.connection_id
JOIN LATERAL (
    SELECT d.state, d.retry_at, d.created_at, d.tries, d.awaits_approval
    FROM ledger_delivery d
    WHERE d.lane_id = lane.id AND d.state NOT IN ('synced', 'not_applicable', 'resolved')
    ORDER BY d.sequence LIMIT 1
) head ON true
JOIN LATERAL (
    SELECT count(*) AS deliveries FROM ledger_delivery w
    WHERE w.lane_id = lane.id AND w.state NOT IN ('synced', 'not_applicable', 'resolved')
) waiting ON true
WHERE head.state NOT IN ('failed', 'conflict')
  AND NOT head.awaits_approval
  AND (head.retry_at IS NULL OR head.retry_at <= %(now)s)
  AND (head.tries > 0 OR lane.sync_asked_at IS NOT NULL OR head.state <> 'pending'
       OR head.created_at > %(now)s
       OR head.created_at + c.quiet_seconds * interval '1 second' <= %(now)s)
  AND (c.paused_at IS NULL OR c.resume_at <= %(now)s)
  AND (%(connection)s::bigint IS NULL OR c.id = %(connection)s)
  AND (lane.holder IS NULL OR lane.leased_until <= %(now)s
       OR NOT EXISTS (
           SELECT 1 FROM pg_locks l
           WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
             AND l.mode = 'ExclusiveLock'
             AND ((l.classid::bigint << 32) | l.objid::bigint) = lane.holder))
ORDER BY longest DESC, head.created_at
LIMIT %(limit)s
"""


def due_lanes(
    *, now: datetime, connection_id: int | None = None, limit: int = AT_ONCE
) -> Sequence[int]:
    """The ids of lanes to wake."""
    return [lane_id for lane_id, _ in _due(now, connection_id, limit)]


def longest_due(*, now: datetime) -> Sequence[int]:
    """Of each connection the one in which most waits."""
    return [lane_id for lane_id, longest in _due(now, None, AT_ONCE) if longest]


def _due(now: datetime, connection_id: int | None, limit: int) -> Sequence[tuple[int, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"now": now, "connection": connection_id, "limit": limit})
        return [(lane_id, longest) for lane_id, longest in cursor.fetchall()]


def open_runs_without_work(*, now: datetime, older_than: timedelta) -> Sequence[int]:
    """Lanes whose Sync is still open although no turn has come for a while: wake them too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.lane_id FROM ledger_sync_run r JOIN ledger_lane l ON l.id = r.lane_id "
            "WHERE r.finished_at IS NULL AND r.started_at < %s "
            "AND (l.holder IS NULL OR l.leased_until <= %s)",
            [now - older_than, now],
        )
        return [row[0] for row in cursor.fetchall()]
