"""Reading single fields of Autotask's rows: the type we rely on, or Unclear naming the field.

An absent field and ``null`` are the same here: fields a security level hides are left out or null
(a system level is called "Can't Read Costs"), and neither ever means 0.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from tallystick.connections.trouble import Unclear
from tallystick.connectors.autotask.bodies import JsonObject

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}(?:T[0-9:.]{1,18}(?:Z|[+-]\d{2}:\d{2})?)?", re.ASCII)
_LARGEST = 2**63
_MOST_DIGITS = 28
_MOST_MONEY = Decimal(10) ** 12


def whole_or_none(row: JsonObject, field: str) -> int | None:
    """An integer, 0 included (company 0 is real: it is the tenant's own company)."""
    value = row.get(field)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= _LARGEST:
        raise Unclear(f"Autotask's {field} was not a whole number.")
    return value


def whole(row: JsonObject, field: str) -> int:
    value = whole_or_none(row, field)
    if value is None:
        raise Unclear(f"Autotask's answer has no {field}.")
    return value


def day_or_none(row: JsonObject, field: str) -> date | None:
    """The civil day as written: the first ten characters, never converted between zones."""
    value = row.get(field)
    if value is None:
        return None
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise Unclear(f"Autotask's {field} was not a date.")
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise Unclear(f"Autotask's {field} was not a date.") from None


def day(row: JsonObject, field: str) -> date:
    value = day_or_none(row, field)
    if value is None:
        raise Unclear(f"Autotask's answer has no {field}.")
    return value


def money_or_none(row: JsonObject, field: str) -> Decimal | None:
    """An amount exactly as written; ``None`` means not shown."""
    value = row.get(field)
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if (
        not isinstance(value, Decimal)
        or not value.is_finite()
        or len(value.as_tuple().digits) > _MOST_DIGITS
        or abs(value) >= _MOST_MONEY
    ):
        raise Unclear(f"Autotask's {field} was not an amount.")
    return value


def text_or_none(row: JsonObject, field: str) -> str | None:
    value = row.get(field)
    if value is not None and not isinstance(value, str):
        raise Unclear(f"Autotask's {field} was not a text.")
    return value


def flag(row: JsonObject, field: str) -> bool:
    """True or false; some of Autotask's flags are written 0 and 1."""
    value = row.get(field)
    if not isinstance(value, bool) and value not in (0, 1):
        raise Unclear(f"Autotask's {field} was neither true nor false.")
    return bool(value)
