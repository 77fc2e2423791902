"""The Customers list."""

from __future__ import annotations

from django.http import HttpResponse

from tallystick.connections.queries import list_connections
from tallystick.mappings.customer_standings import list_customer_standings
from tallystick.web.addresses import Address
from tallystick.web.side_rows import at_stake
from tallystick.web.visit import Visit, screen


@screen("GET")
def customers(visit: Visit) -> HttpResponse:
    """Search, keyset pages; what each holds is one link away."""
    address = Address.read(visit.request.GET, ("q",))
    page = list_customer_standings(
        visit.context, now=visit.now, search=address.value("q"), cursor=address.cursor or None
    )
    names = {one.id: one.name for one in list_connections(visit.context)}
    rows = [
        (one, at_stake(one.active), [(pk, names[pk]) for pk in one.connection_ids if pk in names])
        for one in page.items
    ]
    return visit.render(
        f"web/customers/{'_results' if visit.wants_part else 'page'}.html",
        rail="customers",
        rows=rows,
        address=address,
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )
