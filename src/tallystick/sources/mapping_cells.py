"""Which columns a mappings file has, and ours as its cells. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from tallystick.catalog.add_offer import OfferFacts
from tallystick.kit.days import parse_day
from tallystick.mappings.customer_rows import CustomerRow
from tallystick.mappings.offer_rows import OfferRow
from tallystick.sources.csv_values import one_of, optional
from tallystick.sources.mapping_known import Ours
from tallystick.sources.mapping_said import Columns, Wish
from tallystick.subscriptions.queries import SubscriptionView

_STAKE = ("subscriptions", "licences", "a_month", "currency")
USE, OWN = "use", "own"
FIRST_SYNCS = ("adopt", "bring", "leave", "none")

CUSTOMERS = Columns(
    ours=("customer_id", "customer"),
    theirs="company",
    wishes=tuple(Wish),
    passed_by=(
        "company_number",
        "suggested_company",
        "suggestion_score",
        "suggestion_reason",
        *_STAKE,
    ),
)
OFFERS = Columns(
    ours=("offer_id", "offer", "segment", "term", "billing_cycle"),
    theirs="service",
    wishes=tuple(Wish),
    passed_by=(
        "to_know",
        "suggested_service",
        "suggestion_score",
        "suggestion_reason",
        *_STAKE,
    ),
)
SUBSCRIPTIONS = Columns(
    ours=("subscription_id", "customer_id", "customer", "offer_id", "offer"),
    theirs="contract",
    # Another contract is continued on, from a day: it is never changed by a file.
    wishes=(Wish.UNMAP, Wish.INCLUDE),
    passed_by=(
        "subscription",
        "quantity",
        "company",
        "contract_number",
        "service",
        "badge",
        "cause",
        "waiting",
        "proved_at",
        "suggested_contract",
        "suggested_line",
        "suggestion_reason",
    ),
    more={
        "line": optional(one_of({USE: USE, OWN: OWN}), None),
        "first_sync": optional(one_of({one: one for one in FIRST_SYNCS}), None),
        "effective_on": optional(parse_day, None),
    },
)


def ours_of_customer(row: CustomerRow) -> Ours:
    customer = row.customer
    cells = {"customer_id": customer.external_id, "customer": customer.name}
    return Ours(customer.id, cells, customer.name)


def ours_of_offer(row: OfferRow) -> Ours:
    return Ours(row.offer_id, offer_cells(row.offer), row.offer.label())


def ours_of_subscription(view: SubscriptionView) -> Ours:
    cells = {
        "subscription_id": view.provider_id,
        "customer_id": view.customer.external_id,
        "customer": view.customer.name,
        "offer_id": offer_id(view.offer),
        "offer": view.offer.name,
    }
    return Ours(view.id, cells, f"{view.customer.name}, {view.name}")


def offer_cells(offer: OfferFacts) -> Mapping[str, str]:
    return {
        "offer_id": offer_id(offer),
        "offer": offer.name,
        "segment": offer.segment.value,
        "term": offer.term.value,
        "billing_cycle": offer.billing_cycle.value,
    }


def offer_id(offer: OfferFacts) -> str:
    return f"{offer.product_id}:{offer.sku_id}"
