"""Sync: one subscription, many, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from django.http import HttpRequest
from ninja import Router, Status

from tallystick.api.auth import READ, SYNC, Caller, caller, stores_nothing
from tallystick.api.queries import answers
from tallystick.api.schemas_runs import BulkIn, BulkLine, BulkOut, RunOut
from tallystick.bootstrap.desk import desk
from tallystick.connections.queries import get_connection
from tallystick.kit.paging import LARGEST_PAGE
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.ledger.runs import RunView
from tallystick.mappings.rows import Row, list_mappings, list_rows, mapping_row
from tallystick.sync.request import request_sync, run_in_context

router = Router(tags=["Sync"])


@router.post(
    "/connections/{int:connection_id}/subscription-mappings/{int:subscription_id}/sync",
    auth=SYNC,
    response=answers(202, RunOut),
    summary="Sync a subscription",
)
def sync(request: HttpRequest, connection_id: int, subscription_id: int) -> Status[RunOut]:
    """A run in the background; pressed again while it runs, the same run."""
    return Status(202, RunOut.of(_press(caller(request), connection_id, subscription_id)))


@router.post(
    "/connections/{int:connection_id}/sync",
    auth=SYNC,
    response={**answers(202, BulkOut), 200: BulkOut},
    summary="Sync many subscriptions",
    url_name="sync-many",
)
def sync_many(request: HttpRequest, connection_id: int, body: BulkIn) -> Status[BulkOut]:
    """A run for each mapped subscription, at most 500 of them.

    ``dry_run`` (200) says which, and stores nothing. Each run is on its way as soon as it is
    asked for; asked again, the ones that are running are the same.
    """
    who = caller(request)
    connection = get_connection(who.context, connection_id)
    rows = sorted(_chosen(who, connection.id, body), key=lambda row: row.subscription.id)
    if body.dry_run:
        stores_nothing(request)
        lines = [_line(row, None) for row in rows]
        return Status(200, BulkOut(dry_run=True, items=lines))
    lines = [_line(row, _press(who, connection.id, row.subscription.id).id) for row in rows]
    return Status(202, BulkOut(dry_run=False, items=lines))


@router.get("/runs/{int:run_id}", auth=READ, response=answers(200, RunOut))
def run(request: HttpRequest, run_id: int) -> RunOut:
    """With its operations, oldest first."""
    return RunOut.of(run_in_context(caller(request).context, run_id))


def _press(who: Caller, connection_id: int, subscription_id: int) -> RunView:
    return request_sync(
        connection_id,
        subscription_id,
        context=who.context,
        now=who.now,
        wake=desk().wake,
        correlation_id=who.correlation_id,
    )


def _line(row: Row, run_id: int | None) -> BulkLine:
    return BulkLine(subscription_id=row.subscription.id, run_id=run_id, pending=row.badge.pending)


def _few(field: str, rows: Iterator[Row]) -> list[Row]:
    found = list(islice(rows, LARGEST_PAGE + 1))
    if len(found) > LARGEST_PAGE:
        message = f"are more than {LARGEST_PAGE} subscriptions: ask for fewer at a time"
        raise InvalidInput.one(field, message)
    return found


def _chosen(who: Caller, connection_id: int, body: BulkIn) -> list[Row]:
    """Raises InvalidInput, NotFound."""
    chosen = [body.subscriptions is not None, body.customer is not None, body.all]
    if sum(chosen) != 1:
        message = "exactly one of subscriptions, customer and all must be given"
        raise InvalidInput(
            [FieldError(name, message) for name in ("subscriptions", "customer", "all")]
        )
    if body.subscriptions is not None:
        ids = sorted(set(body.subscriptions))
        return [mapping_row(who.context, connection_id, one, now=who.now) for one in ids]
    if body.customer is not None:
        rows = _of_customer(who, body.customer)
        here = _few(
            "customer",
            (row for row in rows if row.place and row.place.connection_id == connection_id),
        )
        if not here:
            raise InvalidInput.one("customer", "has no subscription mapped to this connection")
        return here
    return _few("all", _all(who, connection_id))


def _of_customer(who: Caller, customer_id: int) -> Iterator[Row]:
    cursor: str | None = None
    while True:
        page = list_rows(
            who.context, now=who.now, customer_id=customer_id, cursor=cursor, limit=LARGEST_PAGE
        )
        yield from page.items
        if (cursor := page.next_cursor) is None:
            return


def _all(who: Caller, connection_id: int) -> Iterator[Row]:
    cursor: str | None = None
    while True:
        page = list_mappings(
            who.context,
            connection_id,
            now=who.now,
            mapped=True,
            cursor=cursor,
            limit=LARGEST_PAGE,
        )
        yield from page.items
        if (cursor := page.next_cursor) is None:
            return
