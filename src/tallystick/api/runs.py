"""Sync: one subscription, many, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from django.http import HttpRequest
from ninja import Query, Router, Status

from tallystick.api.auth import READ, SYNC, Caller, caller, stores_nothing
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import PageOut, Paging, checked
from tallystick.api.schemas_rounds import DryRunOut, RoundDetailOut, RoundOut, RoundsFilter
from tallystick.api.schemas_runs import BulkIn, BulkLine, BulkOut, RunOut
from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.dry_run import dry_run
from tallystick.connections.queries import get_connection
from tallystick.kit.paging import LARGEST_PAGE
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.ledger.kinds import RoundScope
from tallystick.ledger.round_queries import ItemView
from tallystick.ledger.runs import RunView
from tallystick.mappings.rows import Row, list_mappings, list_rows, mapping_row
from tallystick.sync.request import request_sync, run_in_context
from tallystick.sync.request_many import (
    items_in_context,
    page_items,
    request_many,
    round_in_context,
    rounds_in_context,
)

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
    asked = request_many(
        connection.id,
        [row.subscription.id for row in rows],
        scope=_scope(body),
        customer_id=body.customer,
        context=who.context,
        now=who.now,
        wake=desk().wake,
        correlation_id=who.correlation_id,
    )
    runs = {
        one.subscription_id: one
        for one in items_in_context(who.context, asked.id, limit=LARGEST_PAGE)
    }
    lines = [_line(row, runs.get(row.subscription.id)) for row in rows]
    return Status(202, BulkOut(dry_run=False, round_id=asked.id, items=lines))


@router.post(
    "/connections/{int:connection_id}/sync/dry-run",
    auth=SYNC,
    response=answers(200, DryRunOut),
    summary="What Sync of many would do now",
    url_name="sync-dry-run",
)
def sync_dry_run(request: HttpRequest, connection_id: int, body: BulkIn) -> DryRunOut:
    """Reads Autotask, sends nothing, stores nothing: everything that waits, as it would go."""
    who = caller(request)
    stores_nothing(request)
    ids = [row.subscription.id for row in _chosen(who, connection_id, body)]
    return DryRunOut.of(dry_run(connection_id, ids, context=who.context, now=who.now))


@router.get("/rounds", auth=READ, response=answers(200, PageOut[RoundOut]), summary="Sync runs")
def rounds(request: HttpRequest, asked: Query[RoundsFilter]) -> PageOut[RoundOut]:
    """Newest first: each press of Sync on one subscription or on many."""
    no_other(request, RoundsFilter)
    page = rounds_in_context(
        caller(request).context,
        connection_id=asked.connection,
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
    )
    return PageOut(items=[RoundOut.of(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/rounds/{int:round_id}", auth=READ, response=answers(200, RoundDetailOut))
def round_(request: HttpRequest, round_id: int, asked: Query[Paging]) -> RoundDetailOut:
    """With its subscriptions, what failed first: a page of them."""
    no_other(request, Paging)
    context = caller(request).context
    found = round_in_context(context, round_id)
    cursor = checked(asked.cursor, str, int)
    page = page_items(context, found.id, cursor=cursor, limit=asked.limit)
    return RoundDetailOut.with_items(found, page)


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


def _line(row: Row, asked: ItemView | None) -> BulkLine:
    return BulkLine(
        subscription_id=row.subscription.id,
        run_id=asked.run_id if asked else None,
        because=asked.because if asked else "",
        pending=row.badge.pending,
    )


def _scope(body: BulkIn) -> RoundScope:
    if body.subscriptions is not None:
        return RoundScope.SELECTION
    return RoundScope.CONNECTION if body.customer is None else RoundScope.CUSTOMER


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
