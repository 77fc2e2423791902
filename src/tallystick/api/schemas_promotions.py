"""Promotions on the wire."""

from __future__ import annotations

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import Amount, At, Body, Currency, Day, Money, On, Percent, Text
from tallystick.catalog.price_queries import PromotionView
from tallystick.catalog.record_promotion import NewPromotion
from tallystick.catalog.terms import BillingCycle, Segment, Term


class PromotionIn(Body):
    """Percent or fixed (per unit per billing cycle), never both. Both days are included."""

    promotion_id: str = Field(max_length=100)
    name: Text
    product_id: str = Field(max_length=100)
    sku_id: str = Field(max_length=100)
    segment: Segment | None = Field(None, strict=False)
    term: Term | None = Field(None, strict=False)
    billing_cycle: BillingCycle | None = Field(None, strict=False)
    percent: Percent | None = None
    fixed: Amount | None = None
    currency: Currency | None = None
    months: int | None = None
    available_from_on: Day
    available_to_on: Day

    def new(self) -> NewPromotion:
        return NewPromotion(
            promotion_id=self.promotion_id.strip(),
            name=self.name.strip(),
            product_id=self.product_id.strip(),
            sku_id=self.sku_id.strip(),
            available_from=self.available_from_on,
            available_to=self.available_to_on,
            percent=self.percent,
            fixed=self.fixed,
            currency=self.currency or "",
            months=self.months,
            segment=self.segment,
            term=self.term,
            billing_cycle=self.billing_cycle,
        )


class PromotionOut(Schema):
    id: int
    promotion_id: str
    name: str
    product_id: str
    sku_id: str
    segment: Segment | None
    term: Term | None
    billing_cycle: BillingCycle | None
    percent: Money | None
    fixed: Money | None
    currency: str
    months: int | None
    available_from_on: On
    available_to_on: On
    recorded_at: At
    actor: str

    @classmethod
    def of(cls, view: PromotionView) -> PromotionOut:
        new = view.promotion
        return cls(
            id=view.id,
            promotion_id=new.promotion_id,
            name=new.name,
            product_id=new.product_id,
            sku_id=new.sku_id,
            segment=new.segment,
            term=new.term,
            billing_cycle=new.billing_cycle,
            percent=new.percent,
            fixed=new.fixed,
            currency=new.currency,
            months=new.months,
            available_from_on=new.available_from,
            available_to_on=new.available_to,
            recorded_at=view.recorded_at,
            actor=view.actor,
        )
