"""Price lists, promotions, margin rules and prices on the wire."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import (
    At,
    Body,
    Currency,
    Day,
    Money,
    On,
    Paging,
)
from tallystick.catalog.explained import CannotPrice, Explained, Part, Price
from tallystick.catalog.price_queries import ImportView, PriceRowView
from tallystick.catalog.price_words import PriceIsFor, PromotionLowers
from tallystick.catalog.terms import BillingCycle, Segment, Term
from tallystick.operations.said_price import SaidPrice


class PriceFilter(Paging):
    """``on``: only what counts that day."""

    search: str = Field("", max_length=200)
    on: Day | None = None


class PriceRowOut(Schema):
    id: int
    name: str
    product_id: str
    sku_id: str
    segment: Segment
    term: Term
    billing_cycle: BillingCycle
    market: str
    currency: str
    tier_from: int
    tier_to: int | None
    cost: Money
    erp: Money | None
    price_is_for: PriceIsFor
    effective_from_on: On
    effective_until_on: On | None = Field(description="The first day it does not count any more.")
    source: str

    @classmethod
    def of(cls, row: PriceRowView) -> PriceRowOut:
        return cls(
            id=row.id,
            name=row.name,
            product_id=row.product_id,
            sku_id=row.sku_id,
            segment=row.segment,
            term=row.term,
            billing_cycle=row.billing_cycle,
            market=row.market,
            currency=row.currency,
            tier_from=row.tier_from,
            tier_to=row.tier_to,
            cost=row.cost,
            erp=row.erp,
            price_is_for=row.is_for,
            effective_from_on=row.effective_from,
            effective_until_on=row.effective_until,
            source=row.import_name,
        )


class PriceImportOut(Schema):
    id: int
    name: str
    price_is_for: PriceIsFor
    rows: int
    added: int
    replaced: int
    unchanged: int
    large_moves: int
    recorded_at: At
    actor: str

    @classmethod
    def of(cls, row: ImportView) -> PriceImportOut:
        return cls(
            id=row.id,
            name=row.name,
            price_is_for=row.is_for,
            rows=row.rows,
            added=row.added,
            replaced=row.replaced,
            unchanged=row.unchanged,
            large_moves=row.large_moves,
            recorded_at=row.recorded_at,
            actor=row.actor,
        )


class PartOut(Schema):
    """One step on the way to the price."""

    label: str
    amount: Money | None
    currency: str
    percent: Money | None
    rule: str
    source: str
    source_on: On | None

    @classmethod
    def of(cls, part: Part) -> PartOut:
        return cls(
            label=part.label,
            amount=part.amount,
            currency=part.currency,
            percent=part.percent,
            rule=part.rule,
            source=part.source.name,
            source_on=part.source.on,
        )


class PromotionUsedOut(Schema):
    id: str
    name: str
    until_on: On | None


class RecordedPriceOut(Schema):
    """The price an operation recorded. ``made_by``: the rule, price list or promotion that made it;
    empty where ``actor`` said it."""

    operation_id: int
    sequence: int
    unit_price: Money
    currency: str
    from_on: On
    recorded_at: At
    actor: str
    source: str
    made_by: str
    summary: str

    @classmethod
    def of(cls, said: SaidPrice | None) -> RecordedPriceOut | None:
        if said is None:
            return None
        return cls(
            operation_id=said.operation_id,
            sequence=said.sequence,
            unit_price=said.unit_price,
            currency=said.currency,
            from_on=said.from_on,
            recorded_at=said.recorded_at,
            actor=said.actor,
            source=said.source,
            made_by=said.made_by,
            summary=said.in_words(),
        )


class PriceOut(Schema):
    """The price of a unit for one billing cycle; without one ``lacks`` and ``reason`` say why."""

    unit_price: Money | None = None
    unit_cost: Money | None = None
    erp: Money | None = None
    list_price: Money | None = None
    price_currency: str = ""
    cost_currency: str = ""
    priced_on: On | None = None
    locked_until_on: On | None = None
    promotion: PromotionUsedOut | None = None
    lacks: str = ""
    reason: str = ""
    because: list[PartOut]
    recorded: RecordedPriceOut | None = Field(
        None, description="What is recorded for that day, and who said it."
    )

    @classmethod
    def of(cls, price: Price, said: SaidPrice | None = None) -> PriceOut:
        recorded = RecordedPriceOut.of(said)
        because = [PartOut.of(part) for part in price.because]
        if isinstance(price, CannotPrice):
            return cls(
                lacks=price.lacks.value, reason=price.reason, because=because, recorded=recorded
            )
        return cls(
            unit_price=price.unit_price,
            unit_cost=price.unit_cost,
            erp=price.erp,
            list_price=price.list_price,
            price_currency=price.price_currency,
            cost_currency=price.cost_currency,
            priced_on=price.priced_on,
            locked_until_on=price.locked_until,
            promotion=_used(price),
            because=because,
            recorded=recorded,
        )


class PriceSettingsIn(Body):
    promotion_lowers: PromotionLowers = Field(strict=False)
    reservations_over_erp: bool
    market: str = Field("", max_length=10)


class PriceSettingsOut(Schema):
    promotion_lowers: PromotionLowers
    reservations_over_erp: bool
    market: str


class RateIn(Body):
    """One ``base`` is ``rate`` of ``quote`` from a day on."""

    base: Currency
    quote: Currency
    rate: str = Field(pattern=r"^[0-9]{1,7}(\.[0-9]{1,8})?$", max_length=20)
    from_on: Day


class PriceLockIn(Body):
    locked: bool


def _used(price: Explained) -> PromotionUsedOut | None:
    used = price.promotion
    if used is None:
        return None
    return PromotionUsedOut(id=used.promotion_id, name=used.name, until_on=used.until)
