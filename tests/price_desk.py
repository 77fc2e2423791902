"""A price list in the database, without a file: rows as an import leaves them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from factories import START, Tenancy
from tallystick.catalog.margins import MarginRule
from tallystick.catalog.models import Offer, PriceImport, PriceRow, PriceSeries
from tallystick.catalog.price_asked import By
from tallystick.catalog.price_words import MarginMethod, RuleScope
from tallystick.catalog.record_margin_rule import NewRule
from tallystick.kit.ids import correlation_id
from tallystick.subscriptions.set_margin_rule import set_margin_rule


def by(of: Tenancy) -> By:
    return By(of.context, of.clock.now(), of.today(), correlation_id())


def listed(
    of: Tenancy, offer_id: int, cost: str = "10", erp: str | None = "12.5", **more: Any
) -> PriceRow:
    """A price of the offer from 1 January 2026."""
    offer = Offer.objects.get(pk=offer_id)
    series, _ = PriceSeries.objects.get_or_create(
        tenant_id=of.tenant_id,
        product_id=offer.product_id,
        sku_id=offer.sku_id,
        segment=offer.segment,
        term=offer.term,
        billing_cycle=offer.billing_cycle,
        market="DE",
        currency=more.pop("currency", "EUR"),
        tier_from=0,
        defaults={"name": offer.name},
    )
    source = PriceImport.objects.create(
        tenant_id=of.tenant_id,
        name="January.csv",
        is_for="cycle",
        rows=1,
        added=1,
        replaced=0,
        unchanged=0,
        large_moves=0,
        recorded_at=START,
        actor="Ada Admin",
        correlation_id=correlation_id(),
    )
    values = {"is_for": "cycle", "effective_from": date(2026, 1, 1)} | more
    return PriceRow.objects.create(
        series=series,
        cost=Decimal(cost),
        erp=None if erp is None else Decimal(erp),
        price_import=source,
        **values,
    )


def new_rule(percent: str = "20", **more: Any) -> NewRule:
    values: dict[str, Any] = {
        "scope": RuleScope.EVERYBODY,
        "target": "",
        "method": MarginMethod.MARKUP,
        "percent": Decimal(percent),
        "markup_limit": False,
        "discount_limit": False,
        "effective_from": date(2026, 1, 1),
    }
    return NewRule(**(values | more))


def ruled(of: Tenancy, percent: str = "20", **more: Any) -> int:
    return set_margin_rule(new_rule(percent, **more), by=by(of))


def as_rule(of: Tenancy, percent: str, **more: Any) -> MarginRule:
    return new_rule(percent, **more).as_rule(of.context.actor.name)
