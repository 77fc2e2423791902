"""What was recorded and proved, day by day, counted by the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection as database

from tallystick.ledger.counting import Whose
from tallystick.ledger.kinds import OperationKind

RECORDED = """
SELECT (p.recorded_at AT TIME ZONE %(zone)s)::date AS day, p.kind, count(*)
FROM ledger_operation p
WHERE p.tenant_id = %(tenant)s AND p.recorded_at >= %(since)s
  AND (%(reseller)s::bigint IS NULL OR p.subscription_id IN (
      SELECT id FROM subscriptions_subscription WHERE reseller_id = %(reseller)s))
GROUP BY 1, 2
"""
PROVED = """
SELECT (d.settled_at AT TIME ZONE %(zone)s)::date AS day, count(*),
       percentile_cont(0.5) WITHIN GROUP (
           ORDER BY extract(epoch FROM d.settled_at - d.created_at)::float)
FROM ledger_delivery d JOIN ledger_lane l ON l.id = d.lane_id
WHERE d.tenant_id = %(tenant)s AND d.settled_at >= %(since)s AND d.state = 'synced'
  AND l.connection_id = ANY(%(connections)s)
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Day:
    """``recorded`` counts operations by kind, ``proved`` those that were read back in Autotask;
    ``to_green``: how long half of these took at most, from being recorded."""

    on: date
    recorded: Mapping[OperationKind, int]
    proved: int
    to_green: timedelta | None

    @property
    def operations(self) -> int:
        return sum(self.recorded.values())


def days(
    connection_ids: Collection[int],
    whose: Whose,
    *,
    first: date,
    last: date,
    since: datetime,
    zone: str,
) -> Sequence[Day]:
    """Every day from ``first`` to ``last`` in that zone; ``since``: when the first begins.

    Two questions.
    """
    values = {
        "tenant": whose.tenant_id,
        "reseller": whose.reseller_id,
        "connections": list(connection_ids),
        "since": since,
        "zone": zone,
    }
    recorded: dict[date, dict[OperationKind, int]] = {}
    proved: dict[date, tuple[int, timedelta]] = {}
    with database.cursor() as cursor:
        cursor.execute(RECORDED, values)
        for day, kind, number in cursor.fetchall():
            recorded.setdefault(day, {})[OperationKind(kind)] = number
        cursor.execute(PROVED, values)
        for day, number, seconds in cursor.fetchall():
            proved[day] = (number, timedelta(seconds=seconds))
    every = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [Day(on, recorded.get(on, {}), *proved.get(on, (0, None))) for on in every]
