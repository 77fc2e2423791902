"""Subscription Mapping: which line of which contract bills what, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from tallystick.bootstrap.map_many import map_what_is_equal
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.directory.queries import age
from tallystick.ledger.badge import BadgeKind
from tallystick.mappings.leave import left_lines
from tallystick.mappings.next_place import Following, following_of
from tallystick.mappings.not_mapped import not_mapped_ids
from tallystick.mappings.places import Places, places_for
from tallystick.mappings.rows import Row, list_mappings
from tallystick.mappings.watching import not_mapped_subscriptions, watch_rows
from tallystick.sync.approve import waiting_for_approval
from tallystick.web.addresses import Address, choices
from tallystick.web.side_rows import Open, at_stake
from tallystick.web.views.connection import web_address
from tallystick.web.visit import Visit, screen
from tallystick.web.words import counted

FILTERS = ("q", "badge")
SAID = 5
OPEN_CONTRACT = "/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenContract&ContractID="


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its way into Autotask; ``places`` while it is not mapped."""

    row: Row
    in_autotask: str
    places: Places | None
    watch: str
    following: Following | None


@screen("GET", "POST")
def subscription_mapping(visit: Visit, connection_id: int) -> HttpResponse:
    """Search, filter by badge, keyset pages; a red row says why. A POST maps what is clear."""
    connection = get_connection(visit.context, connection_id)
    if visit.request.method == "POST":
        return _map_what_is_equal(visit, connection)
    address = Address.read(visit.request.GET, FILTERS)
    page = list_mappings(
        visit.context,
        connection.id,
        now=visit.now,
        search=address.value("q"),
        badge=address.value("badge"),
        cursor=address.cursor or None,
    )
    order = (
        BadgeKind.OUT_OF_SYNC,
        BadgeKind.WAITING_FOR_APPROVAL,
        BadgeKind.CHECKING,
        BadgeKind.SYNCING,
        BadgeKind.SYNCED,
        BadgeKind.LEFT,
        BadgeKind.NOT_MAPPED,
    )
    part = "_results" if visit.wants_part else "page"
    return visit.render(
        f"web/subscription_mapping/{part}.html",
        rail="connectors",
        connection=connection,
        paused=connection.is_paused(visit.now),
        lines=_lines(visit, connection, page.items),
        open=_open(visit, connection),
        left=left_lines(visit.context, connection.id),
        to_approve=waiting_for_approval(visit.context, connection.id),
        refresh_to="subscription-mapping",
        age=age(connection.id),
        address=address,
        chips=choices(address, "badge", [(kind.value, kind.label) for kind in order]),
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


def _lines(visit: Visit, connection: ConnectionView, rows: Sequence[Row]) -> list[Line]:
    free = [row.subscription for row in rows if row.place is None]
    places = places_for(visit.context, connection.id, free, today=visit.today)
    watched = watch_rows(connection.id, rows, today=visit.today)
    following = following_of([row.subscription.id for row in rows if row.place is not None])
    return [
        Line(
            row,
            in_autotask(connection, row),
            places.get(row.subscription.id),
            watched.get(row.subscription.id, ""),
            following.get(row.subscription.id),
        )
        for row in rows
    ]


def _open(visit: Visit, connection: ConnectionView) -> Open:
    found = not_mapped_subscriptions(visit.context, connection.id)
    return Open(found.number, at_stake(found.stake), 0)


def _map_what_is_equal(visit: Visit, connection: ConnectionView) -> HttpResponse:
    ids = not_mapped_ids(visit.context, connection.id)
    done = map_what_is_equal(ids, connection.id, today=visit.today, asked=visit.asked())
    if done.mapped:
        messages.success(
            visit.request,
            f"{counted(done.mapped, 'subscription')} mapped: each line shows what we have. "
            "Nothing was sent.",
        )
    else:
        messages.info(visit.request, "No line showed exactly what we have: nothing was mapped.")
    for sentence in (*done.changing[:SAID], *done.differing[:SAID], *done.refused[:SAID]):
        messages.warning(visit.request, sentence)
    if len(done.changing) > SAID:
        messages.warning(
            visit.request, f"{len(done.changing) - SAID} more were changed by others lately."
        )
    if len(done.differing) > SAID:
        messages.warning(visit.request, f"{len(done.differing) - SAID} more differ.")
    return redirect("subscription-mapping", connection_id=connection.id)


def in_autotask(connection: ConnectionView, row: Row) -> str:
    """The contract's own page; empty when the web address is not known, or is not one."""
    url = web_address(connection)
    if row.place is None or not url:
        return ""
    return f"{url.rstrip('/')}{OPEN_CONTRACT}{row.place.contract_id}"
