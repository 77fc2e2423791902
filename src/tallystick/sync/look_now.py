"""Compare lines with Autotask now, in the background: a connection's, a customer's, a selection."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from django.db import transaction

from tallystick.audit.events import Event, Status
from tallystick.audit.record import Subject, record
from tallystick.connections.queries import get_connection
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting
from tallystick.ledger.group import lanes_of
from tallystick.ledger.models import Lane
from tallystick.subscriptions.queries import visible

# Starts the look, in the caller's transaction: of these lanes, or of all (None).
Start = Callable[[int, Sequence[int] | None], None]


def look_now(
    connection_id: int,
    *,
    subscription_ids: Collection[int] | None = None,
    customer_id: int | None = None,
    context: Context,
    now: datetime,
    start: Start,
    correlation_id: str,
) -> int:
    """Answers how many lines; nothing is sent. Raises NotFound, NotAllowed, Conflicting."""
    context.require(Right.SYNC)
    connection = get_connection(context, connection_id)
    if connection.is_paused(now):
        raise Conflicting(
            "The connection is paused: Autotask is not read, and nothing was changed. Resume it "
            "first."
        )
    lanes = Lane.objects.filter(
        connection_id=connection.id, open=True, subscription__in=visible(context)
    )
    whole = subscription_ids is None and customer_id is None and context.reseller_id is None
    if subscription_ids is not None:
        lanes = lanes.filter(lanes_of(subscription_ids))
    if customer_id is not None:
        lanes = lanes.filter(subscription__customer_id=customer_id)
    ids = list(lanes.order_by("pk").values_list("pk", flat=True))
    if not ids:
        raise Conflicting(
            "None of these is mapped to this connection: there is nothing to compare. Nothing was "
            "changed."
        )
    with transaction.atomic():
        start(connection.id, None if whole else ids)
        record(
            Event.LOOK_AT_LINES,
            actor=context.actor,
            now=now,
            subject=Subject(
                tenant_id=connection.tenant_id,
                reseller_id=connection.reseller_id,
                connection_id=connection.id,
                connection_name=connection.name,
            ),
            correlation_id=correlation_id,
            status=Status.PROCESSING,
            summary=f"{len(ids)} line{'' if len(ids) == 1 else 's'} compared in the background",
        )
    return len(ids)
