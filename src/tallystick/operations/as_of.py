"""A subscription with the price and cost that hold on a day, not those that were recorded last."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tallystick.ledger.price_steps import step_on
from tallystick.ledger.queries import price_steps
from tallystick.subscriptions.queries import SubscriptionView


def as_of(view: SubscriptionView, day: date) -> SubscriptionView:
    """An amount that was not known yet on that day is the newest one. One question."""
    held = step_on(price_steps([view.id])[view.id], day)
    if held is None:
        return view
    return replace(
        view,
        unit_price=view.unit_price if held.unit_price is None else held.unit_price,
        unit_cost=view.unit_cost if held.unit_cost is None else held.unit_cost,
    )
