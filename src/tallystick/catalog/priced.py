"""What a price is asked of, and all it depends on. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tallystick.catalog.currencies import Rate
from tallystick.catalog.margins import MarginRule
from tallystick.catalog.price_list import ListPrice
from tallystick.catalog.price_words import PromotionLowers
from tallystick.catalog.promotions import Promotion
from tallystick.catalog.terms import BillingCycle, OfferKind, Term


@dataclass(frozen=True, slots=True)
class Priced:
    """What is priced: an offer as somebody holds it. Empty currencies: the list's only one.

    ``recorded_cost`` is what the subscription was recorded with, in ``cost_currency``: it stands
    in where a locked price is older than every price list. ``extended``: in the extended service
    term. ``unlocked``: the offer is marked to follow the list.
    """

    kind: OfferKind
    term: Term
    billing_cycle: BillingCycle
    quantity: int
    starts_on: date
    commitment_ends_on: date | None = None
    price_currency: str = ""
    cost_currency: str = ""
    recorded_cost: Decimal | None = None
    subscription_id: int | None = None
    customer_id: int | None = None
    reseller_id: int | None = None
    extended: bool = False
    unlocked: bool = False


@dataclass(frozen=True, slots=True)
class PriceSettings:
    """What a tenant decides once. ``market``: whose price list counts, when there are several."""

    promotion_lowers: PromotionLowers = PromotionLowers.BOTH
    reservations_over_erp: bool = False
    market: str = ""


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """All that a price depends on, for one offer. ``above``: the CSP's rules, for a reseller."""

    rows: tuple[ListPrice, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    rules: tuple[MarginRule, ...] = ()
    settings: PriceSettings = field(default_factory=PriceSettings)
    rates: tuple[Rate, ...] = ()
    above: tuple[MarginRule, ...] | None = None
