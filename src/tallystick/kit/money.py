"""Money: an exact amount in a currency, four decimals, rounded in one place (half to even)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

FOUR_PLACES = Decimal("0.0001")
LARGEST = Decimal("999999999999.9999")
_PLAIN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,10})?\Z", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount and its ISO 4217 currency code."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not self.amount.is_finite():
            raise ValueError("an amount of money is finite")
        if not _CURRENCY.match(self.currency):
            raise ValueError(f"{self.currency!r} is not a currency code")

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"


def round_money(amount: Decimal, *, places: int = 4) -> Decimal:
    """The one rounding place: half to even, to ``places`` decimals; nothing is never minus zero."""
    rounded = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    return rounded if rounded else abs(rounded)


def at_least_cents(amount: Decimal) -> str:
    """``26.4000`` as ``26.40``: no more than two zeros that say nothing."""
    text = f"{amount:.4f}"
    return text[:-2] if text.endswith("00") else text


def parse_amount(text: str) -> Decimal:
    """Read ``12.5``; no thousands marks, no exponent, at most four decimals.

    Raises ValueError with a sentence for a person.
    """
    text = text.strip()
    if not _PLAIN.match(text):
        raise ValueError(f"“{text[:40]}” is not an amount: write it like 1234.50")
    amount = Decimal(text)
    if abs(amount) > LARGEST:
        raise ValueError(f"“{text}” is too large")
    if amount != round_money(amount):
        raise ValueError(f"“{text}” has more than four decimals")
    if amount == 0 and text.startswith("-"):
        raise ValueError(f"“{text}” is not an amount: write 0")
    return round_money(amount)


def parse_percent(text: str) -> Decimal:
    """Read ``12.5`` (per cent), as strictly as an amount; not below 0.

    Raises ValueError with a sentence for a person.
    """
    written = text.strip()
    try:
        percent = parse_amount(written.removesuffix("%"))
    except ValueError:
        raise ValueError(f"“{written[:40]}” is not a percentage: write it like 12.5") from None
    if percent < 0:
        raise ValueError(f"“{written[:40]}” is below 0")
    return percent


def parse_currency(text: str) -> str:
    """Read an ISO 4217 code such as EUR. Raises ValueError with a sentence for a person."""
    code = text.strip().upper()
    if not _CURRENCY.match(code):
        raise ValueError(f"“{text[:20]}” is not a currency code: write three letters, like EUR")
    return code
