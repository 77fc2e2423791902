"""A month of one subscription: what the vendor billed beside what our operations say. Pure.

1. Lines that begin in the month are compared with the charges of the operations; the others are for
   another period, and are set beside them.
2. So far apart as the vendor's rounding may be, both are right.
3. What differs gets one cause, the first that fits: it is a guess, and said as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallystick.books.invoice_charges import CENT, Charge, Held, charges_of
from tallystick.books.invoice_words import LAST_YEAR, Cause, Found
from tallystick.kit.days import add_months, in_words
from tallystick.kit.money import at_least_cents, round_money


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A row of a vendor's invoice: ``ends_on`` is included; amounts are without taxes. ``rate``:
    what one of ``pricing_currency`` came to in ``currency``."""

    line: int
    customer_id: str
    customer_name: str
    subscription_id: str
    product_id: str
    sku_id: str
    product_name: str
    charge_type: str
    starts_on: date
    ends_on: date
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    currency: str
    pricing_currency: str = ""
    rate: Decimal | None = None
    credit_reason: str = ""

    @property
    def signed_quantity(self) -> Decimal:
        """A credit takes away, however its quantity is written."""
        return -abs(self.quantity) if self.amount < 0 else self.quantity


@dataclass(frozen=True, slots=True)
class Ours:
    """``known_from``: the first day of which what was recorded is the whole history."""

    held: Held
    currency: str
    known_from: date


@dataclass(frozen=True, slots=True)
class Compared:
    """Money in the invoice's ``currency``, None: not known. ``cause`` None: nothing differs."""

    found: Found
    why: str
    billed: Decimal
    ours: Decimal | None
    currency: str
    cause: Cause | None = None
    charges: Sequence[Charge] = ()

    @property
    def difference(self) -> Decimal | None:
        """What the vendor billed more than our operations say; negative: less."""
        return None if self.ours is None else self.billed - self.ours


def compare_invoice(lines: Sequence[InvoiceLine], ours: Ours | None, month: date) -> Compared:
    """``lines``: of one subscription in one currency, or none. ``month``: its first day."""
    billed = round_money(sum((one.amount for one in lines), Decimal(0)), places=2)
    currency = lines[0].currency if lines else (ours.currency if ours else "")
    if ours is None:
        why = "Nobody recorded this subscription here, so nobody bills it."
        return Compared(Found.DIFFERENT, why, billed, Decimal("0.00"), currency, Cause.NOT_OURS)
    until = add_months(month, 1)
    if ours.known_from >= until:
        why = (
            f"Our ledger begins on {in_words(ours.known_from)}: of {month:%Y-%m} it knows nothing."
        )
        return Compared(Found.NO_HISTORY, why, billed, None, currency)
    in_month = [one for one in lines if month <= one.starts_on < until]
    charges = charges_of(
        ours.held, month, {one.ends_on for one in in_month if one.ends_on.year < LAST_YEAR}
    )
    rate, wrong = _rate(ours, lines, currency)
    amounts = [one.amount for one in charges]
    if wrong or None in amounts:
        why = wrong or "What it costs is not known here."
        return Compared(Found.NOTHING, why, billed, None, currency, None, charges)
    total = sum((one for one in amounts if one is not None), Decimal(0))
    said = Compared(
        Found.EQUAL, "", billed, round_money(total * rate, places=2), currency, None, charges
    )
    if not lines and not charges:
        return _with(said, Found.NOTHING, "Neither billed nor ordered in this month.")
    return _judged(said, lines, in_month, ours, month, rate)


def _judged(
    said: Compared,
    lines: Sequence[InvoiceLine],
    in_month: Sequence[InvoiceLine],
    ours: Ours,
    month: date,
    rate: Decimal,
) -> Compared:
    may_round = CENT + sum((one.may_round for one in said.charges), Decimal(0))
    difference = said.difference or Decimal(0)
    if abs(difference) <= may_round:
        why = "" if not difference else "Within the vendor's rounding."
        return _with(said, Found.EQUAL, why)
    if ours.known_from > month:
        why = f"Our ledger begins on {in_words(ours.known_from)}: what was before is not known."
        return Compared(Found.NO_HISTORY, why, said.billed, None, said.currency)
    cause, why = _guess(said, lines, in_month, ours.held, rate, may_round)
    return _with(said, Found.DIFFERENT, why, cause)


def _guess(
    said: Compared,
    lines: Sequence[InvoiceLine],
    in_month: Sequence[InvoiceLine],
    held: Held,
    rate: Decimal,
    may_round: Decimal,
) -> tuple[Cause, str]:
    """The first cause that fits."""
    difference = said.difference or Decimal(0)

    def explains(some: Sequence[InvoiceLine]) -> bool:
        total = sum((one.amount for one in some), Decimal(0))
        return bool(some) and abs(difference - total) <= may_round

    if not lines:
        return Cause.NOT_ON_INVOICE, "The invoice has no line for it."
    others = [one for one in lines if one not in in_month]
    if explains(others):
        one = others[0]
        days = f"{in_words(one.starts_on)} to {in_words(one.ends_on)}"
        return Cause.OTHER_PERIOD, f"Billed with this invoice for {days}."
    days_of_less = {one.starts_on for one in said.charges if one.quantity < 0}
    credits = [
        one
        for one in in_month
        if one.credit_reason or (one.amount < 0 and one.starts_on not in days_of_less)
    ]
    if explains(credits):
        reason = next((one.credit_reason for one in credits if one.credit_reason), "")
        of = f" ({reason})" if reason else ""
        return Cause.CREDIT, f"A credit{of} that no operation of ours explains."
    if words := _quantity_differs(in_month, said.charges, held):
        return Cause.QUANTITY, words
    if words := _price_differs(in_month, said.charges, rate):
        return Cause.PRICE, words
    return Cause.NONE, "Several things at once, or something that is not in the file."


def _quantity_differs(lines: Sequence[InvoiceLine], charges: Sequence[Charge], held: Held) -> str:
    """The first day from which the quantities are not the same; '' when they always are."""
    days = sorted({one.starts_on for one in lines} | {one.starts_on for one in charges})
    for day in days:
        theirs = sum((one.signed_quantity for one in lines if one.starts_on == day), Decimal(0))
        mine = sum(one.quantity for one in charges if one.starts_on == day)
        if theirs != mine:
            apart = theirs - mine
            there = held.quantity_on(day) + apart
            return (
                f"Quantity differs from {in_words(day)}: the invoice has {_plain(there)}, our "
                f"operations {held.quantity_on(day)}."
            )
    return ""


def _price_differs(lines: Sequence[InvoiceLine], charges: Sequence[Charge], rate: Decimal) -> str:
    """The first charge at another price; '' when there is none."""
    ours = {one.starts_on: one for one in charges}
    for one in lines:
        mine = ours.get(one.starts_on)
        if mine is None or mine.unit is None or not one.quantity:
            continue
        theirs, unit = one.amount / one.signed_quantity, mine.unit * rate
        if abs(theirs - unit) > CENT:
            days = f"{in_words(one.starts_on)} to {in_words(one.ends_on)}"
            return f"Price differs: {_money(theirs)} for one from {days}, ours {_money(unit)}."
    return ""


def _rate(ours: Ours, lines: Sequence[InvoiceLine], currency: str) -> tuple[Decimal, str]:
    """What our costs are multiplied by, or why they cannot be compared."""
    if not lines or not ours.currency or ours.currency == currency:
        return Decimal(1), "" if ours.currency else "What it costs is not known here."
    rates = {one.rate for one in lines if one.pricing_currency == ours.currency}
    if len(rates) == 1 and (rate := rates.pop()) is not None:
        return rate, ""
    return Decimal(1), f"Billed in {currency}, our cost is in {ours.currency}: not compared."


def _with(said: Compared, found: Found, why: str, cause: Cause | None = None) -> Compared:
    return Compared(found, why, said.billed, said.ours, said.currency, cause, said.charges)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _money(amount: Decimal) -> str:
    return at_least_cents(round_money(amount))
