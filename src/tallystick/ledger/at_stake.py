"""What stands behind each badge: quantity and money, counted by the database, in sets.

Nearly all are plainly green, and nobody looks at those one by one: they are what the tally has
(``tally_models``), without the few that are looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import connection as database

from tallystick.catalog.terms import BillingCycle
from tallystick.kit.money import round_money
from tallystick.ledger.badge import URGENCY, BadgeKind
from tallystick.ledger.counting import PLACES, RESTLESS_LANES, Whose

_MONTHS = " ".join(
    f"WHEN '{cycle.value}' THEN {cycle.months}" for cycle in BillingCycle if cycle.months
)
_ALIVE = "status IN ('active', 'suspended')"
# A month of what a subscription bills; nothing of what is billed once, or has ended.
_A_MONTH = f"""
    CASE WHEN s.{_ALIVE} THEN s.quantity * s.unit_price / CASE o.billing_cycle {_MONTHS} END END
"""
# The urgent lane speaks, as in ``counting``; where both are red, what is stopped before drift.
_SPEAKS = """, subscription AS (
    SELECT connection_id, subscription_id, count(*) AS lanes,
           coalesce(min(urgency * 2 + drifted::int) FILTER (WHERE NOT rests), 2 * min(urgency))
               AS code,
           sum(waits) AS waits, min(proved_at) AS proved_at
    FROM lane GROUP BY connection_id, subscription_id
)
"""
_JOINED = """
FROM subscription b JOIN subscriptions_subscription s ON s.id = b.subscription_id
JOIN catalog_offer o ON o.id = s.offer_id
"""
# All there are, as the tally has them, without those that are looked at one by one.
_PLAIN = f"""
SELECT 2 * %(synced)s, t.price_currency, sum(t.lanes),
       coalesce(sum(t.quantity) FILTER (WHERE t.{_ALIVE}), 0),
       sum(t.charged / CASE o.billing_cycle {_MONTHS} END) FILTER (WHERE t.{_ALIVE}), 0,
       (SELECT min(proved_at) FROM oldest)
FROM (
    SELECT offer_id, status, price_currency, lanes, quantity, charged FROM ledger_tally
    WHERE tenant_id = %(tenant)s AND connection_id = ANY(%(connections)s)
      AND (%(reseller)s::bigint IS NULL OR reseller_id = %(reseller)s)
    UNION ALL
    SELECT s.offer_id, s.status, s.price_currency, -b.lanes, -b.lanes * s.quantity,
           -b.lanes * s.quantity * coalesce(s.unit_price, 0)
    FROM subscription b JOIN subscriptions_subscription s ON s.id = b.subscription_id
) t JOIN catalog_offer o ON o.id = t.offer_id
GROUP BY t.price_currency HAVING sum(t.lanes) <> 0
"""  # noqa: S608 - literals of this file
# The first by proof that is none of those, of each connection.
_OLDEST = """, oldest AS (
    SELECT p.proved_at FROM unnest(%(connections)s::bigint[]) c (id) CROSS JOIN LATERAL (
        SELECT l.proved_at FROM ledger_lane l
        WHERE l.open AND l.connection_id = c.id AND l.tenant_id = %(tenant)s
          AND (l.connection_id, l.subscription_id) NOT IN (
              SELECT connection_id, subscription_id FROM restless)
          AND (%(reseller)s::bigint IS NULL OR EXISTS (
              SELECT FROM subscriptions_subscription s
              WHERE s.id = l.subscription_id AND s.reseller_id = %(reseller)s))
        ORDER BY l.proved_at LIMIT 1) p
)
"""
HELD = f"""{RESTLESS_LANES} {_SPEAKS} {_OLDEST}
SELECT b.code, s.price_currency, count(*),
       coalesce(sum(s.quantity) FILTER (WHERE s.{_ALIVE}), 0),
       sum({_A_MONTH}), sum(b.waits), min(b.proved_at)
{_JOINED} GROUP BY b.code, s.price_currency
UNION ALL {_PLAIN}
"""
WORST = f"""{RESTLESS_LANES} {_SPEAKS}
SELECT b.subscription_id, b.connection_id, {_A_MONTH} AS a_month
{_JOINED} WHERE b.code = ANY(%(codes)s)
ORDER BY a_month DESC NULLS LAST, b.subscription_id LIMIT %(limit)s
"""
# A person is needed for these.
_NEEDY = (BadgeKind.OUT_OF_SYNC, BadgeKind.WAITING_FOR_APPROVAL)


@dataclass(frozen=True, slots=True)
class Held:
    """Of one badge: ``a_month`` is what is charged by currency, without what is billed once;
    ``waits`` the operations that are not settled, ``proved_at`` the oldest proof."""

    subscriptions: int = 0
    quantity: int = 0
    waits: int = 0
    proved_at: datetime | None = None
    a_month: Mapping[str, Decimal] = field(default_factory=dict)

    def and_(self, other: Held) -> Held:
        money = dict(self.a_month)
        for currency, value in other.a_month.items():
            money[currency] = money.get(currency, Decimal(0)) + value
        proofs = [one for one in (self.proved_at, other.proved_at) if one is not None]
        return Held(
            self.subscriptions + other.subscriptions,
            self.quantity + other.quantity,
            self.waits + other.waits,
            min(proofs, default=None),
            money,
        )


@dataclass(frozen=True, slots=True)
class Needy:
    """A subscription that a person must see to, with what it bills in a month."""

    subscription_id: int
    connection_id: int
    a_month: Decimal | None


@dataclass(frozen=True, slots=True)
class Counts:
    """Mapped subscriptions by badge. Out of Sync is what is ``stopped`` and what has ``drifted``:
    nothing waits for that, and Autotask shows something else."""

    by_kind: Mapping[BadgeKind, Held]
    drifted: Held

    def of(self, kind: BadgeKind) -> Held:
        found = self.by_kind.get(kind, Held())
        return found.and_(self.drifted) if kind is BadgeKind.OUT_OF_SYNC else found

    @property
    def stopped(self) -> Held:
        return self.by_kind.get(BadgeKind.OUT_OF_SYNC, Held())

    @property
    def mapped(self) -> int:
        return sum(self.of(kind).subscriptions for kind in BadgeKind)


def counts_at_stake(connection_ids: Collection[int], whose: Whose, *, now: datetime) -> Counts:
    """One question, however many there are."""
    by_kind: dict[BadgeKind, Held] = {}
    drifted = Held()
    with database.cursor() as cursor:
        cursor.execute(HELD, whose.values(connection_ids, now=now))
        for code, currency, number, quantity, money, waits, proved_at in cursor.fetchall():
            held = Held(number, int(quantity), int(waits), proved_at, _money(currency, money))
            kind = URGENCY[code // 2]
            if code % 2:
                drifted = drifted.and_(held)
            else:
                by_kind[kind] = by_kind.get(kind, Held()).and_(held)
    return Counts(by_kind, drifted)


def most_at_stake(
    connection_ids: Collection[int], whose: Whose, *, now: datetime, limit: int
) -> Sequence[Needy]:
    """Out of Sync or waiting for approval, most money a month first (of whichever currency)."""
    values = whose.values(connection_ids, now=now)
    codes = [2 * PLACES[kind.value] + drifted for kind in _NEEDY for drifted in (0, 1)]
    with database.cursor() as cursor:
        cursor.execute(WORST, {**values, "codes": codes, "limit": limit})
        return [
            Needy(subscription_id, connection_id, None if value is None else _rounded(value))
            for subscription_id, connection_id, value in cursor.fetchall()
        ]


def _money(currency: str, value: Decimal | None) -> Mapping[str, Decimal]:
    return {currency: _rounded(value)} if value and currency else {}


def _rounded(value: Decimal) -> Decimal:
    return round_money(value, places=2)
