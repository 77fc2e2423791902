"""Approve what is held for review: one operation, or many at once."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from tallystick.api.auth import APPROVE, READ, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import Body, Id, Moment, PageOut, Paging, checked
from tallystick.api.schemas_operations import OperationOut
from tallystick.api.schemas_preview_many import RowAheadOut
from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.held import held_rows
from tallystick.connections.queries import told_of
from tallystick.kit.problem import NotFound
from tallystick.ledger.queries import get_operation
from tallystick.subscriptions.queries import get_customer
from tallystick.sync.approve import approve, approve_many

router = Router(tags=["Operations"])
MOST_AT_ONCE = 1000
MOST_LOOKED_AT = 200


class ApproveIn(Body):
    """What is approved together; nothing given: all that waits on the connection."""

    subscription_ids: list[Id] | None = Field(None, max_length=MOST_AT_ONCE)
    customer_id: Id | None = None
    seen_at: Moment | None = Field(
        None, description="What was recorded after that goes on waiting: nobody has seen it."
    )


class ApprovedOut(Schema):
    operations: int
    subscriptions: int


class HeldAsked(Paging):
    customer: Id | None = None
    limit: int = Field(50, ge=1, le=MOST_LOOKED_AT)


@router.get(
    "/connections/{int:connection_id}/approvals",
    auth=READ,
    response=answers(200, PageOut[RowAheadOut]),
    summary="What waits for approval",
)
def approvals(
    request: HttpRequest, connection_id: int, asked: Query[HeldAsked]
) -> PageOut[RowAheadOut]:
    """By customer, the oldest first, each with what it will send; Autotask is read for it."""
    no_other(request, HeldAsked)
    page = held_rows(
        connection_id,
        customer_id=asked.customer,
        cursor=checked(asked.cursor, str, int),
        limit=asked.limit,
        asked=caller(request).asked(),
    )
    items = [RowAheadOut.of(row, recorded=True) for row in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.post(
    "/operations/{int:operation_id}/deliveries/{int:connection_id}/approve",
    auth=APPROVE,
    response=answers(200, OperationOut),
    summary="Approve an operation",
)
def approve_a_delivery(request: HttpRequest, operation_id: int, connection_id: int) -> OperationOut:
    """From then on it is sent in its turn. 409 when it does not wait for approval."""
    who = caller(request)
    approve(
        operation_id,
        connection_id,
        context=who.context,
        now=who.now,
        wake=desk().wake,
        correlation_id=who.correlation_id,
    )
    found = get_operation(operation_id, told_of=told_of(who.context))
    if found is None:
        raise NotFound("There is no such operation.")
    return OperationOut.of(found)


@router.post(
    "/connections/{int:connection_id}/approve",
    auth=APPROVE,
    response=answers(200, ApprovedOut),
    summary="Approve many operations",
)
def approve_on_a_connection(
    request: HttpRequest, connection_id: int, body: ApproveIn
) -> ApprovedOut:
    """Each with its own audit log; they are sent in their order. Nothing waits: 0 and 0."""
    who = caller(request)
    if body.customer_id is not None:
        get_customer(who.context, body.customer_id)
    done = approve_many(
        connection_id,
        subscription_ids=body.subscription_ids,
        customer_id=body.customer_id,
        seen_at=body.seen_at,
        context=who.context,
        now=who.now,
        wake=desk().wake,
        correlation_id=who.correlation_id,
    )
    return ApprovedOut(operations=done.operations, subscriptions=done.subscriptions)
