"""The resellers of a CSP, moving a customer from one to another, and the lines left behind."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import ADMINISTER, READ, SYNC, caller, stores_nothing
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import PageOut, Paging, checked
from tallystick.api.schemas_resellers import (
    LeavingOut,
    LeftLineOut,
    MovedOut,
    MoveIn,
    MovePreviewOut,
    ResellerIn,
    ResellerOut,
)
from tallystick.bootstrap.moving import look_at_move
from tallystick.identity.resellers import make_reseller, page_resellers, rename_reseller
from tallystick.mappings.leave import page_left_lines, sync_left
from tallystick.operations.move_to_reseller import move_to_reseller

router = Router(tags=["Resellers"])
_LEFT = "/connections/{int:connection_id}/left-lines"


@router.get("/resellers", auth=READ, response=answers(200, PageOut[ResellerOut]))
def resellers(request: HttpRequest, asked: Query[Paging]) -> PageOut[ResellerOut]:
    """By name. The CSP's alone: 403 for a reseller."""
    no_other(request, Paging)
    page = page_resellers(
        caller(request).context, cursor=checked(asked.cursor, str, int), limit=asked.limit
    )
    items = [ResellerOut(id=one.id, name=one.name) for one in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.post(
    "/resellers", auth=ADMINISTER, response=answers(201, ResellerOut), summary="Make a reseller"
)
def make(request: HttpRequest, body: ResellerIn) -> Status[ResellerOut]:
    """409 when there is one of that name."""
    who = caller(request)
    made = make_reseller(
        body.name, context=who.context, now=who.now, correlation_id=who.correlation_id
    )
    return Status(201, ResellerOut(id=made.id, name=made.name))


@router.patch(
    "/resellers/{int:reseller_id}",
    auth=ADMINISTER,
    response=answers(200, ResellerOut),
    summary="Rename a reseller",
)
def rename(request: HttpRequest, reseller_id: int, body: ResellerIn) -> ResellerOut:
    """The same name again changes nothing."""
    who = caller(request)
    named = rename_reseller(
        reseller_id,
        body.name,
        context=who.context,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return ResellerOut(id=named.id, name=named.name)


@router.post(
    "/customers/{int:customer_id}/move",
    auth=ADMINISTER,
    response={**answers(201, MovedOut), 200: MovePreviewOut},
    summary="Move a customer to another reseller",
)
def move(
    request: HttpRequest, customer_id: int, body: MoveIn, preview: bool = False
) -> Status[MovedOut | MovePreviewOut]:
    """With all it holds. ``?preview=true`` stores nothing and says what each line would get."""
    no_other(request, {"preview"})
    who = caller(request)
    if preview:
        stores_nothing(request)
        ahead = look_at_move(
            customer_id,
            body.reseller_id,
            effective_on=body.effective_on,
            today=who.today,
            asked=who.asked(),
        )
        lines = [LeavingOut(subscription=one.name, will_happen=one.words) for one in ahead.lines]
        return Status(
            200,
            MovePreviewOut(
                customer=ahead.customer, left=ahead.left, to=ahead.to, on=ahead.on, lines=lines
            ),
        )
    moved = move_to_reseller(
        customer_id=customer_id,
        reseller_id=body.reseller_id,
        effective_on=body.effective_on,
        today=who.today,
        asked=who.asked(),
    )
    return Status(
        201,
        MovedOut(
            customer=moved.customer,
            left=moved.left,
            to=moved.to,
            on=moved.on,
            subscriptions=len(moved.recorded),
        ),
    )


@router.get(
    _LEFT,
    auth=READ,
    response=answers(200, PageOut[LeftLineOut]),
    summary="Lines that were left and are not at 0 yet",
)
def lines_left(
    request: HttpRequest, connection_id: int, asked: Query[Paging]
) -> PageOut[LeftLineOut]:
    """In the order they were left."""
    no_other(request, Paging)
    page = page_left_lines(
        caller(request).context,
        connection_id,
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
    )
    return PageOut(items=[LeftLineOut.of(one) for one in page.items], next_cursor=page.next_cursor)


@router.post(
    f"{_LEFT}/{{int:lane_id}}/sync",
    auth=SYNC,
    response=answers(204, None),
    summary="Ask a line that was left again",
)
def sync_a_left_line(request: HttpRequest, connection_id: int, lane_id: int) -> Status[None]:
    """409 when it is not stopped."""
    who = caller(request)
    sync_left(
        lane_id,
        connection_id,
        context=who.context,
        now=who.now,
        wake=who.asked().wake,
        correlation_id=who.correlation_id,
    )
    return Status(204, None)
