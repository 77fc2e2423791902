"""What waits for approval on a connection, each with what it will send."""

from __future__ import annotations

from django.http import HttpResponse

from tallystick.bootstrap.held import held_rows
from tallystick.bootstrap.preview_rows import together
from tallystick.connections.queries import get_connection
from tallystick.sync.approve import waiting_for_approval
from tallystick.web.addresses import Address
from tallystick.web.views.subscriptions import id_in
from tallystick.web.visit import Visit, screen

FILTERS = ("customer",)


@screen("GET")
def approvals(visit: Visit, connection_id: int) -> HttpResponse:
    """By customer: approve one customer's, what is chosen, or all of it. Autotask is read."""
    connection = get_connection(visit.context, connection_id)
    address = Address.read(visit.request.GET, FILTERS)
    customer_id = id_in(address, "customer")
    page = held_rows(
        connection.id,
        customer_id=customer_id,
        cursor=address.cursor or None,
        asked=visit.asked(),
    )
    rows = list(page.items)
    return visit.render(
        "web/approvals/page.html",
        rail="connectors",
        connection=connection,
        waiting=waiting_for_approval(visit.context, connection.id),
        rows=rows,
        counts=together(rows, as_if_approved=True),
        unread=next((row.unread for row in rows if row.unread), ""),
        address=address,
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )
