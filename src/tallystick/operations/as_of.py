"""A subscription with the price and cost that hold on a day, not those that were recorded last."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tallystick.ledger.price_steps import step_on
from tallystick.ledger.queries import price_steps
from tallystick.subscriptions.queries import SubscriptionView


def as_of(view: SubscriptionView, day: date) -> SubscriptionView:
    """An amount that was not known yet on that day is the newest one; one that it has none of now
    stays none. One question."""
    held = step_on(price_steps([view.id])[view.id], day)
    if held is None:
        return view
    return replace(
        view,
        unit_price=_of_then(held.unit_price, view.unit_price),
        unit_cost=_of_then(held.unit_cost, view.unit_cost),
    )


def _of_then(then: Decimal | None, newest: Decimal | None) -> Decimal | None:
    return newest if then is None or newest is None else then
