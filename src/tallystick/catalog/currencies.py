"""Amounts in another currency: by a stated, dated rate, or not at all. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallystick.catalog.explained import Lacks, NoPrice
from tallystick.kit.days import in_words
from tallystick.kit.money import round_money


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of ``base`` is ``rate`` units of ``quote`` from a day on, as ``stated_by`` said."""

    base: str
    quote: str
    rate: Decimal
    from_on: date
    stated_by: str

    def of(self, amount: Decimal) -> Decimal:
        return round_money(amount * self.rate)


def rate_for(rates: Iterable[Rate], *, base: str, quote: str, day: date) -> Rate:
    """The newest one that counts. Never turned round or chained. Raises NoPrice."""
    known = [
        rate for rate in rates if (rate.base, rate.quote) == (base, quote) and rate.from_on <= day
    ]
    if not known:
        raise NoPrice(
            Lacks.RATE,
            f"There is no price in {quote}, and no rate from {base} to {quote} was stated for "
            f"{in_words(day)}. Import a price list in {quote}, or state a rate.",
        )
    return max(known, key=lambda rate: rate.from_on)
