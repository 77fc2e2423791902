"""What is held while a mapping is decided on, so that two at once come one after the other.

Always in this order, so that nobody waits in a circle: the subscription, the names it is found
through, the line. Everything is let go of when the transaction ends.
"""

from __future__ import annotations

from django.db import connection as database

from tallystick.identity.context import Context
from tallystick.kit.problem import NotFound
from tallystick.mappings.kinds import Ours
from tallystick.mappings.models import CustomerMapping, OfferMapping
from tallystick.subscriptions.queries import SubscriptionView, get_subscription, visible


def hold_subscription(context: Context, subscription_id: int) -> SubscriptionView:
    """No operation is recorded and nothing is mapped meanwhile. Raises NotFound."""
    rows = visible(context).select_for_update(of=("self",), no_key=True)
    if rows.filter(pk=subscription_id).first() is None:
        raise NotFound("There is no such subscription. Nothing was changed.")
    return get_subscription(context, subscription_id)


def hold_names(connection_id: int, view: SubscriptionView) -> None:
    """What it is found through is not unmapped meanwhile."""
    for rows in (
        CustomerMapping.objects.filter(connection_id=connection_id, customer_id=view.customer.id),
        OfferMapping.objects.filter(connection_id=connection_id, offer_id=view.offer_id),
    ):
        list(rows.select_for_update(no_key=True))


def hold_line(connection_id: int, line_id: int) -> None:
    """Nobody else is given this line meanwhile, now or from a day on: those are two tables."""
    _hold(f"line:{connection_id}:{line_id}")


def hold_ours(kind: Ours, ours_id: int, connection_id: int) -> None:
    """It is not mapped and excluded at once: those are two tables, too."""
    _hold(f"{kind.value}:{connection_id}:{ours_id}")


def _hold(key: str) -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"mapping:{key}"])
