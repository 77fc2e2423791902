"""Margin rules: which one counts, and the unit price it makes. Pure.

Markup              list x (1 + p)
Margin              list / (1 - p), p below 1
Split Margin        list + p x (ERP - list), p from 0 to 1: the seller's share
ERP Minus Discount  ERP x (1 - p)

Markup Limit keeps a unit price at or below ERP, Discount Limit at or above the list price.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import assert_never

from tallystick.catalog.explained import Lacks, NoPrice
from tallystick.catalog.price_words import MarginMethod, RuleScope
from tallystick.catalog.terms import OfferKind
from tallystick.kit.money import round_money
from tallystick.kit.problem import FieldError

HUNDRED = Decimal(100)
LARGEST_MARKUP = Decimal(1000)
NEEDS_ERP = frozenset({MarginMethod.SPLIT_MARGIN, MarginMethod.ERP_MINUS_DISCOUNT})


@dataclass(frozen=True, slots=True)
class Whose:
    """What a rule's scope is compared with."""

    subscription_id: int | None
    customer_id: int | None
    reseller_id: int | None
    kind: OfferKind


@dataclass(frozen=True, slots=True)
class MarginRule:
    """``percent`` is p in per cent. ``target`` is the id or the offer kind its scope names.

    Of one scope and target the newest that counts decides; ``number`` orders those of one day.
    """

    number: int
    scope: RuleScope
    target: str
    method: MarginMethod
    percent: Decimal
    markup_limit: bool
    discount_limit: bool
    effective_from: date
    recorded_by: str

    def is_for(self, whose: Whose) -> bool:
        match self.scope:
            case RuleScope.SUBSCRIPTION:
                return self.target == str(whose.subscription_id)
            case RuleScope.OFFER_KIND:
                return self.target == whose.kind.value
            case RuleScope.CUSTOMER:
                return self.target == str(whose.customer_id)
            case RuleScope.RESELLER:
                return self.target == str(whose.reseller_id)
            case RuleScope.EVERYBODY:
                return True
            case _:
                assert_never(self.scope)

    @property
    def ends(self) -> bool:
        """From its day the next wider rule counts."""
        return self.method is MarginMethod.NONE

    @property
    def limits(self) -> bool:
        return self.markup_limit or self.discount_limit

    def in_words(self) -> str:
        """``Markup 20 %, Markup Limit``."""
        if self.ends:
            return self.method.label
        parts = [f"{self.method.label} {self.percent.normalize():f} %"]
        parts += ["Markup Limit"] if self.markup_limit else []
        parts += ["Discount Limit"] if self.discount_limit else []
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Made:
    """A unit price, how it was worked out, and the limit that moved it there."""

    unit_price: Decimal
    before_limit: Decimal
    worked_out: str
    limit: str = ""


def rule_for(rules: Iterable[MarginRule], whose: Whose, *, on: date) -> MarginRule | None:
    """The narrowest scope that has a rule on this day; within it the newest one.

    Subscription before offer kind before relationship: customer, reseller, everybody.
    """
    newest: dict[RuleScope, MarginRule] = {}
    for rule in rules:
        if rule.effective_from > on or not rule.is_for(whose):
            continue
        known = newest.get(rule.scope)
        if known is None or _age(known) < _age(rule):
            newest[rule.scope] = rule
    counting = [rule for rule in newest.values() if not rule.ends]
    return min(counting, key=lambda rule: rule.scope.rank, default=None)


def unit_price(
    rule: MarginRule, *, list_price: Decimal, erp: Decimal | None, over_erp: bool = False
) -> Made:
    """``over_erp``: Markup and Margin are made from ERP, as for reservations by setting.

    Raises NoPrice: ERP is missing, or it is below the list price and the rule depends on both.
    """
    needs_erp = rule.method in NEEDS_ERP or rule.markup_limit or over_erp
    if needs_erp and erp is None:
        raise NoPrice(
            Lacks.ERP, f"The price list has no ERP price, and {rule.in_words()} needs one."
        )
    depends = rule.method is MarginMethod.SPLIT_MARGIN or rule.limits
    if depends and erp is not None and erp < list_price:
        raise NoPrice(
            Lacks.ERP_BELOW_LIST,
            f"ERP {erp:f} is below the list price {list_price:f}: {rule.in_words()} has "
            "nothing to work with. Choose a rule without Split Margin and limits.",
        )
    exact, words = _worked_out(rule, list_price, erp, over_erp=over_erp)
    made = round_money(exact)
    if rule.markup_limit and erp is not None and made > erp:
        return Made(erp, made, words, "Markup Limit: not above ERP")
    if rule.discount_limit and made < list_price:
        return Made(list_price, made, words, "Discount Limit: not below the list price")
    return Made(made, made, words)


def check_rule(method: MarginMethod, percent: Decimal) -> list[FieldError]:
    """What is wrong with a rule whoever it is for."""
    if not percent.is_finite() or (percent == 0 and percent.is_signed()):
        return [FieldError("percent", "must be a number, like 12.5")]
    match method:
        case MarginMethod.MARKUP if not 0 <= percent <= LARGEST_MARKUP:
            return [FieldError("percent", f"must be between 0 and {LARGEST_MARKUP} for Markup")]
        case MarginMethod.MARGIN if not 0 <= percent < HUNDRED:
            return [FieldError("percent", "must be from 0 to below 100 for Margin")]
        case MarginMethod.SPLIT_MARGIN | MarginMethod.ERP_MINUS_DISCOUNT if not (
            0 <= percent <= HUNDRED
        ):
            return [FieldError("percent", f"must be between 0 and 100 for {method.label}")]
        case MarginMethod.NONE:
            return []
        case _ if percent != round_money(percent):
            return [FieldError("percent", "must have at most four decimals")]
        case _:
            return []


def _worked_out(
    rule: MarginRule, list_price: Decimal, erp: Decimal | None, *, over_erp: bool
) -> tuple[Decimal, str]:
    share = rule.percent / HUNDRED
    shown = f"{share.normalize():f}"
    known_erp = Decimal(0) if erp is None else erp  # never used: whoever needs it has it
    base = known_erp if over_erp else list_price
    match rule.method:
        case MarginMethod.MARKUP:
            return base * (1 + share), f"{base:f} x (1 + {shown})"
        case MarginMethod.MARGIN:
            return base / (1 - share), f"{base:f} / (1 - {shown})"
        case MarginMethod.SPLIT_MARGIN:
            return (
                list_price + share * (known_erp - list_price),
                f"{list_price:f} + {shown} x ({known_erp:f} - {list_price:f})",
            )
        case MarginMethod.ERP_MINUS_DISCOUNT:
            return known_erp * (1 - share), f"{known_erp:f} x (1 - {shown})"
        case MarginMethod.NONE:
            raise ValueError("a rule that ends another makes no price")
        case _:
            assert_never(rule.method)


def _age(rule: MarginRule) -> tuple[date, int]:
    return rule.effective_from, rule.number
