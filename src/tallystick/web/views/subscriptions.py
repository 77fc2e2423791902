"""The Subscriptions list."""

from __future__ import annotations

from django.http import HttpResponse

from tallystick.kit.problem import InvalidInput
from tallystick.ledger.badge import BadgeKind
from tallystick.mappings.may_carry import Open
from tallystick.mappings.rows import list_rows
from tallystick.operations.acts import Act
from tallystick.subscriptions.status import SubscriptionStatus
from tallystick.web.addresses import Address, choices
from tallystick.web.visit import Visit, screen

FILTERS = ("q", "status", "badge", "show", "customer")
LONGEST_ID = 18


@screen("GET")
def subscriptions(visit: Visit) -> HttpResponse:
    """Search, filters in the address, keyset pages."""
    address = Address.read(visit.request.GET, FILTERS)
    page = list_rows(
        visit.context,
        now=visit.now,
        search=address.value("q"),
        status=address.value("status"),
        badge=address.value("badge"),
        show=address.value("show"),
        customer_id=id_in(address, "customer"),
        cursor=address.cursor or None,
    )
    rows = list(page.items)
    customer = ""
    if address.value("customer"):
        customer = rows[0].subscription.customer.name if rows else "one customer"
    return visit.render(
        "web/subscriptions/_results.html" if visit.wants_part else "web/subscriptions/page.html",
        rail="subscriptions",
        rows=rows,
        acts=list(Act),
        address=address,
        chips=choices(address, "status", [(s.value, s.label) for s in SubscriptionStatus]),
        badges=choices(address, "badge", [(kind.value, kind.label) for kind in BadgeKind]),
        shown=Open(address.value("show")).label if address.value("show") else "",
        without_show=address.without("show"),
        customer=customer,
        without_customer=address.without("customer"),
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


def id_in(address: Address, name: str) -> int | None:
    """A number in the address. Raises InvalidInput naming the filter."""
    text = address.value(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_ID):
        raise InvalidInput.one(name, "is not a number")
    return int(text)
