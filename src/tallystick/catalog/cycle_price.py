"""From the figure of a price list to the price of one billing cycle. Pure.

A row for a term of one year may carry the price of the year also when it is billed monthly, so
whoever imports says what the figure is for, and the divisor is shown with the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tallystick.catalog.explained import Lacks, NoPrice
from tallystick.catalog.price_words import PriceIsFor
from tallystick.catalog.terms import BillingCycle, Term
from tallystick.kit.money import round_money

BILLED_ONCE = frozenset({BillingCycle.ONE_TIME, BillingCycle.NONE})


@dataclass(frozen=True, slots=True)
class Divisor:
    """``cycle_months`` of ``term_months``: what one cycle is of what the figure is for."""

    cycle_months: int
    term_months: int

    def of(self, figure: Decimal) -> Decimal:
        """Rounded once, at four places."""
        return round_money(figure * self.cycle_months / self.term_months)

    def in_words(self, figure: Decimal) -> str:
        """``145.2000 x 1 / 12``: as it can be worked out by hand."""
        return f"{figure:f} x {self.cycle_months} / {self.term_months}"


def divisor(is_for: PriceIsFor, term: Term, cycle: BillingCycle) -> Divisor:
    """Raises NoPrice when a price for a term is billed in cycles and there is no term."""
    if is_for is PriceIsFor.CYCLE or cycle in BILLED_ONCE:
        return Divisor(1, 1)
    if term.months is None or cycle.months is None:
        raise NoPrice(
            Lacks.TERM,
            "The price list gives a price for a term, and this offer has no term to divide it by. "
            "Import the list with prices for one billing cycle.",
        )
    return Divisor(cycle.months, term.months)
