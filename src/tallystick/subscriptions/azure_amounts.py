"""What a customer's Azure came to in a month, and the sum that is billed. Pure.

A month consists of usage, reservations and savings plans, each with its cost and its price; they
are summed in their own currencies, and never across two.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class AmountKind(StrEnum):
    USAGE = "usage"
    RESERVATION = "reservation"
    SAVINGS_PLAN = "savings_plan"

    @property
    def label(self) -> str:
        return {
            AmountKind.USAGE: "Usage",
            AmountKind.RESERVATION: "Reservations",
            AmountKind.SAVINGS_PLAN: "Savings plans",
        }[self]


@dataclass(frozen=True, slots=True)
class AzureAmount:
    """One amount of a month (its first day), taxes excluded. Negative: a credit.

    ``subscription_id`` None: of the customer's Azure as a whole. Not ``final``: may still move.
    """

    id: int
    customer_id: int
    subscription_id: int | None
    month: date
    kind: AmountKind
    cost: Decimal
    price: Decimal
    cost_currency: str
    price_currency: str
    final: bool
    source: str


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """``final`` when every amount is. ``ids``: what was summed."""

    month: date
    cost: Decimal
    price: Decimal
    cost_currency: str
    price_currency: str
    final: bool
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CannotSum:
    """Amounts in several currencies; the sentence says which."""

    month: date
    reason: str


def month_total(month: date, amounts: Iterable[AzureAmount]) -> MonthTotal | CannotSum | None:
    """The sum of what there is for a month; None when there is nothing."""
    found = [one for one in amounts if one.month == month]
    if not found:
        return None
    prices = sorted({one.price_currency for one in found})
    costs = sorted({one.cost_currency for one in found})
    for what, currencies in (("prices", prices), ("costs", costs)):
        if len(currencies) > 1:
            return CannotSum(
                month,
                f"The {what} of {month:%Y-%m} are in {' and '.join(currencies)}: they are not "
                "added up. Import them in one currency.",
            )
    return MonthTotal(
        month=month,
        cost=sum((one.cost for one in found), Decimal("0.0000")),
        price=sum((one.price for one in found), Decimal("0.0000")),
        cost_currency=costs[0],
        price_currency=prices[0],
        final=all(one.final for one in found),
        ids=tuple(one.id for one in found),
    )
