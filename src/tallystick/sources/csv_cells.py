"""What one row of a subscriptions file says, read from its cells. Pure.

A row is read whole, so that all that is wrong with it is said at once.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple, TypeVar

from tallystick.catalog.terms import BillingCycle, Segment, Term
from tallystick.kit.days import parse_day
from tallystick.kit.money import parse_amount, parse_currency
from tallystick.kit.problem import InvalidInput
from tallystick.sources.csv_rows import Errors, decode, rows
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
OPTIONAL = ("segment", "subscription", "unit_price", "unit_cost", "currency", "ends_on", "status")
COLUMNS = frozenset(REQUIRED + OPTIONAL)

LONGEST_ID = 100
LONGEST_NAME = 300
LARGEST_AMOUNT = Decimal("1000000000")  # what a purchase accepts
_TURNS_TEXT_AROUND = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_TERMS = {word.lower(): term for term in Term for word in (term.value, term.label)}
_CYCLES = {word.lower(): cycle for cycle in BillingCycle for word in (cycle.value, cycle.label)}
_SEGMENTS = {segment.value: segment for segment in Segment}
_STATUSES = {status.value: status for status in SubscriptionStatus} | {
    "canceled": SubscriptionStatus.CANCELLED
}

T = TypeVar("T")


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


def read_subscriptions(data: bytes, *, today: date) -> list[Row]:
    """All rows of the file. Raises ImportRefused with everything that is wrong with it."""
    errors = Errors()
    seen = _Seen()
    read = []
    for line, cells in rows(decode(data), known=COLUMNS, required=REQUIRED, errors=errors):
        row = _read_row(line, cells, today=today, errors=errors)
        if row is not None:
            seen.check(row, errors)
            read.append(row)
    errors.refuse()
    return read


def _read_row(line: int, cells: Mapping[str, str], *, today: date, errors: Errors) -> Row | None:
    before = errors.count

    def cell(field: str, read: Callable[[str], T], otherwise: T) -> T:
        try:
            return read(_plain(cells.get(field, "")))
        except InvalidInput as problem:
            errors.add(line, field, problem.errors[0].message)
        except ValueError as error:
            errors.add(line, field, str(error))
        return otherwise

    product_id, sku_id = cell("offer_id", _offer_id, ("", ""))
    row = Row(
        line=line,
        customer_id=cell("customer_id", _id, ""),
        customer=cell("customer", _name, ""),
        offer_key=OfferKey(
            product_id,
            sku_id,
            cell("segment", _one_of(_SEGMENTS, Segment.COMMERCIAL), Segment.COMMERCIAL),
            cell("term", _one_of(_TERMS), Term.NONE),
            cell("billing_cycle", _one_of(_CYCLES), BillingCycle.NONE),
        ),
        offer=cell("offer", _name, ""),
        subscription_id=cell("subscription_id", _id, ""),
        subscription=cell("subscription", _optional(_name, ""), ""),
        quantity=cell("quantity", read_quantity, 0),
        unit_price=cell("unit_price", _optional(_amount, None), None),
        unit_cost=cell("unit_cost", _optional(_amount, None), None),
        currency=cell("currency", _optional(parse_currency, ""), ""),
        starts_on=cell("starts_on", parse_day, today),
        ends_on=cell("ends_on", _optional(parse_day, None), None),
        status=cell(
            "status", _one_of(_STATUSES, SubscriptionStatus.ACTIVE), SubscriptionStatus.ACTIVE
        ),
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


def _plain(text: str) -> str:
    """Text without spaces around it. What a person cannot see is refused, not removed."""
    text = text.strip(" \t\r\n")
    for character in text:
        hidden = unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        if hidden or character in _TURNS_TEXT_AROUND:
            code = f"U+{ord(character):04X}"
            raise ValueError(f"holds the control character {code} (a line break is one, too)")
    return text.strip()


def _optional(read: Callable[[str], T], empty: T) -> Callable[[str], T]:
    return lambda text: read(text) if text else empty


def _text(text: str, most: int) -> str:
    if not text:
        raise ValueError("is empty")
    if len(text) > most:
        raise ValueError(f"is longer than {most} characters")
    return text


def _id(text: str) -> str:
    return _text(text, LONGEST_ID)


def _name(text: str) -> str:
    return _text(text, LONGEST_NAME)


def _offer_id(text: str) -> tuple[str, str]:
    """``CFQ7TTC0LCHC:0002``; a third part, the availability, tells prices apart, not offers."""
    parts = [part.strip() for part in text.split(":")]
    if len(parts) not in {2, 3} or not all(parts):
        raise ValueError(
            f"“{text[:40]}” is not an offer: write product and sku, like CFQ7TTC0LCHC:0002"
        )
    return _id(parts[0]), _id(parts[1])


def _amount(text: str) -> Decimal:
    amount = parse_amount(text)
    if not 0 <= amount <= LARGEST_AMOUNT:
        raise ValueError(f"must be between 0 and {LARGEST_AMOUNT:f}")
    return amount


def _one_of(words: Mapping[str, T], empty: T | None = None) -> Callable[[str], T]:
    def read(text: str) -> T:
        if not text and empty is not None:
            return empty
        found = words.get(text.lower())
        if found is None:
            known = ", ".join(dict.fromkeys(str(value) for value in words.values()))
            raise ValueError(f"“{text[:40]}” is not one of: {known}")
        return found

    return read
