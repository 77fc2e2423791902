"""The Subscription Mapping list: ours, theirs, the badge, in a context."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q, QuerySet

from tallystick.connections.models import Connection
from tallystick.connections.overrides import included_units
from tallystick.connections.queries import get_connection
from tallystick.identity.context import Context
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import InvalidInput, NotFound
from tallystick.ledger.badge import Badge, BadgeKind
from tallystick.ledger.counting import Whose, count_badges
from tallystick.ledger.queries import OperationView, get_operations
from tallystick.ledger.second_writer import SecondWriter
from tallystick.ledger.standings import LaneStanding, LaneView, standings
from tallystick.mappings.may_carry import Open, may_carry, only_open
from tallystick.mappings.models import SubscriptionMapping
from tallystick.mappings.sharer import Sharer, sharers
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import (
    SubscriptionView,
    get_subscription,
    list_subscriptions,
    view_of,
    visible,
)

NOT_MAPPED = Badge(BadgeKind.NOT_MAPPED, 0, "", None, None, None)


@dataclass(frozen=True, slots=True)
class PlaceView:
    """Where a subscription is billed, in Autotask's names."""

    connection_id: int
    connection_name: str
    company_id: int
    company_name: str
    contract_id: int
    contract_name: str
    service_id: int
    service_name: str
    line_id: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """A subscription with where it is billed and how it stands.

    ``together``: the others that its line bills, too. They share the lane: its badge, what waits
    and what stops are all of theirs.
    """

    subscription: SubscriptionView
    place: PlaceView | None
    lane: LaneView | None
    badge: Badge
    head: OperationView | None = None
    second_writer: SecondWriter | None = None
    # Units the contract's price contains: so many fewer than the quantity are billed.
    included: int = 0
    together: Sequence[Sharer] = ()

    @property
    def stopped_by(self) -> Sharer | None:
        """Whose operation the head is, where it is another one's."""
        whose = self.head.subscription_id if self.head else self.subscription.id
        return next((one for one in self.together if one.id == whose), None)

    @property
    def head_in_words(self) -> str:
        """``Update quantity 5 to 7``, with whose it is where it is another one's."""
        if self.head is None:
            return ""
        whose = f", of {self.stopped_by.label}" if self.stopped_by else ""
        return f"{self.head.in_words()}{whose}"


def paused_connections(
    connection_ids: set[int], *, now: datetime
) -> dict[int, tuple[str, datetime]]:
    """The connections that wait at this moment, with why and since when."""
    rows = Connection.objects.filter(pk__in=connection_ids, paused_at__isnull=False).filter(
        Q(resume_at__isnull=True) | Q(resume_at__gt=now)
    )
    return {row.pk: (row.paused_because, row.paused_at) for row in rows if row.paused_at}


def rows_for(
    context: Context, views: list[SubscriptionView], *, now: datetime, with_head: bool = False
) -> list[Row]:
    """Each subscription with its place and badge; a fixed number of queries.

    What is billed by a connection of another context is Not Mapped in this one.
    """
    ids = [view.id for view in views]
    mappings = {
        mapping.subscription_id: mapping
        for mapping in SubscriptionMapping.objects.filter(
            subscription_id__in=ids, **context.scope("connection__")
        ).select_related("connection")
    }
    paused = paused_connections({m.connection_id for m in mappings.values()}, now=now)
    found = included_units(ids)
    included = {pk: found.get((one.connection_id, pk), 0) for pk, one in mappings.items()}
    lanes = standings(subscription_ids=ids, paused=paused, now=now, included=included)
    heads = _heads(lanes.values()) if with_head else {}
    rows = [_row(view, mappings.get(view.id), lanes.get(view.id), heads) for view in views]
    on_line = sharers([mapping.lane_id for mapping in mappings.values()])
    return [
        replace(
            row,
            included=included.get(row.subscription.id, 0),
            together=_others(row.subscription.id, mappings.get(row.subscription.id), on_line),
        )
        for row in rows
    ]


def _others(
    subscription_id: int,
    mapping: SubscriptionMapping | None,
    on_line: Mapping[int, Sequence[Sharer]],
) -> Sequence[Sharer]:
    everybody = on_line.get(mapping.lane_id, ()) if mapping else ()
    return tuple(one for one in everybody if one.id != subscription_id)


def _heads(lanes: Iterable[LaneStanding]) -> Mapping[int, OperationView]:
    """What stops these lanes, by its id."""
    ids = [one.head_operation_id for one in lanes if one.head_operation_id and one.badge.cause]
    return {head.id: head for head in get_operations(ids)} if ids else {}


def _row(
    view: SubscriptionView,
    mapping: SubscriptionMapping | None,
    standing: LaneStanding | None,
    heads: Mapping[int, OperationView],
) -> Row:
    if mapping is None or standing is None:
        return Row(view, None, None, NOT_MAPPED)
    return Row(
        subscription=view,
        place=PlaceView(
            connection_id=mapping.connection_id,
            connection_name=mapping.connection.name,
            company_id=mapping.company_id,
            company_name=mapping.company_name,
            contract_id=mapping.contract_id,
            contract_name=mapping.contract_name,
            service_id=mapping.service_id,
            service_name=mapping.service_name,
            line_id=mapping.line_id,
        ),
        lane=standing.lane,
        badge=standing.badge,
        head=heads.get(standing.head_operation_id or 0),
        second_writer=standing.second_writer,
    )


def subscription_row(context: Context, subscription_id: int, *, now: datetime) -> Row:
    """One subscription with its place, badge and what stops it. Raises NotFound."""
    view = get_subscription(context, subscription_id)
    return rows_for(context, [view], now=now, with_head=True)[0]


def mapping_row(
    context: Context, connection_id: int, subscription_id: int, *, now: datetime
) -> Row:
    """A mapped subscription of one connection. Raises NotFound."""
    row = subscription_row(context, subscription_id, now=now)
    if row.place is None or row.place.connection_id != connection_id:
        raise NotFound("The subscription is not mapped to this connection.")
    return row


def list_rows(
    context: Context,
    *,
    now: datetime,
    search: str = "",
    status: str = "",
    badge: str = "",
    show: str = "",
    customer_id: int | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Row]:
    """The Subscriptions list with badges; ``show`` is one of ``Open``. Raises InvalidInput."""
    asked = _badge(badge)
    if show and show not in set(Open):
        raise InvalidInput.one("show", f"“{show[:20]}” is not one of {', '.join(Open)}")
    among = only_open(visible(context), Open(show), context) if show else visible(context)

    def page_after(cursor: str | None) -> Page[SubscriptionView]:
        return list_subscriptions(
            context,
            search=search,
            status=status,
            customer_id=customer_id,
            among=may_carry(among, asked, now=now) if asked or show else None,
            cursor=cursor,
            limit=limit,
        )

    page = page_after(cursor)
    found = rows_for(context, list(page.items), now=now)
    if asked is None:
        return Page(found, page.next_cursor)
    # A badge is decided, not stored: pages are read until enough rows carry the asked one.
    found = [row for row in found if row.badge.kind is asked]
    while len(found) <= limit and page.next_cursor is not None:
        page = page_after(page.next_cursor)
        more = rows_for(context, list(page.items), now=now)
        found += [row for row in more if row.badge.kind is asked]
    return _cut(found, limit)


def _badge(text: str) -> BadgeKind | None:
    """Raises InvalidInput naming ``badge``."""
    if text and text not in set(BadgeKind):
        raise InvalidInput.one("badge", f"“{text[:20]}” is not a badge")
    return BadgeKind(text) if text else None


def _cut(found: list[Row], limit: int) -> Page[Row]:
    """The first of them, and where the next page begins."""
    if len(found) <= limit:
        return Page(found, None)
    last = found[limit - 1].subscription
    return Page(found[:limit], encode_cursor([last.customer.name, last.id]))


def list_mappings(
    context: Context,
    connection_id: int,
    *,
    now: datetime,
    search: str = "",
    badge: str = "",
    mapped: bool | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[Row]:
    """The Subscription Mapping list of one connection, by customer name.

    Subscriptions mapped to another connection, and on a reseller's connection those of others,
    are not listed: they cannot be mapped here. Raises NotFound, InvalidInput.
    """
    connection = get_connection(context, connection_id)
    limit = check_limit(limit)
    asked = _badge(badge)
    rows = visible(context.within(connection.reseller_id)).filter(
        Q(subscriptionmapping__connection_id=connection.id) | Q(subscriptionmapping__isnull=True)
    )
    if mapped is not None:
        rows = rows.filter(subscriptionmapping__isnull=not mapped)
    rows = may_carry(rows, asked, now=now)
    for word in search.replace("\x00", "").split():
        rows = rows.filter(
            Q(customer__name__icontains=word)
            | Q(offer__name__icontains=word)
            | Q(friendly_name__icontains=word)
            | Q(provider_id__icontains=word)
            | Q(subscriptionmapping__company_name__icontains=word)
            | Q(subscriptionmapping__contract_name__icontains=word)
        )
    key = decode_cursor(cursor, length=2) if cursor else None
    found: list[Row] = []
    # A badge is decided, not stored: pages are read until enough rows carry the asked one.
    while len(found) <= limit:
        chunk = _chunk(rows, key, limit + 1)
        decided = rows_for(context, [view_of(row) for row in chunk], now=now, with_head=True)
        found.extend(row for row in decided if asked is None or row.badge.kind is asked)
        if len(chunk) <= limit:
            break
        key = [chunk[-1].customer.name, chunk[-1].pk]
    return _cut(found, limit)


def _chunk(
    rows: QuerySet[Subscription], key: list[str | int] | None, size: int
) -> list[Subscription]:
    query = rows.order_by("customer__name", "pk")
    if key is not None:
        name, pk = key
        query = query.filter(Q(customer__name__gt=name) | Q(customer__name=name, pk__gt=pk))
    return list(query[:size])


def badge_counts(
    context: Context, connection_ids: Collection[int], *, now: datetime
) -> dict[int, dict[BadgeKind, int]]:
    """How many mapped subscriptions of each connection carry each badge: two questions."""
    paused = paused_connections(set(connection_ids), now=now)
    whose = Whose(context.tenant_id, context.reseller_id, paused)
    return count_badges(connection_ids, whose, now=now)


def counts_by_badge(context: Context, connection_id: int, *, now: datetime) -> dict[BadgeKind, int]:
    """The same of one connection."""
    return badge_counts(context, [connection_id], now=now)[connection_id]
