"""JSON in and out with exact money.

Numbers are read as Decimal. Money is written as a JSON number with four decimals, as live answers
show it (``386.6450``); other decimals as they are.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from json.encoder import encode_basestring_ascii
from typing import Any

FOUR_DECIMALS = Decimal("0.0001")


class Money(Decimal):
    """An amount: written with exactly four decimals."""

    __slots__ = ()


def money(value: Decimal | int | None) -> Money | None:
    """``value`` as an amount with four decimals; ``None`` stays ``None``."""
    if value is None:
        return None
    return Money(Decimal(value).quantize(FOUR_DECIMALS, ROUND_HALF_UP))


def read(text: bytes | str) -> Any:
    """Parse JSON, numbers with a point as Decimal. Raises ValueError for anything else."""
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def moment_text(value: datetime) -> str:
    """A moment as the API writes it: UTC, milliseconds, ``Z``."""
    value = value.astimezone(UTC)
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"


def write(value: Any) -> str:
    """Write a value of plain Python types (dict, list, str, numbers, days, moments) as JSON."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    kind = type(value)
    if kind is str:
        return encode_basestring_ascii(value)
    if kind is int:
        return int.__repr__(value)
    if kind is Money:
        return format(value, ".4f")
    if kind is dict:
        return (
            "{"
            + ",".join([f"{encode_basestring_ascii(k)}:{write(v)}" for k, v in value.items()])
            + "}"
        )
    if kind is list or kind is tuple:
        return "[" + ",".join([write(item) for item in value]) + "]"
    if kind is date:
        return f'"{value.isoformat()}T00:00:00Z"'
    return _write_rare(value)


def _write_rare(value: Any) -> str:
    if isinstance(value, datetime):
        return f'"{moment_text(value)}"'
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def write_bytes(value: Any) -> bytes:
    return write(value).encode("ascii")
