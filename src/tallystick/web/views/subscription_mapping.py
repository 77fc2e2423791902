"""Subscription Mapping: which line of which contract bills what, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse

from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.ledger.badge import BadgeKind
from tallystick.mappings.rows import Row, list_mappings
from tallystick.web.addresses import Address, choices
from tallystick.web.visit import Visit, screen

FILTERS = ("q", "badge")
OPEN_CONTRACT = "/Autotask/AutotaskExtend/ExecuteCommand.aspx?Code=OpenContract&ContractID="


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its way into Autotask."""

    row: Row
    in_autotask: str


@screen("GET")
def subscription_mapping(visit: Visit, connection_id: int) -> HttpResponse:
    """Search, filter by badge, keyset pages; a red row says why."""
    connection = get_connection(visit.context, connection_id)
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
        BadgeKind.CHECKING,
        BadgeKind.SYNCING,
        BadgeKind.SYNCED,
        BadgeKind.NOT_MAPPED,
    )
    part = "_results" if visit.wants_part else "page"
    return visit.render(
        f"web/subscription_mapping/{part}.html",
        rail="connectors",
        connection=connection,
        paused=connection.is_paused(visit.now),
        lines=[Line(row, in_autotask(connection, row)) for row in page.items],
        address=address,
        chips=choices(address, "badge", [(kind.value, kind.label) for kind in order]),
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


def in_autotask(connection: ConnectionView, row: Row) -> str:
    """The contract's own page; empty when the web address is not known, or is not one."""
    if row.place is None or not connection.web_url.startswith(("https://", "http://")):
        return ""
    return f"{connection.web_url.rstrip('/')}{OPEN_CONTRACT}{row.place.contract_id}"
