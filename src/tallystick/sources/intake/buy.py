"""Make a subscription that is told of a purchase, with its customer and offer when they are new."""

from __future__ import annotations

from datetime import date

from tallystick.kit.problem import InvalidInput
from tallystick.operations.finish import Asked
from tallystick.operations.purchase import Order, purchase
from tallystick.sources.intake import words
from tallystick.sources.intake.another_offer import offer_for
from tallystick.sources.intake.became import Became
from tallystick.sources.intake.event import Answer, NeutralEvent
from tallystick.subscriptions.add_customer import add_customer
from tallystick.subscriptions.status import LIVE, SubscriptionStatus


def buy(event: NeutralEvent, day: date, asked: Asked) -> Became:
    after = event.after
    if after.status not in LIVE | {None}:
        return Became(Answer.UNAPPLIED, words.OVER_BEFORE)
    if event.customer is None or event.product is None:
        raise InvalidInput.one("data", "must say the customer and the product")
    customer_id, _ = add_customer(
        name=event.customer.name,
        external_id=event.customer.id,
        context=asked.context,
        now=asked.now,
        correlation_id=asked.correlation_id,
    )
    order = Order(
        customer_id=customer_id,
        offer_id=offer_for(event.product, asked),
        provider_id=event.subject,
        quantity=after.quantity,
        starts_on=after.starts_on or day,
        commitment_ends_on=after.term_ends_on,
        friendly_name=after.name or "",
        unit_price=after.unit_price,
        unit_cost=after.unit_cost,
        price_currency=(after.currency or "") if after.unit_price is not None else "",
        cost_currency=(after.currency or "") if after.unit_cost is not None else "",
        status=after.status or SubscriptionStatus.ACTIVE,
        end_of_term=after.end_of_term,
    )
    _, recorded = purchase(order, asked=asked)
    return Became(Answer.ACCEPTED, "", recorded.operation_id)


def name_customer(event: NeutralEvent, asked: Asked) -> Became:
    if event.customer is None:
        raise InvalidInput.one("data.customer", "is missing")
    add_customer(
        name=event.customer.name,
        external_id=event.customer.id,
        context=asked.context,
        now=asked.now,
        correlation_id=asked.correlation_id,
    )
    return Became(Answer.ACCEPTED, words.CUSTOMER)
