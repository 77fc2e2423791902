"""What is recorded already of what a file speaks of: three readings, however long the file is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tallystick.catalog.models import Offer
from tallystick.catalog.terms import BillingCycle, Segment, Term
from tallystick.identity.context import Context
from tallystick.kit.problem import FieldError
from tallystick.sources.csv_cells import OfferKey, Row
from tallystick.sources.csv_decide import Act, Decided, Decision, Known
from tallystick.subscriptions.models import Customer, Subscription
from tallystick.subscriptions.rules import Holding
from tallystick.subscriptions.status import SubscriptionStatus


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    id: int
    customer_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """By the file's ids in lower case: an id in other letters is the same one, miswritten.

    ``taken`` ids belong to a reseller the asker does not see.
    """

    subscriptions: dict[str, Known]
    customers: dict[str, KnownCustomer]
    offers: dict[OfferKey, tuple[int, str]]
    taken_subscriptions: frozenset[str]
    taken_customers: frozenset[str]

    def fit(self, row: Row) -> Decided:
        """May this new subscription be added, and what of it is known under another name?"""
        customer_key = row.customer_id.lower()
        if row.subscription_id.lower() in self.taken_subscriptions:
            # Another reseller's: not said, so that nothing is learnt about it.
            return [FieldError("subscription_id", "this id cannot be used here")]
        if customer_key in self.taken_customers:
            return [FieldError("customer_id", "this id cannot be used here")]
        left_out = []
        customer = self.customers.get(customer_key)
        if customer is not None:
            if customer.customer_id != row.customer_id:
                words = f"is recorded here as “{customer.customer_id}”"
                return [FieldError("customer_id", words)]
            if customer.name != row.customer:
                words = f"{row.customer} in the file, {customer.name} here"
                left_out.append(FieldError("customer", words))
        offer = self.offers.get(row.offer_key)
        if offer is not None and offer[1] != row.offer:
            left_out.append(FieldError("offer", f"{row.offer} in the file, {offer[1]} here"))
        return Decision(Act.ADD, tuple(left_out))


def load(rows: Sequence[Row], *, context: Context) -> Recorded:
    """The tenant's rows are read once each; kept is only what the file speaks of."""
    wanted = {row.subscription_id.lower() for row in rows}
    of_customers = {row.customer_id.lower() for row in rows}

    customers: dict[str, KnownCustomer] = {}
    taken_customers = set()
    found = Customer.objects.filter(tenant_id=context.tenant_id)
    for customer in found.iterator(chunk_size=5000):
        key = customer.external_id.lower()
        if key not in of_customers:
            continue
        if _seen_by(context, customer.reseller_id):
            customers[key] = KnownCustomer(customer.pk, customer.external_id, customer.name)
        else:
            taken_customers.add(key)

    offers = {
        _key_of(offer): (offer.pk, offer.name)
        for offer in Offer.objects.filter(tenant_id=context.tenant_id)
    }

    subscriptions: dict[str, Known] = {}
    taken = set()
    held = Subscription.objects.filter(tenant_id=context.tenant_id)
    for row in held.select_related("customer", "offer").iterator(chunk_size=5000):
        key = row.provider_id.lower()
        if key not in wanted:
            continue
        if _seen_by(context, row.reseller_id):
            subscriptions[key] = _known(row)
        else:
            taken.add(key)
    return Recorded(subscriptions, customers, offers, frozenset(taken), frozenset(taken_customers))


def _seen_by(context: Context, reseller_id: int | None) -> bool:
    return context.reseller_id is None or context.reseller_id == reseller_id


def _key_of(offer: Offer) -> OfferKey:
    return OfferKey(
        offer.product_id,
        offer.sku_id,
        Segment(offer.segment),
        Term(offer.term),
        BillingCycle(offer.billing_cycle),
    )


def _known(row: Subscription) -> Known:
    return Known(
        id=row.pk,
        provider_id=row.provider_id,
        customer_id=row.customer.external_id,
        customer=row.customer.name,
        offer_key=_key_of(row.offer),
        offer=row.offer.name,
        name=row.friendly_name,
        holding=Holding(
            quantity=row.quantity,
            status=SubscriptionStatus(row.status),
            starts_on=row.starts_on,
            commitment_ends_on=row.commitment_ends_on,
            cancellable_until=row.cancellable_until,
            unit_price=row.unit_price,
            unit_cost=row.unit_cost,
        ),
        price_currency=row.price_currency,
        cost_currency=row.cost_currency,
        trial=row.is_trial,
    )
