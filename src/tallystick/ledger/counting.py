"""How many subscriptions carry each badge, and what waits: counted by the database, in sets.

``LANES`` and ``COUNT`` are ``badge.badge`` and ``standings.standings`` once more, in SQL: the same
questions in the same order. A test compares the two on rows of every kind; change one and it fails.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db.models import Count, Q

from tallystick.ledger.badge import TRIES_BEFORE_RED, URGENCY, BadgeKind
from tallystick.ledger.models import Delivery
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.state import STOPPED, State

# Every open lane with each that it bills: its own, and who joined it.
_COLUMNS = """id, tenant_id, connection_id, begins_at, expected_units, proved_at, drift_units,
           drift_charges, agreed_id"""
_EACH = """(
    SELECT {columns}, subscription_id, true AS own FROM ledger_lane WHERE open {its_own}
    UNION ALL
    SELECT {shared}, m.subscription_id, false
    FROM ledger_lane_member m JOIN ledger_lane s ON s.id = m.lane_id
    WHERE m.left_at IS NULL AND s.open {joined}
) l"""
_SHARED = ", ".join(f"s.{one.strip()}" for one in _COLUMNS.split(","))
EACH = _EACH.format(columns=_COLUMNS, shared=_SHARED, its_own="", joined="")
# The same of those alone that are looked at: found by indexes, however many lanes there are.
_OF_RESTLESS = "AND {0}subscription_id = r.subscription_id AND {1}connection_id = r.connection_id"
EACH_RESTLESS = "restless r CROSS JOIN LATERAL " + _EACH.format(
    columns=_COLUMNS,
    shared=_SHARED,
    its_own=_OF_RESTLESS.format("", ""),
    joined=_OF_RESTLESS.format("m.", "s."),
)
# The subscriptions of some connections of which a lane may be other than plainly green: not proved,
# with something else seen, ending, not begun, or with something unsettled. Few, found by indexes.
# Of two open lanes of one subscription one is ending, always.
RESTLESS = """
WITH restless_lane AS MATERIALIZED (
    SELECT id, connection_id, subscription_id FROM ledger_lane
    WHERE open AND connection_id = ANY(%(connections)s) AND (
        proved_at IS NULL OR drift_units IS NOT NULL OR drift_charges <> '' OR ends_on IS NOT NULL)
    UNION SELECT id, connection_id, subscription_id FROM ledger_lane
    WHERE open AND connection_id = ANY(%(connections)s) AND begins_at > %(now)s
    UNION SELECT l.id, l.connection_id, l.subscription_id
    FROM ledger_delivery d JOIN ledger_lane l ON l.id = d.lane_id
    WHERE d.state NOT IN ('not_applicable', 'resolved', 'synced')
      AND l.open AND l.connection_id = ANY(%(connections)s)
), restless AS MATERIALIZED (
    SELECT connection_id, subscription_id FROM restless_lane
    UNION SELECT l.connection_id, m.subscription_id
    FROM restless_lane l JOIN ledger_lane_member m ON m.lane_id = l.id AND m.left_at IS NULL
), """
# The lanes of a context with what each says; ``waits`` counts what is not settled on it, once.
_LANES = """
head AS (
    SELECT DISTINCT ON (lane_id) lane_id, state, tries, cause, awaits_approval,
           count(*) OVER (PARTITION BY lane_id) AS waits
    FROM ledger_delivery WHERE state NOT IN ('not_applicable', 'resolved', 'synced')
    ORDER BY lane_id, sequence
), lane AS (
    SELECT l.connection_id, l.subscription_id, coalesce(l.begins_at > %(now)s, false) AS rests,
           h.state IS NULL AS idle,
           CASE
               WHEN l.begins_at > %(now)s THEN %(left)s
               WHEN h.state IN ('failed', 'conflict') THEN %(out_of_sync)s
               WHEN h.state = 'checking' THEN %(checking)s
               WHEN h.state IS NOT NULL AND l.connection_id = ANY(%(paused)s) THEN %(out_of_sync)s
               WHEN h.awaits_approval THEN %(waiting_for_approval)s
               WHEN h.tries >= %(tries)s AND h.cause <> '' THEN %(out_of_sync)s
               WHEN h.state IS NOT NULL THEN %(syncing)s
               WHEN l.drift_charges <> '' THEN %(out_of_sync)s
               WHEN l.drift_units IS NOT NULL AND a.until_at > %(now)s THEN %(agreed)s
               WHEN l.drift_units IS NOT NULL THEN %(out_of_sync)s
               WHEN l.expected_units IS NULL AND l.proved_at IS NULL THEN %(left)s
               WHEN l.proved_at IS NULL THEN %(checking)s
               ELSE %(synced)s
           END AS urgency,
           h.state IS NULL AND (l.drift_charges <> '' OR (
               l.drift_units IS NOT NULL AND coalesce(a.until_at <= %(now)s, true))) AS drifted,
           CASE WHEN l.own THEN coalesce(h.waits, 0) ELSE 0 END AS waits, l.proved_at
    FROM {each} LEFT JOIN head h ON h.lane_id = l.id
         LEFT JOIN ledger_drift_decision a ON a.id = l.agreed_id
    WHERE l.connection_id = ANY(%(connections)s) AND l.tenant_id = %(tenant)s
      AND (%(reseller)s::bigint IS NULL OR l.subscription_id IN (
          SELECT id FROM subscriptions_subscription WHERE reseller_id = %(reseller)s))
)
"""
LANES = "WITH " + _LANES.format(each=EACH)
RESTLESS_LANES = RESTLESS + _LANES.format(each=EACH_RESTLESS)
# A lane that has not begun says nothing beside one that bills; of two, the urgent one speaks.
SPEAKS = """, subscription AS (
    SELECT connection_id, subscription_id,
           coalesce(min(urgency) FILTER (WHERE NOT rests), min(urgency)) AS urgency
    FROM lane GROUP BY connection_id, subscription_id
)
"""
COUNT = f"{LANES} {SPEAKS} SELECT connection_id, urgency, count(*) FROM subscription GROUP BY 1, 2"  # noqa: S608 - literals of this file
# Which of them are red, and whether nothing waits there: then somebody changed it in Autotask.
RED = f"""{LANES} {SPEAKS}
SELECT subscription.connection_id, subscription.subscription_id, bool_and(lane.idle)
FROM subscription JOIN lane USING (connection_id, subscription_id, urgency)
WHERE urgency = %(out_of_sync)s
GROUP BY subscription.connection_id, subscription.subscription_id
ORDER BY subscription.subscription_id
"""  # noqa: S608 - literals of this file
# The least is the most urgent.
PLACES = {kind.value: place for place, kind in enumerate(URGENCY)}


@dataclass(frozen=True, slots=True)
class Whose:
    """The context that counts; ``paused`` as ``standings`` has it."""

    tenant_id: int
    reseller_id: int | None
    paused: Mapping[int, tuple[str, datetime]]

    def values(self, connection_ids: Collection[int], *, now: datetime) -> dict[str, Any]:
        """What ``LANES`` is asked with."""
        return {
            "connections": list(connection_ids),
            "paused": [each for each, (because, _) in self.paused.items() if because],
            "tenant": self.tenant_id,
            "reseller": self.reseller_id,
            "now": now,
            "tries": TRIES_BEFORE_RED,
            **PLACES,
        }


def count_badges(
    connection_ids: Collection[int], whose: Whose, *, now: datetime
) -> dict[int, dict[BadgeKind, int]]:
    """By connection: how many of the context's mapped subscriptions carry each badge.

    One question for all of them.
    """
    counts = {each: dict.fromkeys(BadgeKind, 0) for each in connection_ids}
    for connection_id, urgency, number in _ask(COUNT, whose.values(counts, now=now)):
        counts[connection_id][URGENCY[urgency]] = number
    return counts


@dataclass(frozen=True, slots=True)
class Red:
    """A subscription that is out of sync by itself; ``drifted``: with nothing waiting."""

    subscription_id: int
    connection_id: int
    drifted: bool


def out_of_sync(connection_ids: Collection[int], *, tenant_id: int, now: datetime) -> Sequence[Red]:
    """Those that would be red whether their connection is paused or not: one question."""
    asked = Whose(tenant_id, None, {}).values(connection_ids, now=now)
    return [
        Red(subscription_id, connection_id, drifted)
        for connection_id, subscription_id, drifted in _ask(RED, asked)
    ]


def _ask(question: str, asked: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(question, asked)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


@dataclass(frozen=True, slots=True)
class Oldest:
    """The operation that has waited longest, of what is to be sent by now."""

    operation_id: int
    subscription_id: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Queue:
    """Operations of one connection that are not settled. ``planned``: for a contract whose first
    day has not begun; they are in none of the other numbers. ``to_approve``: those of the waiting
    that are held for review."""

    waiting: int
    sending: int
    checking: int
    stopped: int
    planned: int
    oldest: Oldest | None
    to_approve: int = 0

    @property
    def unsettled(self) -> int:
        """What is on its way or should be."""
        return self.waiting + self.sending + self.checking + self.stopped


def queue_of(connection_id: int, *, now: datetime) -> Queue:
    """Four questions, however much waits."""
    planned = Q(lane__begins_at__gt=now)
    rows = Delivery.objects.filter(UNSETTLED, lane__connection_id=connection_id)
    due = rows.exclude(planned)
    counts = dict(due.values_list("state").annotate(number=Count("pk")).order_by())
    first = due.order_by("operation__recorded_at", "operation_id")
    found = first.values_list(
        "operation_id", "operation__subscription_id", "operation__recorded_at"
    )
    oldest = found.first()
    return Queue(
        waiting=counts.get(State.PENDING.value, 0),
        sending=counts.get(State.SENDING.value, 0),
        checking=counts.get(State.CHECKING.value, 0),
        stopped=sum(counts.get(state.value, 0) for state in STOPPED),
        planned=rows.filter(planned).count(),
        oldest=Oldest(*oldest) if oldest else None,
        to_approve=due.filter(state=State.PENDING.value, awaits_approval=True).count(),
    )
