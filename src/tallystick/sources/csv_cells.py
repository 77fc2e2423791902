"""What one row of a subscriptions file says, read from its cells. Pure.

A row is read whole, so that all that is wrong with it is said at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from tallystick.catalog.terms import BillingCycle, Segment, Term
from tallystick.kit.days import parse_day
from tallystick.kit.money import parse_currency
from tallystick.sources.csv_errors import Errors
from tallystick.sources.csv_rows import decode, rows
from tallystick.sources.csv_values import (
    Cells,
    amount,
    identifier,
    name,
    offer_id,
    one_of,
    optional,
    yes_or_no,
)
from tallystick.subscriptions.rules import FARTHEST, read_quantity
from tallystick.subscriptions.status import SubscriptionStatus

REQUIRED = (
    "customer_id",
    "customer",
    "offer_id",
    "offer",
    "term",
    "billing_cycle",
    "subscription_id",
    "quantity",
    "starts_on",
)
OPTIONAL = (
    "segment",
    "subscription",
    "unit_price",
    "unit_cost",
    "currency",
    "ends_on",
    "status",
    "trial",
)
COLUMNS = frozenset(REQUIRED + OPTIONAL)

_TERMS = {word.lower(): term for term in Term for word in (term.value, term.label)}
_CYCLES = {word.lower(): cycle for cycle in BillingCycle for word in (cycle.value, cycle.label)}
_SEGMENTS = {segment.value: segment for segment in Segment}
_STATUSES = {status.value: status for status in SubscriptionStatus} | {
    "canceled": SubscriptionStatus.CANCELLED
}


class OfferKey(NamedTuple):
    """What tells an offer apart."""

    product_id: str
    sku_id: str
    segment: Segment
    term: Term
    billing_cycle: BillingCycle


@dataclass(frozen=True, slots=True)
class Row:
    """One subscription as the file says it is; prices per unit per billing cycle."""

    line: int
    customer_id: str
    customer: str
    offer_key: OfferKey
    offer: str
    subscription_id: str
    subscription: str
    quantity: int
    unit_price: Decimal | None
    unit_cost: Decimal | None
    currency: str
    starts_on: date
    ends_on: date | None
    status: SubscriptionStatus
    trial: bool | None


def read_subscriptions(data: bytes, *, today: date) -> list[Row]:
    """All rows of the file. Raises ImportRefused with everything that is wrong with it."""
    errors = Errors()
    seen = _Seen()
    read = []
    for line, cells in rows(decode(data), known=COLUMNS, required=REQUIRED, errors=errors):
        row = read_row(line, cells, today=today, errors=errors)
        if row is not None:
            seen.check(row, errors)
            read.append(row)
    errors.refuse()
    return read


def read_row(line: int, cells: Mapping[str, str], *, today: date, errors: Errors) -> Row | None:
    """None when something is wrong with it, which is added to ``errors``."""
    before = errors.count
    cell = Cells(line, cells, errors)
    product_id, sku_id = cell("offer_id", offer_id, ("", ""))
    row = Row(
        line=line,
        customer_id=cell("customer_id", identifier, ""),
        customer=cell("customer", name, ""),
        offer_key=OfferKey(
            product_id,
            sku_id,
            cell("segment", one_of(_SEGMENTS, Segment.COMMERCIAL), Segment.COMMERCIAL),
            cell("term", one_of(_TERMS), Term.NONE),
            cell("billing_cycle", one_of(_CYCLES), BillingCycle.NONE),
        ),
        offer=cell("offer", name, ""),
        subscription_id=cell("subscription_id", identifier, ""),
        subscription=cell("subscription", optional(name, ""), ""),
        quantity=cell("quantity", read_quantity, 0),
        unit_price=cell("unit_price", optional(amount, None), None),
        unit_cost=cell("unit_cost", optional(amount, None), None),
        currency=cell("currency", optional(parse_currency, ""), ""),
        starts_on=cell("starts_on", parse_day, today),
        ends_on=cell("ends_on", optional(parse_day, None), None),
        status=cell(
            "status", one_of(_STATUSES, SubscriptionStatus.ACTIVE), SubscriptionStatus.ACTIVE
        ),
        trial=cell("trial", optional(yes_or_no, None), None),
    )
    if errors.count > before:
        return None
    priced = row.unit_price is not None or row.unit_cost is not None
    if priced and not row.currency:
        errors.add(line, "currency", "is needed with a price or a cost")
    if row.starts_on - today > FARTHEST:
        errors.add(line, "starts_on", "is more than five years away")
    if row.ends_on is not None and row.ends_on < row.starts_on:
        errors.add(line, "ends_on", f"{row.ends_on} is before the start, {row.starts_on}")
    return row if errors.count == before else None


class _Seen:
    """What earlier rows said: an id stands for one thing in a file."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, int] = {}
        self._customers: dict[str, tuple[str, str, int]] = {}
        self._offers: dict[OfferKey, tuple[str, int]] = {}

    def check(self, row: Row, errors: Errors) -> None:
        first = self._subscriptions.setdefault(row.subscription_id.lower(), row.line)
        if first != row.line:
            errors.add(
                row.line, "subscription_id", f"“{row.subscription_id}” is already on line {first}"
            )
        said = (row.customer_id, row.customer, row.line)
        known_id, name, first = self._customers.setdefault(row.customer_id.lower(), said)
        if known_id != row.customer_id:
            errors.add(row.line, "customer_id", f"is written “{known_id}” on line {first}")
        elif name != row.customer:
            errors.add(
                row.line,
                "customer",
                f"“{row.customer}” has the same id as “{name}” on line {first}",
            )
        name, first = self._offers.setdefault(row.offer_key, (row.offer, row.line))
        if name != row.offer:
            errors.add(
                row.line, "offer", f"“{row.offer}” is the same offer as “{name}” on line {first}"
            )
