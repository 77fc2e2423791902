"""A subscription leaves the line that bills it, because another reseller has it now.

Its lane takes nothing new; what is on its way there is still sent, in order, until it is at 0.
The subscription itself is Not Mapped from then on, and may be mapped by whoever has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from tallystick.audit.events import Event
from tallystick.audit.record import record
from tallystick.connections.queries import get_connection, subject_on
from tallystick.identity.context import Context
from tallystick.identity.reach import reach_to, reaching
from tallystick.identity.roles import Right
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import Conflicting, NotFound
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.record import close_lane
from tallystick.ledger.settle import change
from tallystick.ledger.state import STOPPED, State
from tallystick.ledger.wake import Wake
from tallystick.mappings.map_subscription import (
    fields_of,
    place_of,
    refuse_following,
    refuse_shared,
)
from tallystick.mappings.models import (
    CustomerMapping,
    CustomerSuggestion,
    LeftPlace,
    SubscriptionMapping,
)
from tallystick.subscriptions.queries import SubscriptionView, views_by_id


def leave(subscription_id: int, *, on: date, now: datetime) -> None:
    """In the transaction that records it, after that. Does nothing when it is not mapped."""
    mapping = SubscriptionMapping.objects.filter(subscription_id=subscription_id).first()
    if mapping is None:
        return
    left = {
        **fields_of(place_of(mapping)),
        "tenant_id": mapping.tenant_id,
        "connection_id": mapping.connection_id,
        "subscription_id": mapping.subscription_id,
        "lane_id": mapping.lane_id,
        "own_line": mapping.own_line,
        "created_at": now,
        "left_on": on,
    }
    mapping.delete()
    LeftPlace.objects.create(**left)
    close_lane(int(left["lane_id"]))


def refuse_moving(subscription_id: int) -> None:
    """Raises Conflicting while two lines share it: which one is left is not known yet."""
    refuse_following(subscription_id)
    refuse_shared(subscription_id)


def forget_customer(customer_id: int) -> None:
    """It is no company of the earlier context's Autotask any more."""
    for table in (CustomerMapping, CustomerSuggestion):
        table._default_manager.filter(customer_id=customer_id).delete()


def close_left() -> int:
    """Lines that are at 0 are done with; answers how many. Harmless to call too often."""
    unsettled = Delivery.objects.filter(UNSETTLED).values("lane_id")
    done, _ = LeftPlace.objects.exclude(lane__in=unsettled).delete()
    return done


@dataclass(frozen=True, slots=True)
class Left:
    """A line that is not at 0 yet. ``cause`` is empty while it is on its way."""

    lane_id: int
    customer: str
    subscription: str
    contract: str
    left_on: date
    waiting: int
    stopped: bool
    cause: str


def left_lines(context: Context, connection_id: int) -> Sequence[Left]:
    """Of a connection, in the order they were left. Raises NotFound."""
    return _left(context, _not_at_0(context, connection_id).order_by("pk"))


def page_left_lines(
    context: Context, connection_id: int, *, cursor: str | None, limit: int
) -> Page[Left]:
    """The same. Raises NotFound, InvalidInput naming ``cursor`` or ``limit``."""
    limit = check_limit(limit)
    rows = _not_at_0(context, connection_id)
    if cursor:
        rows = rows.filter(pk__gt=decode_cursor(cursor, length=1)[0])
    found = list(rows.order_by("pk")[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    return Page(_left(context, found[:limit]), more)


def _not_at_0(context: Context, connection_id: int) -> QuerySet[LeftPlace]:
    """Raises NotFound."""
    waiting = Delivery.objects.filter(UNSETTLED, lane_id=OuterRef("lane_id"))
    connection = get_connection(context, connection_id)
    return LeftPlace.objects.filter(Exists(waiting), connection_id=connection.id)


def _gone(context: Context, subscription_ids: list[int]) -> dict[int, SubscriptionView]:
    """They are another reseller's now, out of this one's reach: named where their line was left."""
    with reaching(reach_to(context.tenant_id, None)):
        return views_by_id(subscription_ids)


def _left(context: Context, rows: Iterable[LeftPlace]) -> list[Left]:
    rows = list(rows)
    views = _gone(context, [row.subscription_id for row in rows])
    found = []
    for row in rows:
        waiting = list(Delivery.objects.filter(UNSETTLED, lane_id=row.lane_id).order_by("sequence"))
        if not waiting:
            continue
        view, head = views[row.subscription_id], waiting[0]
        found.append(
            Left(
                lane_id=row.lane_id,
                customer=view.customer.name,
                subscription=view.name,
                contract=row.contract_name or str(row.contract_id),
                left_on=row.left_on,
                waiting=len(waiting),
                stopped=State(head.state) in STOPPED,
                cause=head.cause,
            )
        )
    return found


def sync_left(
    lane_id: int,
    connection_id: int,
    *,
    context: Context,
    now: datetime,
    wake: Wake,
    correlation_id: str,
) -> None:
    """Ask a stopped one again. Raises NotAllowed, NotFound, Conflicting."""
    context.require(Right.SYNC)
    connection = get_connection(context, connection_id)
    with transaction.atomic():
        row = LeftPlace.objects.filter(connection_id=connection.id, lane_id=lane_id).first()
        if row is None:
            raise NotFound("No such line was left behind.")
        lane = Lane.objects.select_for_update(no_key=True).get(pk=row.lane_id)
        head = Delivery.objects.filter(UNSETTLED, lane=lane).order_by("sequence").first()
        if head is None or State(head.state) not in STOPPED:
            raise Conflicting("It is not stopped. Nothing was changed.")
        change(head, State.PENDING, now=now)
        record(
            Event.REQUEST_SYNC,
            actor=context.actor,
            now=now,
            subject=subject_on(
                _gone(context, [row.subscription_id])[row.subscription_id].subject(), connection
            ),
            correlation_id=correlation_id,
            summary="The line that was left is asked again",
            details={"lane": lane_id},
        )
        wake([lane_id])
