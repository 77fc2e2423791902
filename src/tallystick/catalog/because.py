"""Why recorded amounts are what they are: as an operation keeps it, and read again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tallystick.catalog.explained import Part, Source


@dataclass(frozen=True, slots=True)
class Because:
    """``by``: what made the amounts (a rule, a price list, a promotion); then each step."""

    by: str
    parts: tuple[Part, ...]


def because_of(parts: Iterable[Part], by: str, **more: object) -> dict[str, Any]:
    """For the ledger: amounts and days as text; ``more`` names what made it, for programs."""
    return {"by": by, **more, "parts": [part.as_json() for part in parts]}


def read_because(after: Mapping[str, Any]) -> Because | None:
    """Of an operation's ``after``; None when it says nothing of it."""
    kept = after.get("because")
    if not isinstance(kept, Mapping) or not kept.get("parts"):
        return None
    return Because(str(kept.get("by", "")), tuple(_part(one) for one in kept["parts"]))


def _part(kept: Mapping[str, Any]) -> Part:
    on = kept["source_on"]
    return Part(
        label=kept["label"],
        rule=kept["rule"],
        source=Source(kept["source"], None if on is None else date.fromisoformat(on)),
        amount=_amount(kept["amount"]),
        currency=kept["currency"],
        percent=_amount(kept["percent"]),
    )


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
