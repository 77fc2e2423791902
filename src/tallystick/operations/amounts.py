"""A subscription's price and cost as an operation keeps them: text, each with its currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tallystick.catalog.terms import OfferKind
from tallystick.subscriptions.queries import SubscriptionView

BY_MONTHLY_AMOUNTS = (
    "An Azure plan is billed by its monthly amounts, not by quantity and price. Nothing is sent."
)


def by_months(view: SubscriptionView) -> str:
    """Why another quantity or unit price is not sent; empty when it is. A plan's line is 1 unit
    that rests at 0: a price set there would be billed beside the months, a second unit would
    double those that are set on the line."""
    return BY_MONTHLY_AMOUNTS if view.offer.kind is OfferKind.AZURE_PLAN else ""


def amounts_of(
    view: SubscriptionView,
    *,
    unit_price: Decimal | None = None,
    unit_cost: Decimal | None = None,
) -> dict[str, Any]:
    """What it has, or what is given instead. The engine leaves out what is in a currency that is
    not the connection's."""
    price = view.unit_price if unit_price is None else unit_price
    cost = view.unit_cost if unit_cost is None else unit_cost
    return {
        "unit_price": as_text(price),
        "unit_cost": as_text(cost),
        "price_currency": view.price_currency,
        "cost_currency": view.cost_currency,
    }


def as_text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
