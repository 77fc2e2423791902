"""Do something to a subscription, see what became of it, and the ways past what stopped."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import OPERATE, READ, RESOLVE, Caller, caller, said_once, stores_nothing
from tallystick.api.preview import preview_of
from tallystick.api.queries import answers, no_other
from tallystick.api.recording import record
from tallystick.api.schemas_kit import PageOut, Paging, checked
from tallystick.api.schemas_operations import NextOut, OperationOut, PreviewOut, ResolveIn, WayOut
from tallystick.api.schemas_recording import OperationIn, UpdatePriceMargin
from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.gap_charge import record_with_gap
from tallystick.bootstrap.stopped import WayAhead, look_at_way, take_way
from tallystick.connections.queries import get_connection, told_of
from tallystick.kit.paging import decode_cursor, encode_cursor
from tallystick.kit.problem import NotFound
from tallystick.ledger.queries import OperationView, get_operation, operations_of
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked
from tallystick.operations.worth_knowing import worth_knowing
from tallystick.subscriptions.queries import get_subscription

router = Router(tags=["Operations"])


@router.post(
    "/subscriptions/{int:subscription_id}/operations",
    auth=OPERATE,
    response={**answers(201, OperationOut), 200: PreviewOut},
    summary="Do something to a subscription",
)
def record_an_operation(
    request: HttpRequest,
    subscription_id: int,
    body: OperationIn,
    preview: bool = False,
) -> Status[OperationOut | PreviewOut]:
    """Recorded, and on its way to the connection. ``?preview=true`` stores nothing."""
    no_other(request, {"preview"})
    who = caller(request)
    get_subscription(who.context, subscription_id)
    if preview:
        stores_nothing(request)
        return Status(
            200,
            preview_of(
                lambda asked: record(
                    subscription_id, body, today=who.today, asked=asked, looks=True
                ),
                subscription_id,
                caller=who,
            ),
        )
    recorded = _recorded(request, subscription_id, body, who)
    done = _operation(who, recorded.operation_id)
    return Status(201, OperationOut.of(done, warnings=worth_knowing(done, now=who.now)))


@router.get(
    "/subscriptions/{int:subscription_id}/operations",
    auth=READ,
    response=answers(200, PageOut[OperationOut]),
    summary="What happened to a subscription",
)
def operations(
    request: HttpRequest, subscription_id: int, asked: Query[Paging]
) -> PageOut[OperationOut]:
    """Newest first, each with its deliveries."""
    no_other(request, Paging)
    who = caller(request)
    view = get_subscription(who.context, subscription_id)
    before = None
    if cursor := checked(asked.cursor, int):
        before = int(decode_cursor(cursor, length=1)[0])
    found = operations_of(
        subscription_id=subscription_id,
        limit=asked.limit + 1,
        before=before,
        told_of=told_of(who.context),
        hidden_until=view.hidden_until(who.context),
    )
    shown = found[: asked.limit]
    more = encode_cursor([shown[-1].sequence]) if len(found) > asked.limit else None
    return PageOut(items=[OperationOut.of(view) for view in shown], next_cursor=more)


@router.post(
    "/operations/{int:operation_id}/deliveries/{int:connection_id}/resolve",
    auth=RESOLVE,
    response={**answers(200, OperationOut), 202: WayOut},
    summary="The way past a stopped operation",
    url_name="resolve-delivery",
)
def resolve_a_delivery(
    request: HttpRequest,
    operation_id: int,
    connection_id: int,
    body: ResolveIn,
    preview: bool = False,
) -> Status[OperationOut | WayOut]:
    """A decision with a reason, audited. Only of the oldest one that is not settled.

    *Done by hand* is read in Autotask first: 409 when it is not there. ``?preview=true`` answers
    202 with what it would do, and stores nothing.
    """
    no_other(request, {"preview"})
    who = caller(request)
    connection = get_connection(who.context, connection_id)
    lane_id = lane_of(_operation(who, operation_id), connection.id)
    if preview:
        stores_nothing(request)
        ahead = look_at_way(
            operation_id,
            connection.id,
            lane_id,
            how=body.how,
            believed=body.believed,
            context=who.context,
            now=who.now,
            correlation_id=who.correlation_id,
        )
        return Status(202, _way(ahead))
    take_way(
        operation_id,
        connection.id,
        lane_id,
        how=body.how,
        reason=body.reason,
        believed=body.believed,
        context=who.context,
        now=who.now,
        wake=desk().wake,
        correlation_id=who.correlation_id,
    )
    return Status(200, OperationOut.of(_operation(who, operation_id)))


def _way(ahead: WayAhead) -> WayOut:
    return WayOut(
        expects=ahead.expects,
        then=[
            NextOut(summary=one.summary, calls=list(one.calls), stops=one.stops)
            for one in ahead.then
        ],
        unread_because=ahead.unread,
    )


def _recorded(
    request: HttpRequest, subscription_id: int, body: OperationIn, who: Caller
) -> Recorded:
    def do(asked: Asked) -> Recorded:
        return record(subscription_id, body, today=who.today, asked=asked)

    if isinstance(body, UpdatePriceMargin) and body.gap_charge:
        asked = who.asked(said_once(request))
        return record_with_gap(do, subscription_id, asked=asked).recorded
    return do(who.asked())


def _operation(who: Caller, operation_id: int) -> OperationView:
    found = get_operation(operation_id, told_of=told_of(who.context))
    if found is None:
        raise NotFound("There is no such operation.")
    get_subscription(who.context, found.subscription_id)
    return found


def lane_of(operation: OperationView, connection_id: int) -> int:
    """Where it waits on this connection; of two lines the one that is not settled.

    Raises NotFound.
    """
    here = [one for one in operation.deliveries if one.connection_id == connection_id]
    open_ones = [one for one in here if one.settled_at is None]
    if not here:
        raise NotFound("There is no such operation on this connection.")
    return (open_ones or here)[0].lane_id
