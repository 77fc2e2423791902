"""Sync on a selection, a customer or a connection: look at what would happen, ask, and watch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from tallystick.bootstrap.desk import desk
from tallystick.bootstrap.dry_run import dry_run
from tallystick.bootstrap.dry_run_lines import HEADER, Outcome
from tallystick.connections.queries import get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import InvalidInput
from tallystick.kit.sheet import sheet
from tallystick.ledger.kinds import RoundScope
from tallystick.ledger.round_queries import ITEMS_SHOWN, RoundView
from tallystick.mappings.mapped_ids import mapped_ids
from tallystick.subscriptions.queries import get_customer
from tallystick.sync.request_many import (
    items_in_context,
    request_many,
    round_in_context,
    rounds_in_context,
)
from tallystick.web.addresses import Address
from tallystick.web.views.subscriptions import LONGEST_ID, id_in
from tallystick.web.visit import Visit, screen

LONG = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What Sync is about: in words, its ids, and the address that says so again."""

    scope: RoundScope
    ids: Sequence[int]
    customer_id: int | None
    words: str
    query: str


@screen("GET", "POST")
def sync_many(visit: Visit, connection_id: int) -> HttpResponseBase:
    """GET says what it is about, with ``look`` what would happen; POST asks."""
    visit.context.require(Right.SYNC)
    connection = get_connection(visit.context, connection_id)
    posted = visit.request.method == "POST"
    asked = visit.request.POST if posted else visit.request.GET
    chosen = _chosen(visit, connection.id, asked)
    if posted:
        found = request_many(
            connection.id,
            chosen.ids,
            scope=chosen.scope,
            customer_id=chosen.customer_id,
            context=visit.context,
            now=visit.now,
            wake=desk().wake,
            correlation_id=visit.correlation_id,
        )
        return redirect("round", round_id=found.id)
    look = asked.get("look", "")
    dry = None
    if look:
        dry = dry_run(connection.id, chosen.ids, context=visit.context, now=visit.now)
    if dry is not None and look == "csv":
        name = f"what-sync-would-do-{visit.today.isoformat()}.csv"
        return StreamingHttpResponse(
            sheet(HEADER, (line.cells() for line in dry.lines)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
    return visit.render(
        "web/sync/many.html",
        rail="connectors",
        connection=connection,
        paused=connection.is_paused(visit.now),
        chosen=chosen,
        dry=dry,
        sums=[(one, dry.number(one)) for one in Outcome if dry.number(one)] if dry else [],
    )


def _chosen(visit: Visit, connection_id: int, asked: QueryDict) -> Chosen:
    """Raises InvalidInput, NotFound."""
    picked = asked.getlist("subscription")
    if picked:
        ids = mapped_ids(visit.context, connection_id, among=[_number(one) for one in picked])
        query = "&".join(f"subscription={one}" for one in ids)
        return Chosen(RoundScope.SELECTION, ids, None, "what was chosen", query)
    customer_id = id_in(Address.read(asked, ("customer",)), "customer")
    if customer_id is not None:
        customer = get_customer(visit.context, customer_id)
        ids = mapped_ids(visit.context, connection_id, customer_id=customer.id)
        query = f"customer={customer.id}"
        return Chosen(RoundScope.CUSTOMER, ids, customer.id, customer.name, query)
    ids = mapped_ids(visit.context, connection_id)
    return Chosen(RoundScope.CONNECTION, ids, None, "the whole connection", "all=1")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_ID):
        raise InvalidInput.one("subscription", "is not a number")
    return int(text)


@screen("GET")
def rounds(visit: Visit) -> HttpResponse:
    """Every press of Sync, newest first."""
    address = Address.read(visit.request.GET, ("connection",))
    page = rounds_in_context(
        visit.context,
        connection_id=id_in(address, "connection"),
        cursor=address.cursor or None,
    )
    return visit.render(
        "web/rounds/page.html",
        rail="connectors",
        rounds=page.items,
        address=address,
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


@screen("GET")
def round_(visit: Visit, round_id: int) -> HttpResponse:
    """One of them, live; asked every second while it goes on."""
    found = round_in_context(visit.context, round_id)
    mark = _mark(found, slow=_is_slow(visit, found))
    if visit.wants_part and visit.request.GET.get("was") == mark:
        return HttpResponse(status=204)
    return visit.render(
        f"web/rounds/{'_progress' if visit.wants_part else 'round'}.html",
        rail="connectors",
        round=found,
        items=items_in_context(visit.context, found.id),
        more=max(0, found.subscriptions - ITEMS_SHOWN),
        mark=mark,
        slow=_is_slow(visit, found),
    )


def _is_slow(visit: Visit, found: RoundView) -> bool:
    return found.finished_at is None and visit.now - found.started_at > LONG


def _mark(found: RoundView, *, slow: bool) -> str:
    return hashlib.sha256(f"{found!r}{slow}".encode()).hexdigest()[:16]
