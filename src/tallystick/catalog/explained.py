"""A price with the reason of each of its parts: what *Why is this number?* shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Lacks(StrEnum):
    """Why there is no price: one word for programs, beside the sentence for people."""

    LIST_PRICE = "list_price"
    ERP = "erp"
    ERP_BELOW_LIST = "erp_below_list"
    MARGIN_RULE = "margin_rule"
    CURRENCY = "currency"
    RATE = "rate"
    MARKET = "market"
    TERM = "term"


class NoPrice(ValueError):
    """A price cannot be made; the sentence says why and what to do."""

    def __init__(self, lacks: Lacks, sentence: str) -> None:
        super().__init__(sentence)
        self.lacks = lacks


@dataclass(frozen=True, slots=True)
class Source:
    """Where a part comes from: a file, a rule, the subscription; and the day it counts from."""

    name: str
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One step on the way to the number. ``rule`` says how, as it can be worked out by hand."""

    label: str
    rule: str
    source: Source
    amount: Decimal | None = None
    currency: str = ""
    percent: Decimal | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "amount": _text(self.amount),
            "currency": self.currency,
            "percent": _text(self.percent),
            "rule": self.rule,
            "source": self.source.name,
            "source_on": _day(self.source.on),
        }


@dataclass(frozen=True, slots=True)
class PromotionUsed:
    """``until`` is the last day of its benefit."""

    promotion_id: str
    name: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Explained:
    """Per unit per billing cycle, taxes excluded, four decimals; ``because`` in working order.

    ``list_price`` is what the unit price was made from. ``unit_cost`` is None when it is not known
    in the cost's currency: then ``because`` says so, and a cost that is recorded stays.
    """

    unit_price: Decimal
    unit_cost: Decimal | None
    erp: Decimal | None
    list_price: Decimal
    price_currency: str
    cost_currency: str
    priced_on: date
    locked_until: date | None
    promotion: PromotionUsed | None
    because: tuple[Part, ...]

    def as_json(self) -> dict[str, Any]:
        """For the ledger: amounts and days as text."""
        used = self.promotion
        return {
            "unit_price": _text(self.unit_price),
            "unit_cost": _text(self.unit_cost),
            "erp": _text(self.erp),
            "list_price": _text(self.list_price),
            "price_currency": self.price_currency,
            "cost_currency": self.cost_currency,
            "priced_on": _day(self.priced_on),
            "locked_until": _day(self.locked_until),
            "promotion": None
            if used is None
            else {"id": used.promotion_id, "name": used.name, "until": _day(used.until)},
            "because": [part.as_json() for part in self.because],
        }


@dataclass(frozen=True, slots=True)
class CannotPrice:
    """No price, and why; ``because`` holds what was found before that."""

    lacks: Lacks
    reason: str
    because: tuple[Part, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "lacks": self.lacks.value,
            "reason": self.reason,
            "because": [part.as_json() for part in self.because],
        }


Price = Explained | CannotPrice


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
