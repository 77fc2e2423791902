"""The words of prices: what a price is for, how a margin is made, whom a rule is for."""

from __future__ import annotations

from enum import StrEnum


class PriceIsFor(StrEnum):
    """What the figure of a price list buys. An import says it; there is no default."""

    TERM = "term"
    CYCLE = "cycle"

    @property
    def label(self) -> str:
        return {PriceIsFor.TERM: "the whole term", PriceIsFor.CYCLE: "one billing cycle"}[self]


class MarginMethod(StrEnum):
    """How a unit price is made. ``NONE`` ends a rule: from its day the next one down counts."""

    MARKUP = "markup"
    MARGIN = "margin"
    SPLIT_MARGIN = "split_margin"
    ERP_MINUS_DISCOUNT = "erp_minus_discount"
    NONE = "none"

    @property
    def label(self) -> str:
        return {
            MarginMethod.MARKUP: "Markup",
            MarginMethod.MARGIN: "Margin",
            MarginMethod.SPLIT_MARGIN: "Split Margin",
            MarginMethod.ERP_MINUS_DISCOUNT: "ERP Minus Discount",
            MarginMethod.NONE: "No rule",
        }[self]

    @property
    def meaning(self) -> str:
        """The formula in words."""
        return {
            MarginMethod.MARKUP: "list price plus this share of it",
            MarginMethod.MARGIN: "this share of the unit price is yours",
            MarginMethod.SPLIT_MARGIN: "list price plus this share of what lies between it and ERP",
            MarginMethod.ERP_MINUS_DISCOUNT: "ERP price less this share of it",
            MarginMethod.NONE: "from its day the next wider rule counts",
        }[self]


class RuleScope(StrEnum):
    """Whom a margin rule is for, the narrowest first: the first that has a rule decides."""

    SUBSCRIPTION = "subscription"
    OFFER_KIND = "offer_kind"
    CUSTOMER = "customer"
    RESELLER = "reseller"
    EVERYBODY = "everybody"

    @property
    def label(self) -> str:
        return {
            RuleScope.SUBSCRIPTION: "One subscription",
            RuleScope.OFFER_KIND: "Offer kind",
            RuleScope.CUSTOMER: "One customer",
            RuleScope.RESELLER: "One reseller",
            RuleScope.EVERYBODY: "Everybody",
        }[self]

    @property
    def rank(self) -> int:
        """0 for the narrowest."""
        return list(RuleScope).index(self)


class PromotionLowers(StrEnum):
    """What a promotion changes: what it costs, what the unit price is made from, or both."""

    COST = "cost"
    PRICE = "price"
    BOTH = "both"

    @property
    def label(self) -> str:
        return {
            PromotionLowers.COST: "Cost only",
            PromotionLowers.PRICE: "Price only",
            PromotionLowers.BOTH: "Cost and price",
        }[self]

    @property
    def cost(self) -> bool:
        return self is not PromotionLowers.PRICE

    @property
    def price(self) -> bool:
        return self is not PromotionLowers.COST
