"""What waits for a while is due at once, because what it waited for has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

# Whoever holds one of them decides about it itself: nobody is waited for.
DUE_NOW = """
UPDATE ledger_delivery SET retry_at = %(now)s WHERE id IN (
    SELECT d.id FROM ledger_delivery d JOIN ledger_lane l ON l.id = d.lane_id
    WHERE l.connection_id = %(connection)s AND d.state IN ('pending', 'checking')
      AND d.cause_code = ANY(%(codes)s) AND d.retry_at > %(now)s
    ORDER BY d.id FOR NO KEY UPDATE OF d SKIP LOCKED)
"""


def due_now(connection_id: int, *, causes: Sequence[str], now: datetime) -> int:
    """End the pauses of a connection's deliveries that wait for one of these causes, by its code.

    Answers how many. Nothing else of them changes; the next sweep finds their lanes.
    """
    with connection.cursor() as cursor:
        cursor.execute(DUE_NOW, {"connection": connection_id, "codes": list(causes), "now": now})
        return int(cursor.rowcount)
