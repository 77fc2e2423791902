"""All that the prices of some offers depend on, read at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from django.db.models import Q

from tallystick.catalog.add_offer import OfferFacts
from tallystick.catalog.currencies import Rate
from tallystick.catalog.explained import Source
from tallystick.catalog.margins import MarginRule
from tallystick.catalog.price_list import ListPrice
from tallystick.catalog.price_models import ExchangeRate, MarginRuleRow, PriceRow
from tallystick.catalog.price_models import Promotion as PromotionRow
from tallystick.catalog.price_settings import price_settings
from tallystick.catalog.price_words import MarginMethod, PriceIsFor, RuleScope
from tallystick.catalog.priced import PriceFacts, PriceSettings
from tallystick.catalog.promotions import Promotion
from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.kit.clock import civil_day

OfferKey = tuple[str, str, str, str, str]
# Rules of these scopes are few, and read for everybody.
FEW = (RuleScope.OFFER_KIND.value, RuleScope.RESELLER.value, RuleScope.EVERYBODY.value)


@dataclass(frozen=True, slots=True)
class PriceBook:
    """``above``: the CSP's rules, when a reseller asks."""

    rows: dict[OfferKey, tuple[ListPrice, ...]]
    promotions: tuple[tuple[PromotionRow, Promotion], ...]
    rules: tuple[MarginRule, ...]
    above: tuple[MarginRule, ...] | None
    settings: PriceSettings
    rates: tuple[Rate, ...]

    def facts_for(self, offer: OfferFacts) -> PriceFacts:
        return PriceFacts(
            rows=self.rows.get(key_of(offer), ()),
            promotions=tuple(one for row, one in self.promotions if _is_for(row, offer)),
            rules=self.rules,
            settings=self.settings,
            rates=self.rates,
            above=self.above,
        )

    def having(self, rule: MarginRule, *, of_csp: bool) -> PriceBook:
        """The same with this rule, as one of the seller's own or of the CSP above it."""
        if of_csp and self.above is not None:
            return replace(self, above=(*_others(self.above, rule), rule))
        return replace(self, rules=(*_others(self.rules, rule), rule))

    def lacking(self, rule: MarginRule) -> PriceBook:
        """The same as if the rule had never been."""
        above = None if self.above is None else _others(self.above, rule)
        return replace(self, rules=_others(self.rules, rule), above=above)


def key_of(offer: OfferFacts) -> OfferKey:
    return (
        offer.product_id,
        offer.sku_id,
        offer.segment.value,
        offer.term.value,
        offer.billing_cycle.value,
    )


def open_book(
    context: Context,
    offers: Collection[OfferFacts],
    *,
    subscription_ids: Collection[int],
    customer_ids: Collection[int],
) -> PriceBook:
    """As this context sees prices: a handful of readings, however many there are."""
    books = open_books(
        context,
        {context.reseller_id},
        offers,
        subscription_ids=subscription_ids,
        customer_ids=customer_ids,
    )
    return books[context.reseller_id]


def open_books(
    context: Context,
    sellers: Collection[int | None],
    offers: Collection[OfferFacts],
    *,
    subscription_ids: Collection[int],
    customer_ids: Collection[int],
) -> dict[int | None, PriceBook]:
    """One book for each seller (a reseller's id; None: the CSP), from the same handful."""
    products = {offer.product_id for offer in offers}
    narrow = Q(
        scope=RuleScope.SUBSCRIPTION.value, target__in=[str(one) for one in subscription_ids]
    ) | Q(scope=RuleScope.CUSTOMER.value, target__in=[str(one) for one in customer_ids])
    found: dict[int | None, list[MarginRule]] = defaultdict(list)
    for row in MarginRuleRow.objects.filter(
        Q(scope__in=FEW) | narrow,
        Q(reseller_id__isnull=True) | Q(reseller_id__in=[one for one in sellers if one]),
        tenant_id=context.tenant_id,
    ):
        found[row.reseller_id].append(rule_of(row))
    shared = PriceBook(
        rows=_rows(context, products),
        promotions=_promotions(context, products),
        rules=tuple(found[None]),
        above=None,
        settings=price_settings(context.tenant_id),
        rates=_rates(context),
    )
    return {
        seller: shared
        if seller is None
        else replace(shared, rules=tuple(found[seller]), above=shared.rules)
        for seller in sellers
    }


def _others(rules: Iterable[MarginRule], rule: MarginRule) -> tuple[MarginRule, ...]:
    return tuple(one for one in rules if one.number != rule.number)


def rule_of(row: MarginRuleRow) -> MarginRule:
    return MarginRule(
        number=row.pk,
        scope=RuleScope(row.scope),
        target=row.target,
        method=MarginMethod(row.method),
        percent=row.percent,
        markup_limit=row.markup_limit,
        discount_limit=row.discount_limit,
        effective_from=row.effective_from,
        recorded_by=row.actor,
    )


def promotion_of(row: PromotionRow) -> Promotion:
    return Promotion(
        promotion_id=row.promotion_id,
        name=row.name,
        available_from=row.available_from,
        available_to=row.available_to,
        percent=row.percent,
        fixed=row.fixed,
        currency=row.currency,
        months=row.months,
        source=Source(f"Promotion {row.name}", row.available_from),
    )


def _rows(context: Context, products: set[str]) -> dict[OfferKey, tuple[ListPrice, ...]]:
    zone = tenant_zone(context.tenant_id)
    found: dict[OfferKey, list[ListPrice]] = defaultdict(list)
    rows = PriceRow.objects.filter(
        series__tenant_id=context.tenant_id,
        series__product_id__in=products,
        replaced_at__isnull=True,
    ).select_related("series", "price_import")
    for row in rows:
        of = row.series
        key = (of.product_id, of.sku_id, of.segment, of.term, of.billing_cycle)
        source = Source(
            f"Price list {row.price_import.name}, imported by {row.price_import.actor}",
            civil_day(row.price_import.recorded_at, zone),
        )
        found[key].append(
            ListPrice(
                cost=row.cost,
                erp=row.erp,
                is_for=PriceIsFor(row.is_for),
                currency=of.currency,
                market=of.market,
                effective_from=row.effective_from,
                effective_until=row.effective_until,
                source=source,
                tier_from=of.tier_from,
                tier_to=row.tier_to,
            )
        )
    return {key: tuple(rows) for key, rows in found.items()}


def _promotions(context: Context, products: set[str]) -> tuple[tuple[PromotionRow, Promotion], ...]:
    rows = PromotionRow.objects.filter(
        tenant_id=context.tenant_id, product_id__in=products, replaced_at__isnull=True
    )
    return tuple((row, promotion_of(row)) for row in rows.order_by("pk"))


def _rates(context: Context) -> tuple[Rate, ...]:
    """Of two stated for the same day the later one counts."""
    rows = ExchangeRate.objects.filter(tenant_id=context.tenant_id).order_by("pk")
    newest = {
        (row.base, row.quote, row.from_on): Rate(
            row.base, row.quote, row.rate, row.from_on, row.actor
        )
        for row in rows
    }
    return tuple(newest.values())


def _is_for(row: PromotionRow, offer: OfferFacts) -> bool:
    return (row.product_id, row.sku_id) == (offer.product_id, offer.sku_id) and all(
        asked in {"", held}
        for asked, held in (
            (row.segment, offer.segment.value),
            (row.term, offer.term.value),
            (row.billing_cycle, offer.billing_cycle.value),
        )
    )
