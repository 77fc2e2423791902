"""Margin rules on the wire, and whom they would change."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Body, Day, Money, On, Percent
from tallystick.api.schemas_prices import PriceOut
from tallystick.catalog.price_words import MarginMethod, RuleScope
from tallystick.catalog.record_margin_rule import NewRule
from tallystick.catalog.rule_queries import RuleView, Standing
from tallystick.subscriptions.pricing import Affected


class RuleIn(Body):
    """``target``: the id, or the offer kind, that the scope names; null for everybody."""

    scope: RuleScope = Field(strict=False)
    target: str | int | None = Field(None)
    method: MarginMethod = Field(strict=False)
    percent: Percent = Decimal(0)
    markup_limit: bool = False
    discount_limit: bool = False
    effective_from_on: Day | None = Field(None, description="Missing: today.")

    def new(self, today: date) -> NewRule:
        return NewRule(
            scope=self.scope,
            target="" if self.target is None else str(self.target),
            method=self.method,
            percent=self.percent,
            markup_limit=self.markup_limit,
            discount_limit=self.discount_limit,
            effective_from=self.effective_from_on or today,
        )


class RuleOut(Schema):
    id: int
    scope: RuleScope
    target: str
    target_name: str
    method: MarginMethod
    percent: Money
    markup_limit: bool
    discount_limit: bool
    effective_from_on: On
    standing: Standing
    recorded_at: At
    actor: str

    @classmethod
    def of(cls, view: RuleView) -> RuleOut:
        rule = view.rule
        return cls(
            id=view.id,
            scope=rule.scope,
            target=rule.target,
            target_name=view.target_name,
            method=rule.method,
            percent=rule.percent,
            markup_limit=rule.markup_limit,
            discount_limit=rule.discount_limit,
            effective_from_on=rule.effective_from,
            standing=view.standing,
            recorded_at=view.recorded_at,
            actor=rule.recorded_by,
        )


class AffectedOut(Schema):
    """Each price as its seller sees it: a reseller's own, on what its CSP takes."""

    subscription_id: int
    before: PriceOut
    after: PriceOut

    @classmethod
    def of(cls, one: Affected) -> AffectedOut:
        return cls(
            subscription_id=one.subscription_id,
            before=PriceOut.of(one.before),
            after=PriceOut.of(one.after),
        )
