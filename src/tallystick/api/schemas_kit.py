"""The types all schemas are made of: strict on the way in, plain JSON on the way out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from ninja import Schema
from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from tallystick.kit.days import parse_day
from tallystick.kit.money import parse_amount, parse_currency, parse_percent
from tallystick.kit.paging import LARGEST_PAGE, decode_cursor
from tallystick.kit.problem import InvalidInput
from tallystick.subscriptions.rules import LARGEST_QUANTITY, read_quantity

Item = TypeVar("Item")
LARGEST_ID = 2**63 - 1


class Body(Schema):
    """What is sent: an unknown field is refused, and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Problem(Schema):
    """RFC 9457. Sent as application/problem+json."""

    class Wrong(Schema):
        field: str
        message: str

    type: str
    title: str
    status: int
    detail: str
    correlation_id: str
    errors: list[Wrong]


class PageOut(Schema, Generic[Item]):
    """One page; ``next_cursor`` is null on the last one."""

    items: list[Item]
    next_cursor: str | None


class Paging(Schema):
    """``?limit=`` and ``?cursor=`` of every list."""

    cursor: str | None = None
    limit: int = Field(50, ge=1, le=LARGEST_PAGE)


def _quantity(value: object) -> int:
    if type(value) is not int:
        raise ValueError("must be a whole JSON number, like 12")
    try:
        return read_quantity(value)
    except InvalidInput as problem:
        raise ValueError(problem.errors[0].message) from None


def _day(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError("must be a day in text, like 2026-05-03")
    return parse_day(value)


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("must be a moment in text, like 2026-05-03T09:00:00Z")
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not a moment with its offset, like 2026-05-03T09:00:00Z") from None


def _amount(value: object) -> Decimal:
    if not isinstance(value, str):
        raise ValueError("must be an amount in text, like “15.20”")
    return parse_amount(value)


def _percent(value: object) -> Decimal:
    if not isinstance(value, str):
        raise ValueError("must be a percentage in text, like “12.5”")
    return parse_percent(value)


def _currency(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a currency code in text, like EUR")
    return parse_currency(value)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Text = Annotated[str, Field(max_length=300)]
Quantity = Annotated[
    int,
    BeforeValidator(_quantity),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": LARGEST_QUANTITY}),
]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]
Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    WithJsonSchema({"type": "string", "pattern": r"^-?\d+(\.\d{1,4})?$", "examples": ["15.20"]}),
]
Percent = Annotated[
    Decimal,
    BeforeValidator(_percent),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d{1,4})?$", "examples": ["12.5"]}),
]
Currency = Annotated[
    str,
    BeforeValidator(_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["EUR"]}),
]

# On the way out: moments in UTC with Z, amounts as text.
At = Annotated[datetime, PlainSerializer(_utc, return_type=str)]
On = Annotated[date, PlainSerializer(date.isoformat, return_type=str)]
Money = Annotated[Decimal, PlainSerializer(lambda amount: f"{amount:f}", return_type=str)]


def checked(cursor: str | None, *kinds: type) -> str | None:
    """A cursor whose key has these types. Raises InvalidInput naming ``cursor``."""
    if not cursor:
        return None
    key = decode_cursor(cursor, length=len(kinds))
    for part, kind in zip(key, kinds, strict=True):
        if not isinstance(part, kind) or (isinstance(part, str) and "\x00" in part):
            raise InvalidInput.one("cursor", "is not one this list gave out")
    return cursor
