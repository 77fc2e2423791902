"""Which row of a price list counts, and when a price has moved too far to be believed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallystick.catalog.explained import Lacks, NoPrice, Source
from tallystick.catalog.price_words import PriceIsFor
from tallystick.kit.days import in_words

# A price for a year read as one for a month is 12 times too high; real prices move by less.
TOO_FAR = 3


@dataclass(frozen=True, slots=True)
class ListPrice:
    """A row of a price list for one offer: what it costs, and Microsoft's recommended price (ERP).

    It counts from ``effective_from`` up to and without ``effective_until``, for quantities from
    ``tier_from`` up to ``tier_to``.
    """

    cost: Decimal
    erp: Decimal | None
    is_for: PriceIsFor
    currency: str
    market: str
    effective_from: date
    effective_until: date | None
    source: Source
    tier_from: int = 0
    tier_to: int | None = None

    def counts(self, day: date, quantity: int) -> bool:
        in_time = self.effective_from <= day and (
            self.effective_until is None or day < self.effective_until
        )
        in_tier = self.tier_from <= quantity and (self.tier_to is None or quantity <= self.tier_to)
        return in_time and in_tier


def row_for(
    rows: Iterable[ListPrice], *, day: date, quantity: int, currency: str, market: str
) -> ListPrice | None:
    """The row in this currency; without a ``market`` of ours, the only one there is.

    Raises NoPrice when rows of several markets fit and nobody said which is ours.
    """
    fitting = [
        row
        for row in rows
        if row.currency == currency
        and (not market or row.market == market)
        and row.counts(day, quantity)
    ]
    markets = sorted({row.market for row in fitting})
    if len(markets) > 1:
        raise NoPrice(
            Lacks.MARKET,
            f"The price lists of {' and '.join(markets)} have prices in {currency} for "
            f"{in_words(day)}, and the settings do not say which market is yours.",
        )
    return max(fitting, key=lambda row: (row.effective_from, row.tier_from), default=None)


def moves_too_far(before: Decimal | None, after: Decimal | None) -> bool:
    """By more than a factor 3, or to or from nothing: a person looks at it first."""
    if before is None or after is None or before == after:
        return False
    small, large = sorted((before, after))
    return small <= 0 or large > small * TOO_FAR
