"""What is at stake while something is not mapped: licences and money a month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Case, Count, DecimalField, F, QuerySet, Sum, Value, When

from tallystick.catalog.terms import BillingCycle
from tallystick.kit.money import round_money
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.status import SubscriptionStatus


@dataclass(frozen=True, slots=True)
class Stake:
    """``a_month``: what is charged by currency, taxes excluded, without what is billed once."""

    STATUSES: ClassVar = [SubscriptionStatus.ACTIVE.value, SubscriptionStatus.SUSPENDED.value]

    subscriptions: int
    licences: int
    a_month: Mapping[str, Decimal] = field(default_factory=dict)


NOTHING = Stake(0, 0)


def together(stakes: Iterable[Stake]) -> Stake:
    """Their sum, each currency by itself."""
    subscriptions = licences = 0
    money: dict[str, Decimal] = {}
    for stake in stakes:
        subscriptions += stake.subscriptions
        licences += stake.licences
        for currency, value in stake.a_month.items():
            money[currency] = money.get(currency, Decimal(0)) + value
    return Stake(subscriptions, licences, money)


def stakes_by(key: str, rows: QuerySet[Subscription]) -> Mapping[Any, Stake]:
    """One question for all of them; ``key`` is a column of subscriptions."""
    cycles = [
        When(offer__billing_cycle=cycle.value, then=Value(Decimal(cycle.months)))
        for cycle in BillingCycle
        if cycle.months
    ]
    months = Case(*cycles, default=None, output_field=DecimalField())
    sums = (
        rows.filter(status__in=Stake.STATUSES)
        .values(key, "price_currency")
        .annotate(
            subscriptions=Count("pk"),
            licences=Sum("quantity"),
            money=Sum(F("quantity") * F("unit_price") / months, output_field=DecimalField()),
        )
        .order_by()
    )
    found: dict[Any, Stake] = {}
    for row in sums:
        before = found.get(row[key], NOTHING)
        money = dict(before.a_month)
        if row["money"] is not None and row["price_currency"]:
            money[row["price_currency"]] = round_money(row["money"], places=2)
        found[row[key]] = Stake(
            before.subscriptions + row["subscriptions"],
            before.licences + row["licences"],
            money,
        )
    return found
