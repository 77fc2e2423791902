"""What another offer would cost a subscription and be sold for, where nobody has said it.

What the price rules come to on that day; where they come to nothing, what it has then, taken from
one billing cycle to the other: a month's price is a twelfth of a year's. Another product's price
says nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from tallystick.catalog.add_offer import OfferFacts, is_same_product
from tallystick.catalog.because import because_of
from tallystick.catalog.explained import Explained
from tallystick.identity.context import Context
from tallystick.kit.money import round_money
from tallystick.operations.as_of import as_of
from tallystick.operations.renew import NewPrice
from tallystick.subscriptions.pricing import benefit_ends_on, price_to_record
from tallystick.subscriptions.queries import SubscriptionView


def price_of_offer(
    context: Context,
    view: SubscriptionView,
    offer_id: int,
    offer: OfferFacts,
    *,
    on: date,
    extended: bool = False,
) -> NewPrice:
    """In the subscription's currencies; None where neither is known."""
    view = as_of(view, on)
    then = replace(
        view,
        offer_id=offer_id,
        offer=offer,
        unit_cost=None,  # of the other cycle: it stands in for no list price
        starts_on=on,
        commitment_ends_on=None,
        extended=extended,
    )
    price = price_to_record(context, then, on=on)
    if isinstance(price, Explained) and view.price_currency:
        cost = price.unit_cost if view.cost_currency else None
        return NewPrice(
            price.unit_price,
            _of_cycle(view.unit_cost, view.offer, offer) if cost is None else cost,
            because_of(price.because, "Change of offer"),
            promotion_ends_on=benefit_ends_on(price, then),
        )
    return NewPrice(
        _of_cycle(view.unit_price, view.offer, offer), _of_cycle(view.unit_cost, view.offer, offer)
    )


def measure_of(view: SubscriptionView, offer: OfferFacts) -> SubscriptionView:
    """With the amounts it has, taken to the other's billing cycle: by these it is measured whether
    a price moves far. None where they say nothing of it."""
    return replace(
        view,
        unit_price=_of_cycle(view.unit_price, view.offer, offer),
        unit_cost=_of_cycle(view.unit_cost, view.offer, offer),
    )


def with_what_is_said(found: NewPrice, said: NewPrice) -> NewPrice:
    """What somebody says counts; for the rest what was found does."""
    return NewPrice(
        found.unit_price if said.unit_price is None else said.unit_price,
        found.unit_cost if said.unit_cost is None else said.unit_cost,
        found.because if said.unit_price is None else None,
        accepted=said.accepted,
        promotion_ends_on=found.promotion_ends_on if said.unit_price is None else None,
    )


def _of_cycle(amount: Decimal | None, before: OfferFacts, after: OfferFacts) -> Decimal | None:
    months, wanted = before.billing_cycle.months, after.billing_cycle.months
    if amount is None or months is None or wanted is None or not is_same_product(before, after):
        return None
    return round_money(amount * wanted / months)
