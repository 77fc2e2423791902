"""JSON as we write it (byte for byte the same for the same facts) and as we dare to read it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NoReturn

from tallystick.connections.trouble import Unclear

Written = None | bool | int | str | Decimal | Sequence["Written"] | Mapping[str, "Written"]
JsonObject = dict[str, Any]

MONEY_STEP = Decimal("0.0001")
"""Autotask keeps at most four decimals (live samples; a tenant option narrows it to two)."""

_MOST_MONEY = Decimal(10) ** 12


def exact_money(amount: Decimal) -> Decimal:
    """The amount with exactly four decimals, so equal amounts are equal bytes.

    Raises ValueError rather than round: rounding money is the caller's decision.
    """
    if not amount.is_finite() or abs(amount) >= _MOST_MONEY:
        raise ValueError("an amount must be a finite number below 10^12")
    stepped = amount.quantize(MONEY_STEP)
    if stepped != amount:
        raise ValueError("Autotask keeps at most 4 decimals of an amount")
    return stepped if stepped else Decimal("0.0000")  # never -0


def encode(value: Written) -> bytes:
    """Write JSON without blanks, keys in the order given, money as a number and never a float."""
    return _write(value).encode("ascii")


def _write(value: Written) -> str:
    if isinstance(value, Decimal):
        return format(exact_money(value), "f")
    if value is None or isinstance(value, bool | int | str):
        return json.dumps(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(k)}:{_write(v)}" for k, v in value.items()) + "}"
    return "[" + ",".join(_write(item) for item in value) + "]"


def decode(body: bytes) -> JsonObject:
    """Read a JSON object: numbers with a point become Decimal, NaN and Infinity are refused.

    Raises Unclear for anything else (HTML, empty, cut off, another type, too deep).
    """
    try:
        value = json.loads(
            body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_such_number
        )
    except (ValueError, RecursionError, ArithmeticError):
        value = None
    if not isinstance(value, dict):
        raise Unclear("Autotask's answer was not a JSON object.")
    return value


def _no_such_number(name: str) -> NoReturn:
    raise ValueError(name)
