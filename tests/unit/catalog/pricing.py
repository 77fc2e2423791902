"""Prices to work out: a list with one row, and ways to make it another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from tallystick.catalog.explained import Source
from tallystick.catalog.margins import MarginRule
from tallystick.catalog.price_list import ListPrice
from tallystick.catalog.price_words import MarginMethod, PriceIsFor, RuleScope
from tallystick.catalog.priced import Priced, PriceFacts
from tallystick.catalog.promotions import Promotion
from tallystick.catalog.terms import BillingCycle, OfferKind, Term

LIST = Source("May.csv", date(2026, 1, 1))


def day(text: str) -> date:
    return date.fromisoformat(text)


def row(cost: str = "10", erp: str | None = "12.50", **more: Any) -> ListPrice:
    made = ListPrice(
        cost=Decimal(cost),
        erp=None if erp is None else Decimal(erp),
        is_for=PriceIsFor.CYCLE,
        currency="EUR",
        market="DE",
        effective_from=date(2026, 1, 1),
        effective_until=None,
        source=LIST,
    )
    return replace(made, **more)


def rule(
    method: MarginMethod = MarginMethod.MARKUP, percent: str = "20", **more: Any
) -> MarginRule:
    made = MarginRule(
        number=1,
        scope=RuleScope.EVERYBODY,
        target="",
        method=method,
        percent=Decimal(percent),
        markup_limit=False,
        discount_limit=False,
        effective_from=date(2026, 1, 1),
        recorded_by="Ada Admin",
    )
    return replace(made, **more)


def promotion(percent: str | None = "10", **more: Any) -> Promotion:
    made = Promotion(
        promotion_id="39NFJQT1Q5HM:0001:39NFJQT1Q5KQ",
        name="Ten off",
        available_from=date(2026, 1, 1),
        available_to=date(2026, 6, 30),
        percent=None if percent is None else Decimal(percent),
        fixed=None,
        currency="",
        months=None,
        source=Source("Promotion Ten off", date(2026, 1, 1)),
    )
    return replace(made, **more)


def held(**more: Any) -> Priced:
    """One licence for a year from 1 February 2026, billed monthly."""
    made = Priced(
        kind=OfferKind.NCE_LICENCE,
        term=Term.YEAR,
        billing_cycle=BillingCycle.MONTHLY,
        quantity=10,
        starts_on=date(2026, 2, 1),
        commitment_ends_on=date(2027, 1, 31),
        price_currency="EUR",
        cost_currency="EUR",
        subscription_id=7,
        customer_id=70,
        reseller_id=None,
    )
    return replace(made, **more)


def facts(**more: Any) -> PriceFacts:
    return replace(PriceFacts(rows=(row(),), rules=(rule(),)), **more)
