"""Customers, offers and subscriptions on the wire."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import (
    Amount,
    At,
    Body,
    Currency,
    Day,
    Id,
    Moment,
    Money,
    On,
    Paging,
    Quantity,
    Text,
)
from tallystick.catalog.add_offer import OfferFacts
from tallystick.catalog.terms import BillingCycle, OfferKind, Segment, Term
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.status import EndOfTerm, SubscriptionStatus


class Search(Paging):
    search: str = Field("", max_length=200)


class CustomerIn(Body):
    name: str
    external_id: str = Field(description="The customer's id at the provider.")


class CustomerOut(Schema):
    id: int
    name: str
    external_id: str


class OfferIn(Body):
    product_id: str = Field(min_length=1, max_length=100)
    sku_id: str = Field(min_length=1, max_length=100)
    name: str = Field(min_length=1, max_length=300)
    segment: Segment = Field(Segment.COMMERCIAL, strict=False)
    term: Term = Field(strict=False)
    billing_cycle: BillingCycle = Field(strict=False)
    kind: OfferKind = Field(OfferKind.NCE_LICENCE, strict=False)


class OfferOut(Schema):
    id: int
    product_id: str
    sku_id: str
    name: str
    segment: Segment
    term: Term
    billing_cycle: BillingCycle
    kind: OfferKind

    @classmethod
    def of(cls, offer_id: int, facts: OfferFacts) -> OfferOut:
        return cls(
            id=offer_id,
            product_id=facts.product_id,
            sku_id=facts.sku_id,
            name=facts.name,
            segment=facts.segment,
            term=facts.term,
            billing_cycle=facts.billing_cycle,
            kind=facts.kind,
        )


class SubscriptionFilter(Search):
    customer: Id | None = None
    status: str = ""


class SubscriptionIn(Body):
    """Prices are per unit per billing cycle, taxes excluded."""

    customer_id: Id
    offer_id: Id
    provider_id: str = Field(description="The subscription's id at the provider.")
    quantity: Quantity
    starts_on: Day
    commitment_ends_on: Day | None = None
    cancellable_until: Moment | None = None
    friendly_name: Text = ""
    unit_price: Amount | None = None
    price_currency: Currency | None = None
    unit_cost: Amount | None = None
    cost_currency: Currency | None = None
    is_trial: bool = Field(False, description="Until `convert_trial` says that it is paid for.")


class SubscriptionAsIs(Body):
    """How it is at the provider. Needed for a new one: customer, offer, quantity, start.

    What is left out is left as it is.
    """

    customer_id: Id | None = None
    offer_id: Id | None = None
    quantity: Quantity | None = None
    status: SubscriptionStatus | None = Field(None, strict=False)
    starts_on: Day | None = None
    commitment_ends_on: Day | None = None
    cancellable_until: Moment | None = None
    friendly_name: Text | None = None
    unit_price: Amount | None = None
    price_currency: Currency | None = None
    unit_cost: Amount | None = None
    cost_currency: Currency | None = None
    effective_on: Day | None = Field(None, description="From when a change counts; today if null.")


class SubscriptionOut(Schema):
    """Prices are per unit per billing cycle, taxes excluded, as decimal text."""

    id: int
    provider_id: str
    name: str
    friendly_name: str
    customer: CustomerOut
    offer: OfferOut
    quantity: int
    status: SubscriptionStatus
    starts_on: On
    commitment_ends_on: On | None
    cancellable_until: At | None
    unit_price: Money | None
    price_currency: str | None
    unit_cost: Money | None
    cost_currency: str | None
    promotion_ends_on: On | None = Field(
        description="The last day of the promotion its price was made with by the rules, within "
        "its term: then the price without it is recorded by itself."
    )
    is_trial: bool
    end_of_term: EndOfTerm
    end_of_term_said: bool = Field(
        description="Whether anybody has said it: *renew* alone is what a new one begins with."
    )
    purchase_order: str

    @classmethod
    def of(cls, view: SubscriptionView) -> SubscriptionOut:
        customer = view.customer
        return cls(
            id=view.id,
            provider_id=view.provider_id,
            name=view.name,
            friendly_name=view.friendly_name,
            customer=CustomerOut(
                id=customer.id, name=customer.name, external_id=customer.external_id
            ),
            offer=OfferOut.of(view.offer_id, view.offer),
            quantity=view.quantity,
            status=view.status,
            starts_on=view.starts_on,
            commitment_ends_on=view.commitment_ends_on,
            cancellable_until=view.cancellable_until,
            unit_price=view.unit_price,
            price_currency=view.price_currency or None,
            unit_cost=view.unit_cost,
            cost_currency=view.cost_currency or None,
            promotion_ends_on=view.promotion_ends_on,
            is_trial=view.is_trial,
            end_of_term=view.end_of_term,
            end_of_term_said=view.end_is_said,
            purchase_order=view.purchase_order,
        )
