"""Who gets a promotion, how long its benefit runs, and what it takes off. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tallystick.catalog.explained import Source
from tallystick.catalog.price_lock import Commitment
from tallystick.kit.days import add_months
from tallystick.kit.money import round_money

HUNDRED = Decimal(100)
# From this day an active promotion of Microsoft lowers ERP itself.
LOWERS_ERP_FROM = date(2026, 4, 6)


@dataclass(frozen=True, slots=True)
class Promotion:
    """``percent`` off, or a ``fixed`` amount off per unit per billing cycle, in ``currency``.

    Who buys or renews from ``available_from`` to ``available_to`` (both included) gets it; for
    ``months``, or without them to the end of the commitment bought or renewed then.
    """

    promotion_id: str
    name: str
    available_from: date
    available_to: date
    percent: Decimal | None
    fixed: Decimal | None
    currency: str
    months: int | None
    source: Source

    def fits(self, currency: str) -> bool:
        """A fixed amount counts in its own currency only."""
        return self.percent is not None or self.currency == currency

    def takes_off(self, amount: Decimal) -> Decimal:
        """What is left of it: rounded at four places, never below 0."""
        if self.percent is not None:
            return round_money(amount * (HUNDRED - self.percent) / HUNDRED)
        return max(Decimal("0.0000"), round_money(amount - (self.fixed or 0)))

    def in_words(self, amount: Decimal) -> str:
        if self.percent is not None:
            return f"{amount:f} less {self.percent.normalize():f} %"
        return f"{amount:f} less {self.fixed:f}"

    def until(self, commitment: Commitment) -> date | None:
        """The last day of its benefit; None when it has none."""
        if self.months is None:
            return commitment.ends_on
        last = add_months(commitment.starts_on, self.months) - timedelta(days=1)
        return last if commitment.ends_on is None else min(last, commitment.ends_on)


def promotion_on(
    day: date,
    promotions: Iterable[Promotion],
    commitment: Commitment,
    *,
    list_price: Decimal,
    currency: str,
) -> Promotion | None:
    """The one whose benefit runs on ``day``; of several, the one that takes most off."""
    active = [
        one
        for one in promotions
        if one.available_from <= commitment.starts_on <= one.available_to
        and one.fits(currency)
        and ((until := one.until(commitment)) is None or day <= until)
    ]
    return min(
        active,
        key=lambda one: (one.takes_off(list_price), -one.available_from.toordinal(), one.name),
        default=None,
    )


def lowers_erp(day: date) -> bool:
    return day >= LOWERS_ERP_FROM
