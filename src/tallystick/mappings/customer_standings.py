"""The Customers list: what each holds, what it bills, and how that stands in Autotask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tallystick.identity.context import Context
from tallystick.kit.paging import Page
from tallystick.ledger.badge import URGENCY, BadgeKind
from tallystick.mappings.rows import rows_for
from tallystick.mappings.stakes import NOTHING, Stake, stakes_by
from tallystick.subscriptions.queries import CustomerView, list_customers, view_of, visible

CUSTOMERS_A_PAGE = 25


@dataclass(frozen=True, slots=True)
class CustomerStanding:
    """``badges``: of all it holds, the most urgent first; ``connection_ids``: those that bill it;
    ``active`` is what it bills."""

    customer: CustomerView
    subscriptions: int
    active: Stake
    badges: Sequence[tuple[BadgeKind, int]]
    connection_ids: Sequence[int]


def list_customer_standings(
    context: Context, *, now: datetime, search: str = "", cursor: str | None = None
) -> Page[CustomerStanding]:
    """By name; a fixed number of questions a page. Raises InvalidInput."""
    page = list_customers(context, search=search, cursor=cursor, limit=CUSTOMERS_A_PAGE)
    held = visible(context).filter(customer_id__in=[one.id for one in page.items])
    stakes = stakes_by("customer_id", held)
    badges: dict[int, Counter[BadgeKind]] = {}
    places: dict[int, set[int]] = {}
    for row in rows_for(context, [view_of(one) for one in held], now=now):
        customer_id = row.subscription.customer.id
        badges.setdefault(customer_id, Counter())[row.badge.kind] += 1
        if row.place is not None:
            places.setdefault(customer_id, set()).add(row.place.connection_id)
    standings = [
        _standing(one, stakes, badges.get(one.id, Counter()), places.get(one.id, set()))
        for one in page.items
    ]
    return Page(standings, page.next_cursor)


def _standing(
    customer: CustomerView,
    stakes: Mapping[int, Stake],
    badges: Counter[BadgeKind],
    connection_ids: set[int],
) -> CustomerStanding:
    order = (*URGENCY, BadgeKind.NOT_MAPPED)
    return CustomerStanding(
        customer=customer,
        subscriptions=badges.total(),
        active=stakes.get(customer.id, NOTHING),
        badges=[(kind, badges[kind]) for kind in order if badges[kind]],
        connection_ids=sorted(connection_ids),
    )
