"""A list's figures for one billing cycle, in the currency that is asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallystick.catalog.currencies import Rate, rate_for
from tallystick.catalog.cycle_price import Divisor, divisor
from tallystick.catalog.explained import Lacks, NoPrice, Part, Source
from tallystick.catalog.price_list import ListPrice, row_for
from tallystick.catalog.price_words import PriceIsFor
from tallystick.catalog.terms import BillingCycle, Term
from tallystick.kit.days import in_words


@dataclass(frozen=True, slots=True)
class Base:
    """What one cycle costs on the list, and its ERP; with the parts that say how."""

    cost: Decimal
    erp: Decimal | None
    currency: str
    source: Source
    recorded: bool = False
    cost_parts: tuple[Part, ...] = ()
    erp_parts: tuple[Part, ...] = ()

    @classmethod
    def of(cls, cost: Decimal, currency: str, source: Source) -> Base:
        return cls(cost, None, currency, source)

    def turned_into(self, currency: str, rates: Iterable[Rate], day: date) -> Base:
        """By the stated rate. Raises NoPrice."""
        rate = rate_for(rates, base=self.currency, quote=currency, day=day)
        source = Source(f"Rate stated by {rate.stated_by}", rate.from_on)
        cost = rate.of(self.cost)
        erp = None if self.erp is None else rate.of(self.erp)

        def part(label: str, amount: Decimal, turned: Decimal) -> Part:
            words = f"{amount:f} {self.currency} x {rate.rate.normalize():f}"
            return Part(label, words, source, turned, currency)

        erp_parts = self.erp_parts
        if self.erp is not None and erp is not None:
            erp_parts = (*erp_parts, part("ERP price", self.erp, erp))
        cost_parts = (*self.cost_parts, part("List price", self.cost, cost))
        return Base(cost, erp, currency, source, self.recorded, cost_parts, erp_parts)


def base_in(
    currency: str,
    rows: Sequence[ListPrice],
    *,
    day: date,
    quantity: int,
    market: str,
    term: Term,
    cycle: BillingCycle,
    rates: Sequence[Rate],
    recorded: Decimal | None,
    starts_on: date,
) -> Base:
    """The list in this currency; else another currency's by a stated rate; else what is recorded.

    Raises NoPrice when there is none of them.
    """

    def read(wanted: str) -> Base | None:
        row = row_for(rows, day=day, quantity=quantity, currency=wanted, market=market)
        return None if row is None else _of_row(row, term, cycle)

    if found := read(currency):
        return found
    missing: NoPrice | None = None
    for other in currencies_on(rows, day):
        if foreign := read(other):
            try:
                return foreign.turned_into(currency, rates, day)
            except NoPrice as no_rate:
                missing = missing or no_rate
    if recorded is not None:
        source = Source("Recorded with the subscription", starts_on)
        words = f"no price list has a price for {in_words(day)}; this is what was agreed then"
        part = Part("List price", words, source, recorded, currency)
        return Base(recorded, None, currency, source, recorded=True, cost_parts=(part,))
    raise missing or NoPrice(
        Lacks.LIST_PRICE,
        f"No price list has a price of this offer for {in_words(day)}. Import one.",
    )


def currencies_on(rows: Iterable[ListPrice], day: date) -> list[str]:
    return sorted(
        {
            row.currency
            for row in rows
            if row.effective_from <= day
            and (row.effective_until is None or day < row.effective_until)
        }
    )


def the_currency(rows: Iterable[ListPrice], day: date) -> str:
    """The only one there is on that day. Raises NoPrice."""
    found = currencies_on(rows, day)
    if not found:
        raise NoPrice(
            Lacks.LIST_PRICE,
            f"No price list has a price of this offer for {in_words(day)}. Import one.",
        )
    if len(found) > 1:
        raise NoPrice(
            Lacks.CURRENCY,
            f"There are prices in {' and '.join(found)}, and the subscription does not say in "
            "which currency it is sold.",
        )
    return found[0]


def _of_row(row: ListPrice, term: Term, cycle: BillingCycle) -> Base:
    by = divisor(row.is_for, term, cycle)
    cost = by.of(row.cost)
    erp = None if row.erp is None else by.of(row.erp)
    erp_parts = () if row.erp is None else (_part("ERP price", row, row.erp, by),)
    return Base(
        cost,
        erp,
        row.currency,
        row.source,
        cost_parts=(_part("List price", row, row.cost, by),),
        erp_parts=erp_parts,
    )


def _part(label: str, row: ListPrice, figure: Decimal, by: Divisor) -> Part:
    counts = f"on the list from {in_words(row.effective_from)}"
    if row.is_for is PriceIsFor.TERM:
        words = f"{by.in_words(figure)} (a price for the whole term), {counts}"
    else:
        words = f"a price for one billing cycle, {counts}"
    return Part(label, words, row.source, by.of(figure), row.currency)
