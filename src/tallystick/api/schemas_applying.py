"""Margin rules and price lists on their way to subscriptions, on the wire."""

from __future__ import annotations

from collections.abc import Sequence

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Body, Day, Id, Money, On
from tallystick.api.schemas_preview_many import RowAheadOut
from tallystick.api.schemas_prices import PartOut
from tallystick.bootstrap.prices_ahead import PricesAhead
from tallystick.catalog.price_runs import Choice, Left, RunView
from tallystick.operations.repriced import MonthsMoney, Repriced, Totals


class ApplyIn(Body):
    """Subscriptions by id: left out by choice; moved by more than a factor 3 and right."""

    exclude: list[Id] = Field(default_factory=list, max_length=10_000)
    accept_large_moves: list[Id] = Field(default_factory=list, max_length=10_000)
    gap_charge: bool = Field(
        default=False,
        description="What the days come to until a price is billed is charged once, each by "
        "itself. Where Autotask cannot be read then, the price is left with that reason.",
    )
    dry_run: bool = False

    @property
    def choice(self) -> Choice:
        return Choice.of(self.exclude, self.accept_large_moves, gap_charge=self.gap_charge)


class ApplyListIn(ApplyIn):
    """``on``: the day whose price lists count, and from which they are billed."""

    on: Day


class MonthOut(Schema):
    """Money a month in one currency, of what is changed: a year's price counts as a twelfth."""

    currency: str
    price_before: Money
    price_after: Money
    cost_before: Money
    cost_after: Money

    @classmethod
    def of(cls, money: MonthsMoney) -> MonthOut:
        return cls(
            currency=money.currency,
            price_before=money.price_before,
            price_after=money.price_after,
            cost_before=money.cost_before,
            cost_after=money.cost_after,
        )


class TotalsOut(Schema):
    change: int
    held: int = Field(description="Moves by more than a factor 3 that nobody has accepted.")
    left: int = Field(description="Cannot be priced, or something stands against it.")
    excluded: int
    billed_once: int = Field(description="Of those that are changed; in no month's money.")
    a_month: list[MonthOut]

    @classmethod
    def of(cls, totals: Totals) -> TotalsOut:
        return cls(
            change=totals.change,
            held=totals.held,
            left=totals.left,
            excluded=totals.excluded,
            billed_once=totals.once,
            a_month=[MonthOut.of(one) for one in totals.money],
        )


class RepricedOut(Schema):
    """``left_because``: why it is not changed; ``held``: it moves by more than a factor 3."""

    subscription_id: int
    provider_id: str
    effective_on: On
    price_currency: str
    unit_price_from: Money | None
    unit_price_to: Money | None
    cost_currency: str
    unit_cost_from: Money | None
    unit_cost_to: Money | None
    held: bool
    left_because: str
    because: list[PartOut]
    ahead: list[RowAheadOut] = Field(
        description="What each connection would be told, from which day, and the gap in money."
    )
    not_looked_up_because: str = Field(description="Why `ahead` says nothing of it; else empty.")

    @classmethod
    def of(cls, one: Repriced, ahead: PricesAhead) -> RepricedOut:
        return cls(
            subscription_id=one.view.id,
            provider_id=one.view.provider_id,
            effective_on=one.day,
            price_currency=one.price_currency,
            unit_price_from=one.view.unit_price,
            unit_price_to=one.unit_price,
            cost_currency=one.cost_currency,
            unit_cost_from=one.view.unit_cost,
            unit_cost_to=one.unit_cost,
            held=one.held,
            left_because=one.left,
            because=[PartOut.of(part) for part in one.because],
            ahead=[RowAheadOut.of(row) for row in ahead.of(one)],
            not_looked_up_because=ahead.why_not(one),
        )


class PricesAheadOut(Schema):
    """Nothing was stored. ``totals`` are of all pages, ``items`` of this one."""

    totals: TotalsOut
    items: list[RepricedOut]
    next_cursor: str | None
    autotask_calls: int = Field(description="Made for this page, of the connections' shares.")

    @classmethod
    def look(
        cls,
        totals: Totals,
        items: Sequence[Repriced],
        cursor: str | None,
        ahead: PricesAhead,
    ) -> PricesAheadOut:
        return cls(
            totals=TotalsOut.of(totals),
            items=[RepricedOut.of(one, ahead) for one in items],
            next_cursor=cursor,
            autotask_calls=ahead.calls,
        )


class PriceRunOut(Schema):
    """How far it is. ``left``: not changed, each with its reason at ``/price-runs/{id}/left``."""

    id: int
    state: str
    name: str
    margin_rule_id: int | None
    effective_on: On
    asked_by: str
    correlation_id: str
    to_look_at: int
    looked_at: int
    recorded: int
    excluded: int
    left: int
    started_at: At
    finished_at: At | None

    @classmethod
    def of(cls, run: RunView) -> PriceRunOut:
        return cls(
            id=run.id,
            state=run.state,
            name=run.name,
            margin_rule_id=None if run.rule is None else run.rule.number,
            effective_on=run.counts_on,
            asked_by=run.context.actor.name,
            correlation_id=run.correlation_id,
            to_look_at=run.to_look_at,
            looked_at=run.looked_at,
            recorded=run.recorded,
            excluded=run.left_out,
            left=run.left,
            started_at=run.started_at,
            finished_at=run.finished_at,
        )


class LeftOut(Schema):
    subscription_id: int
    customer_name: str
    subscription_name: str
    why: str

    @classmethod
    def of(cls, one: Left) -> LeftOut:
        return cls(
            subscription_id=one.subscription_id,
            customer_name=one.customer_name,
            subscription_name=one.subscription_name,
            why=one.why,
        )
