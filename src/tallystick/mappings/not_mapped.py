"""Active subscriptions that nothing bills, and that nobody has left out: money that is lost."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from tallystick.connections.queries import get_connection, living
from tallystick.identity.context import Context
from tallystick.mappings.kinds import Ours
from tallystick.mappings.models import Exclusion
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import visible
from tallystick.subscriptions.status import SubscriptionStatus

# What of a subscription somebody may have left out of a connection, with a reason.
_COLUMNS = {Ours.SUBSCRIPTION: "pk", Ours.CUSTOMER: "customer_id", Ours.OFFER: "offer_id"}


def not_mapped_rows(context: Context, connection_id: int) -> QuerySet[Subscription]:
    """Neither mapped anywhere nor left out of this connection. Raises NotFound.

    Who leaves out a customer or an offer leaves out what is held of it.
    """
    connection = get_connection(context, connection_id)
    return _open(context.within(connection.reseller_id), [connection.id])


def not_mapped_anywhere(context: Context) -> QuerySet[Subscription]:
    """The same of a context: left out of none of its connections."""
    return _open(context, living(context).values_list("pk", flat=True))


def not_mapped_ids(context: Context, connection_id: int, *, limit: int = 2000) -> list[int]:
    """The first of ``not_mapped_rows``, by customer. Raises NotFound."""
    rows = not_mapped_rows(context, connection_id).order_by("customer__name", "pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def _open(context: Context, connection_ids: Collection[int]) -> QuerySet[Subscription]:
    rows = visible(context).filter(mapped=False, status=SubscriptionStatus.ACTIVE.value)
    left_out = Exclusion.objects.filter(connection_id__in=connection_ids)
    for kind, column in _COLUMNS.items():
        ids = left_out.filter(kind=kind.value).values("ours_id")
        rows = rows.exclude(**{f"{column}__in": ids})
    return rows
