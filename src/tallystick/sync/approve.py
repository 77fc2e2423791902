"""A named person approves what is held for review: from then on it is sent in its turn.

Whoever refuses it decides that it is skipped (``resolve``). The order is kept: what is approved
behind something that is not goes on waiting.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from tallystick.audit.events import Event
from tallystick.audit.record import record
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import Conflicting, NotFound
from tallystick.ledger.in_words import in_words
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.state import State
from tallystick.ledger.wake import Wake
from tallystick.subscriptions.queries import view_of, visible

NOTHING = (
    "It does not wait for approval: somebody has approved it or decided on it. Nothing was changed."
)


@dataclass(frozen=True, slots=True)
class Approved:
    operations: int
    subscriptions: int


def approve(
    operation_id: int,
    connection_id: int,
    *,
    context: Context,
    now: datetime,
    wake: Wake,
    correlation_id: str,
) -> Approved:
    """One operation. Raises NotFound, NotAllowed, Conflicting (it does not wait for approval)."""
    context.require(Right.APPROVE)
    connection = get_connection(context, connection_id)
    here = Delivery.objects.filter(operation_id=operation_id, lane__connection_id=connection.id)
    here = here.filter(operation__subscription__in=visible(context).values("pk"))
    if not here.exists():
        raise NotFound("There is no such operation on this connection.")
    done = _approve(
        here, connection, context=context, now=now, wake=wake, correlation_id=correlation_id
    )
    if not done.operations:
        raise Conflicting(NOTHING)
    return done


def approve_many(
    connection_id: int,
    *,
    subscription_ids: Collection[int] | None = None,
    customer_id: int | None = None,
    seen_at: datetime | None = None,
    context: Context,
    now: datetime,
    wake: Wake,
    correlation_id: str,
) -> Approved:
    """All that waits for approval on a connection, or of these subscriptions, or of a customer.

    ``seen_at``: what was recorded after that has not been seen, and goes on waiting.
    Raises NotFound, NotAllowed.
    """
    context.require(Right.APPROVE)
    connection = get_connection(context, connection_id)
    theirs = visible(context)
    if subscription_ids is not None:
        theirs = theirs.filter(pk__in=subscription_ids)
    if customer_id is not None:
        theirs = theirs.filter(customer_id=customer_id)
    held = Delivery.objects.filter(
        lane__connection_id=connection.id, lane__open=True, operation__subscription__in=theirs
    )
    if seen_at is not None:
        held = held.filter(operation__recorded_at__lte=seen_at)
    return _approve(
        held, connection, context=context, now=now, wake=wake, correlation_id=correlation_id
    )


def _approve(
    wanted: QuerySet[Delivery],
    connection: ConnectionView,
    *,
    context: Context,
    now: datetime,
    wake: Wake,
    correlation_id: str,
) -> Approved:
    """One audit log for each operation, in the transaction that lets it go."""
    held = wanted.filter(state=State.PENDING.value, awaits_approval=True)
    with transaction.atomic():
        # The lanes first, in order, as everybody takes them.
        lane_ids = list(held.order_by("lane_id").values_list("lane_id", flat=True).distinct())
        list(Lane.objects.select_for_update(no_key=True).filter(pk__in=lane_ids).order_by("pk"))
        rows = list(
            held.filter(lane_id__in=lane_ids)
            .select_related("operation__subscription__customer", "operation__subscription__offer")
            .order_by("lane_id", "sequence")
        )
        for row in rows:
            row.awaits_approval, row.approved_at = False, now
            row.approved_by = context.actor.name[:200]
            row.save(update_fields=["awaits_approval", "approved_by", "approved_at"])
            _audit(row, connection, context=context, now=now, correlation_id=correlation_id)
        if rows:
            wake(sorted({row.lane_id for row in rows}))
    return Approved(len(rows), len({row.operation.subscription_id for row in rows}))


def _audit(
    row: Delivery,
    connection: ConnectionView,
    *,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> None:
    operation = row.operation
    record(
        Event.APPROVE_OPERATION,
        actor=context.actor,
        now=now,
        subject=replace(
            view_of(operation.subscription).subject(),
            connection_id=connection.id,
            connection_name=connection.name,
            operation_id=operation.pk,
            delivery_id=row.pk,
        ),
        correlation_id=correlation_id,
        summary=in_words(OperationKind(operation.kind), operation.before, operation.after),
        details={
            "operation": operation.sequence,
            "kind": operation.kind,
            "before": operation.before,
            "after": operation.after,
            "effective_on": row.effective_on.isoformat(),
            "recorded_by": operation.actor,
        },
    )


def waiting_for_approval(context: Context, connection_id: int) -> Approved:
    """How much of a connection would be approved by approving all of it. One query."""
    held = Delivery.objects.filter(
        lane__connection_id=connection_id,
        lane__open=True,
        operation__subscription__in=visible(context),
        state=State.PENDING.value,
        awaits_approval=True,
    )
    counted = held.aggregate(
        operations=Count("pk"), subscriptions=Count("operation__subscription_id", distinct=True)
    )
    return Approved(counted["operations"], counted["subscriptions"])


def list_held(
    context: Context,
    connection_id: int,
    *,
    customer_id: int | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[int]:
    """The operations that wait for approval, by customer, the oldest first.

    Raises NotFound, InvalidInput.
    """
    connection = get_connection(context, connection_id)
    limit = check_limit(limit)
    held = Delivery.objects.filter(
        lane__connection_id=connection.id,
        lane__open=True,
        operation__subscription__in=visible(context),
        state=State.PENDING.value,
        awaits_approval=True,
    )
    if customer_id is not None:
        held = held.filter(operation__subscription__customer_id=customer_id)
    if cursor:
        name, pk = decode_cursor(cursor, length=2)
        held = held.filter(
            Q(operation__subscription__customer__name__gt=name)
            | Q(operation__subscription__customer__name=name, pk__gt=pk)
        )
    by = "operation__subscription__customer__name"
    rows = list(held.order_by(by, "pk").values_list("operation_id", by, "pk")[: limit + 1])
    more = encode_cursor(list(rows[limit - 1][1:])) if len(rows) > limit else None
    return Page([row[0] for row in rows[:limit]], more)
