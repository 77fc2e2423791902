"""What stored fields are called on the screen. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tallystick.connections.policies import PriceDay
from tallystick.kit.days import in_words, parse_day

_LABELS = {
    "quantity": "Quantity",
    "unit_price": "Unit price",
    "unit_cost": "Unit cost",
    "status": "Status",
    "effective_on": "Effective day",
    "asked_for": "Asked for",
    "price_from": "When it begins",
    "cost_currency": "Cost currency",
    "moved_because": "Moved",
    "was": "Before",
    "cause": "Cause",
    "recorded_by": "Recorded by",
    "operation": "Operation",
    "contract_id": "Contract",
    "line_id": "Contract service",
    "service_id": "Service",
    "company_id": "Company",
    "unit_change": "Change of units",
    "units": "Units",
    "reference": "Our reference",
    "source_id": "Source's id",
    "user_name": "API user name",
    "price_currency": "Price currency",
    "rows_in_all": "Rows in all",
    "verdict": "What it means",
    "said": "Said",
    "reason": "Reason",
    "what": "What happened",
    "run": "Run",
}
_DAYS = ("effective_on", "asked_for", "from", "until")
_EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a list of facts; ``nested`` holds what does not fit on a line."""

    label: str
    value: str = ""
    nested: Any = None


def label_of(key: str) -> str:
    return _LABELS.get(key) or key.replace("_", " ").strip().capitalize()


def facts(values: Mapping[str, Any], *, leave_out: Sequence[str] = ()) -> list[Fact]:
    """A mapping as lines in the order of the labels; what is empty is left out."""
    return [
        Fact(label_of(key), nested=values[key])
        if isinstance(values[key], (dict, list))
        else Fact(label_of(key), plain(values[key], key=key))
        for key in in_order(values)
        if key not in leave_out and values[key] not in _EMPTY
    ]


def in_order(keys: Iterable[str]) -> list[str]:
    """Known fields first, as the labels stand; the store keeps no order of its own."""
    known = {key: place for place, key in enumerate(_LABELS)}
    return sorted(keys, key=lambda key: (known.get(key, len(known)), key))


def plain(value: Any, *, key: str = "") -> str:
    """A stored value as people write it; a stored day as a day in words."""
    match value:
        case str() if key in _DAYS:
            return _day_in_words(value)
        case str() if key == "price_from" and value in set(PriceDay):
            return PriceDay(value).label
        case bool():
            return "yes" if value else "no"
        case None:
            return "—"
        case datetime():
            return value.isoformat()
        case date():
            return in_words(value)
        case Decimal():
            return f"{value:f}"
        case _:
            return str(value)


def _day_in_words(text: str) -> str:
    try:
        return in_words(parse_day(text))
    except ValueError:
        return text


@dataclass(frozen=True, slots=True)
class Difference:
    """One value before and after."""

    label: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Before and after side by side; what does not fit on a line stands elsewhere."""
    return [
        Difference(label_of(key), plain(before.get(key), key=key), plain(after.get(key), key=key))
        for key in in_order({*before, *after})
        if not isinstance(after.get(key), (dict, list))
        and (before.get(key) not in _EMPTY or after.get(key) not in _EMPTY)
    ]
