"""A month three ways: what the vendor billed, what our operations say, what Autotask bills.

Worked out when it is asked, from facts alone: the same question has the same answer until another
file, operation or month proof is there. The largest difference first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from tallystick.books.compare_invoice import Compared, InvoiceLine, compare_invoice
from tallystick.books.compare_month import MonthOutcome
from tallystick.books.invoice_known import (
    Autotask,
    KnownHere,
    known_by_ref,
    others_of_customers,
)
from tallystick.books.invoice_queries import InvoiceView, counting_invoices, lines_of
from tallystick.books.invoice_words import Cause, Found, check_month
from tallystick.catalog.price_asked import require_csp
from tallystick.identity.context import Context
from tallystick.kit.days import add_months
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import InvalidInput
from tallystick.kit.sheet import Cell

HEADER = (
    *("Customer", "Subscription", "Subscription id", "Outcome", "Guessed cause", "Why"),
    *("Vendor billed", "Our operations", "Difference", "Currency"),
    *("Autotask", "Autotask amount", "Autotask currency"),
)
NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Row:
    """One subscription, or what was billed without one. ``subscription_id`` None: not ours."""

    subscription_id: int | None
    ref: str
    customer_name: str
    name: str
    compared: Compared
    autotask: Autotask
    lines: Sequence[InvoiceLine]

    @property
    def at_stake(self) -> Decimal:
        """By what it is sorted, whatever its currency: nothing where nothing differs."""
        compared = self.compared
        if compared.found is not Found.DIFFERENT:
            return NOTHING
        found = [abs(compared.difference or NOTHING)]
        if _bills_nothing(self.autotask) and self.subscription_id is not None:
            found.append(abs(compared.billed))
        if compared.cause is Cause.AUTOTASK:
            found.append(abs(self.autotask.difference or NOTHING))
        return max(found)

    @property
    def more_at_stake(self) -> bool:
        return self.at_stake > abs(self.compared.difference or NOTHING)

    @property
    def stake_currency(self) -> str:
        autotask = self.compared.cause is Cause.AUTOTASK
        return self.autotask.currency if autotask else self.compared.currency

    def cells(self) -> Sequence[Cell]:
        """As a row under ``HEADER``."""
        one = self.compared
        cause = one.cause.label if one.cause else ""
        return (
            *(self.customer_name, self.name, self.ref, one.found.label, cause, one.why),
            *(one.billed, one.ours, one.difference, one.currency),
            *(self.autotask.words, self.autotask.amount, self.autotask.currency),
        )


@dataclass(frozen=True, slots=True)
class Sums:
    """Of one currency. ``billed``: all of it; the other two of what was compared."""

    currency: str
    billed: Decimal
    compared: Decimal
    ours: Decimal

    @property
    def difference(self) -> Decimal:
        return self.compared - self.ours


@dataclass(frozen=True, slots=True)
class InvoiceProof:
    month: date
    invoices: Sequence[InvoiceView]
    rows: Sequence[Row]
    sums: Sequence[Sums]

    def count(self, found: Found) -> int:
        return sum(1 for one in self.rows if one.compared.found is found)

    @property
    def counts(self) -> Mapping[str, int]:
        return {found.value: self.count(found) for found in Found}

    @property
    def found(self) -> Found:
        """Equal only when all that is billed was compared; nothing compared is never equal."""
        for one in (Found.DIFFERENT, Found.NO_HISTORY):
            if self.count(one):
                return one
        return Found.EQUAL if self.count(Found.EQUAL) else Found.NOTHING


def invoice_proof(context: Context, month: date) -> InvoiceProof:
    """``month``: its first day. Raises NotAllowed (a reseller: it is the CSP's invoice),
    InvalidInput."""
    require_csp(context)
    check_month(month)
    invoices = counting_invoices(context, month)
    lines: dict[tuple[str, str], list[InvoiceLine]] = {}
    for one in lines_of(context, invoices):
        lines.setdefault((_key(one), one.currency), []).append(one)
    until = add_months(month, 1)
    refs = {key for key, _ in lines}
    known = known_by_ref(context, refs, month, until=until)
    rows = [_row(known.get(key), some, month) for (key, _), some in lines.items()]
    customers = {one.customer_id for some in lines.values() for one in some}
    others = others_of_customers(context, customers, refs, month, until=until)
    rest = [_row(one, (), month) for one in others.values() if one.ours is not None]
    rows += [one for one in rest if one.compared.found is Found.DIFFERENT]
    rows.sort(key=lambda one: (-one.at_stake, _ORDER[one.compared.found], one.customer_name))
    return InvoiceProof(month, invoices, rows, _sums(rows))


_ORDER = {Found.DIFFERENT: 0, Found.NO_HISTORY: 1, Found.NOTHING: 2, Found.EQUAL: 3}


def proof_cells(proof: InvoiceProof) -> Iterator[Sequence[Cell]]:
    """A row for each, under ``HEADER``."""
    return (one.cells() for one in proof.rows)


def _key(line: InvoiceLine) -> str:
    """What is billed without a subscription is told apart by customer and product."""
    if line.subscription_id:
        return line.subscription_id.lower()
    return f"{line.customer_id}/{line.product_id}:{line.sku_id}".lower()


def _row(known: KnownHere | None, lines: Sequence[InvoiceLine], month: date) -> Row:
    if known is None:
        one = lines[0]
        name = one.product_name or f"{one.product_id}:{one.sku_id}"
        customer = one.customer_name or one.customer_id
        compared = compare_invoice(lines, None, month)
        return Row(None, one.subscription_id, customer, name, compared, Autotask(), lines)
    if known.ours is None:
        compared = _not_compared(lines, known.because)
    else:
        compared = compare_invoice(lines, known.ours, month)
    view = known.view
    compared = _beside_autotask(compared, known.autotask)
    return Row(
        view.id, view.provider_id, view.customer.name, view.name, compared, known.autotask, lines
    )


def _not_compared(lines: Sequence[InvoiceLine], because: str) -> Compared:
    billed = sum((one.amount for one in lines), NOTHING).quantize(Decimal("0.01"))
    return Compared(Found.NOTHING, because, billed, None, lines[0].currency if lines else "")


def _beside_autotask(compared: Compared, autotask: Autotask) -> Compared:
    """What the vendor bills and Autotask does not is a difference, however right the vendor is."""
    if not compared.billed or compared.found in {Found.NO_HISTORY, Found.NOTHING}:
        return compared
    equal = compared.found is Found.EQUAL
    if _bills_nothing(autotask):
        why = "It is active and not mapped: Autotask bills nothing for it."
        cause = Cause.NOT_BILLED if equal else compared.cause
    elif autotask.outcome is MonthOutcome.DIFFERENT:
        why, cause = autotask.why, Cause.AUTOTASK if equal else compared.cause
    else:
        return compared
    words = " ".join(part for part in ("" if equal else compared.why, why) if part)
    return replace(compared, found=Found.DIFFERENT, why=words, cause=cause)


def _bills_nothing(autotask: Autotask) -> bool:
    return autotask.not_mapped or autotask.outcome is MonthOutcome.NOT_BILLED


def _sums(rows: Sequence[Row]) -> list[Sums]:
    found: dict[str, Sums] = {}
    for row in rows:
        one = row.compared
        if not one.currency:
            continue
        so_far = found.get(one.currency, Sums(one.currency, NOTHING, NOTHING, NOTHING))
        counts = one.ours is not None and one.found in {Found.EQUAL, Found.DIFFERENT}
        found[one.currency] = Sums(
            one.currency,
            so_far.billed + one.billed,
            so_far.compared + (one.billed if counts else NOTHING),
            so_far.ours + (one.ours if counts and one.ours is not None else NOTHING),
        )
    return [found[currency] for currency in sorted(found)]


def proof_page(
    proof: InvoiceProof, *, found: str = "", cursor: str | None = None, limit: int = 50
) -> Page[Row]:
    """The rows in their order, ``found``: only those. Raises InvalidInput."""
    limit = check_limit(limit)
    if found and found not in set(Found):
        raise InvalidInput.one("outcome", f"must be one of {', '.join(Found)}")
    rows = [one for one in proof.rows if not found or one.compared.found.value == found]
    first = int(decode_cursor(cursor, length=1)[0]) if cursor else 0
    after = first + limit
    return Page(rows[first:after], encode_cursor([after]) if after < len(rows) else None)
