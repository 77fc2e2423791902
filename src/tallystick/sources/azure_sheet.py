"""What one row of a file of monthly Azure amounts says. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from tallystick.kit.money import parse_amount, parse_currency
from tallystick.sources.csv_errors import Errors
from tallystick.sources.csv_values import LARGEST_AMOUNT, identifier, name, one_of, optional, plain
from tallystick.sources.sheet_rows import SheetRows, bare
from tallystick.subscriptions.azure_amounts import AmountKind

REQUIRED = ("month", "cost", "price")
COLUMNS = (
    *REQUIRED,
    "customer_id",
    "customer",
    "subscription_id",
    "kind",
    "currency",
    "cost_currency",
    "price_currency",
    "final",
)
_KINDS = {kind.value: kind for kind in AmountKind} | {"savings plan": AmountKind.SAVINGS_PLAN}
_FINAL = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])(-01)?\Z", re.ASCII)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AmountRow:
    """``customer``: the provider's id, or the name. ``subscription_id``: the provider's, or ''."""

    line: int
    customer: str
    subscription_id: str
    month: date
    kind: AmountKind
    cost: Decimal
    price: Decimal
    cost_currency: str
    price_currency: str
    final: bool


def read_amounts(
    rows: SheetRows, *, currency: str, final: bool, errors: Errors
) -> Iterator[AmountRow]:
    """Each row that is right. ``currency`` and ``final`` count where the row does not say."""
    for line, cells in rows:
        before = errors.count
        row = _row(line, cells, currency, final, errors)
        if errors.count == before:
            yield row


def _row(
    line: int, cells: Mapping[str, str], currency: str, final: bool, errors: Errors
) -> AmountRow:
    def cell(column: str, read: Callable[[str], T], otherwise: T) -> T:
        try:
            return read(plain(bare(cells.get(column, ""))))
        except ValueError as error:
            errors.add(line, column, str(error))
        return otherwise

    customer = cell("customer_id", optional(identifier, ""), "") or cell("customer", name, "")
    both = cell("currency", optional(parse_currency, currency), "")
    row = AmountRow(
        line=line,
        customer=customer,
        subscription_id=cell("subscription_id", optional(identifier, ""), ""),
        month=cell("month", _month, date.min),
        kind=cell("kind", one_of(_KINDS, AmountKind.USAGE), AmountKind.USAGE),
        cost=cell("cost", _amount, Decimal(0)),
        price=cell("price", _amount, Decimal(0)),
        cost_currency=cell("cost_currency", optional(parse_currency, both), ""),
        price_currency=cell("price_currency", optional(parse_currency, both), ""),
        final=cell("final", optional(_yes_or_no, final), final),
    )
    if not (row.cost_currency and row.price_currency):
        errors.add(line, "currency", "is needed: of cost and price, or one for both")
    return row


def _month(text: str) -> date:
    found = _MONTH.match(text)
    if not found or not int(found.group(1)) >= 1:
        raise ValueError(f"“{text[:20]}” is not a month: write it like 2026-05")
    return date(int(found.group(1)), int(found.group(2)), 1)


def _amount(text: str) -> Decimal:
    """Below 0 is a credit."""
    amount = parse_amount(text)
    if abs(amount) > LARGEST_AMOUNT:
        raise ValueError(f"must be at most {LARGEST_AMOUNT:f}")
    return amount


def _yes_or_no(text: str) -> bool:
    found = _FINAL.get(text.lower())
    if found is None:
        raise ValueError(f"“{text[:20]}” is neither yes nor no")
    return found
