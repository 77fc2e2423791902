"""A subscription with the price and cost that hold on a day, not those that were recorded last."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.db.models import Max

from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Operation
from tallystick.ledger.price_steps import step_on
from tallystick.ledger.queries import price_steps
from tallystick.subscriptions.queries import SubscriptionView


def as_of(view: SubscriptionView, day: date) -> SubscriptionView:
    """An amount that was not known yet on that day is the newest one; one that it has none of now
    stays none, and what was recorded of another offer is none of this one. Two questions."""
    held = step_on(price_steps([view.id])[view.id], day)
    if held is None or held.sequence < _of_this_offer_since(view.id):
        return view
    return replace(
        view,
        unit_price=_of_then(held.unit_price, view.unit_price),
        unit_cost=_of_then(held.unit_cost, view.unit_cost),
    )


def _of_this_offer_since(subscription_id: int) -> int:
    """The number of the operation that gave it its offer; 0: it was bought with it. That may have
    another billing cycle, and its price be for a year."""
    changes = Operation.objects.filter(
        subscription_id=subscription_id, kind=OperationKind.CHANGE_OFFER.value
    )
    return changes.aggregate(newest=Max("sequence"))["newest"] or 0


def _of_then(then: Decimal | None, newest: Decimal | None) -> Decimal | None:
    return newest if then is None or newest is None else then
