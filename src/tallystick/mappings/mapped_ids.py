"""The mapped subscriptions that an act on many is about, by their ids."""

from __future__ import annotations

from collections.abc import Collection

from tallystick.connections.queries import get_connection
from tallystick.identity.context import Context
from tallystick.kit.paging import LARGEST_PAGE
from tallystick.kit.problem import InvalidInput
from tallystick.subscriptions.queries import visible


def mapped_ids(
    context: Context,
    connection_id: int,
    *,
    among: Collection[int] | None = None,
    customer_id: int | None = None,
) -> list[int]:
    """By customer, at most 500 of those mapped to the connection.

    Raises NotFound; InvalidInput naming ``subscription`` or ``customer`` (none, or too many).
    """
    connection = get_connection(context, connection_id)
    field = "subscription" if customer_id is None else "customer"
    rows = visible(context).filter(subscriptionmapping__connection_id=connection.id)
    if among is not None:
        rows = rows.filter(pk__in=among)
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    found = list(
        rows.order_by("customer__name", "pk").values_list("pk", flat=True)[: LARGEST_PAGE + 1]
    )
    if not found:
        raise InvalidInput.one(field, "is not mapped to this connection: nothing was asked")
    if len(found) > LARGEST_PAGE:
        raise InvalidInput.one(field, f"has more than {LARGEST_PAGE} that are mapped: choose fewer")
    return found
