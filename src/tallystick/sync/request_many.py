"""Sync was pressed on several: a selection, a customer, a connection. One round, a run each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.paging import Page
from tallystick.kit.problem import Conflicting, NotFound
from tallystick.ledger.group import lanes_of
from tallystick.ledger.kinds import RoundScope
from tallystick.ledger.models import Delivery
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.round_queries import (
    ITEMS_SHOWN,
    ItemView,
    RoundView,
    Whose,
    get_round,
    items_of,
    list_rounds,
)
from tallystick.ledger.rounds import add_held, add_run, all_asked, same_round, start_round
from tallystick.ledger.wake import Wake
from tallystick.subscriptions.queries import SubscriptionView, get_subscription
from tallystick.sync import words_look
from tallystick.sync.request import Pressed, press


def request_many(
    connection_id: int,
    subscription_ids: Collection[int],
    *,
    scope: RoundScope,
    customer_id: int | None = None,
    context: Context,
    now: datetime,
    wake: Wake,
    correlation_id: str,
) -> RoundView:
    """Each is asked in a transaction of its own, so that nobody waits for all their locks.

    Pressed again before anything of it has ended: the same round. What may not be asked now (held
    for approval, not begun, not mapped here any more) is part of it and says why.
    Raises NotFound, NotAllowed.
    """
    context.require(Right.SYNC)
    connection = get_connection(context, connection_id)
    views = [get_subscription(context, one) for one in sorted(set(subscription_ids))]
    going_on = same_round(connection.id, [view.id for view in views])
    if going_on is not None:
        return round_in_context(context, going_on)
    round_id = start_round(
        tenant_id=connection.tenant_id,
        connection_id=connection.id,
        scope=scope,
        customer_id=customer_id,
        asked_by=context.actor.name,
        correlation_id=correlation_id,
        now=now,
    )
    for view in views:
        _ask(round_id, connection, view, by=Pressed(context, now, wake, correlation_id))
    all_asked(round_id, now=now)
    return round_in_context(context, round_id)


def round_in_context(context: Context, round_id: int) -> RoundView:
    """Raises NotFound, also when its connection is in somebody else's context."""
    found = get_round(whose(context), round_id)
    if found is None:
        raise NotFound("There is no such sync run.")
    return found


def rounds_in_context(
    context: Context,
    *,
    connection_id: int | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[RoundView]:
    """Newest first. Raises InvalidInput."""
    return list_rounds(whose(context), connection_id=connection_id, cursor=cursor, limit=limit)


def items_in_context(
    context: Context, round_id: int, *, limit: int = ITEMS_SHOWN
) -> Sequence[ItemView]:
    """What needs somebody first. Raises NotFound."""
    return page_items(context, round_id, limit=limit).items


def page_items(
    context: Context, round_id: int, *, cursor: str | None = None, limit: int
) -> Page[ItemView]:
    """The same. Raises NotFound, InvalidInput naming ``cursor``."""
    found = round_in_context(context, round_id)
    return items_of(found.id, whose(context), cursor=cursor, limit=limit)


def whose(context: Context) -> Whose:
    """Rounds on the connections of a context."""
    return Whose(context.scope("connection__"), words_look.read_and_equal().words)


def _ask(round_id: int, connection: ConnectionView, view: SubscriptionView, *, by: Pressed) -> None:
    with transaction.atomic():
        try:
            with transaction.atomic():
                for run, _ in press(connection, view, by=by):
                    add_run(round_id, run)
        except (Conflicting, NotFound) as held:
            waiting = Delivery.objects.filter(
                UNSETTLED,
                lanes_of([view.id], through="lane__"),
                lane__connection_id=connection.id,
                lane__open=True,
            )
            add_held(round_id, view.id, operations=waiting.count(), because=str(held))
