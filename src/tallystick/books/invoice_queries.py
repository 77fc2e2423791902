"""Questions about vendors' invoices, each asked in a context. They are the CSP's: its costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max, QuerySet

from tallystick.books.compare_invoice import InvoiceLine
from tallystick.books.invoice_models import VendorInvoice, VendorInvoiceLine
from tallystick.catalog.price_asked import require_csp
from tallystick.identity.context import Context
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor

ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """One file. ``counts`` False: a later file of the same invoice counts instead."""

    id: int
    month: date
    invoice_number: str
    number: int
    name: str
    rows: int
    totals: Mapping[str, str]
    recorded_at: datetime
    actor: str
    correlation_id: str
    counts: bool

    @property
    def total(self) -> str:
        """``720.00 EUR``; of several currencies each."""
        return ", ".join(f"{amount} {currency}" for currency, amount in self.totals.items())


def list_invoices(
    context: Context, *, month: date | None = None, cursor: str | None = None, limit: int = 50
) -> Page[InvoiceView]:
    """Every file that was kept, newest first. Raises NotAllowed, InvalidInput."""
    limit = check_limit(limit)
    rows = _all(context)
    if month is not None:
        rows = rows.filter(month=month)
    if cursor:
        rows = rows.filter(pk__lt=decode_cursor(cursor, length=1)[0])
    found = list(rows.order_by("-pk")[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    newest = _newest(context, [row.key for row in found])
    return Page([_view(row, newest) for row in found[:limit]], more)


def counting_invoices(context: Context, month: date) -> list[InvoiceView]:
    """Those that count for the month, by invoice number. Raises NotAllowed."""
    rows = list(_all(context).filter(month=month).order_by("invoice_number", "pk"))
    newest = _newest(context, [row.key for row in rows])
    return [one for row in rows if (one := _view(row, newest)).counts]


def months_with_invoices(context: Context) -> list[date]:
    """Newest first. Raises NotAllowed."""
    return list(_all(context).order_by("-month").values_list("month", flat=True).distinct())


def lines_of(context: Context, invoices: Sequence[InvoiceView]) -> Iterator[InvoiceLine]:
    """In the order of the files. Raises NotAllowed."""
    ids = _all(context).filter(pk__in=[one.id for one in invoices]).values("pk")
    rows = VendorInvoiceLine.objects.filter(invoice__in=ids).order_by("invoice_id", "line")
    for row in rows.iterator(chunk_size=ROWS_AT_ONCE):
        names = InvoiceLine.__dataclass_fields__.keys() - {"customer_id", "subscription_id"}
        yield InvoiceLine(
            customer_id=row.customer_ref,
            subscription_id=row.subscription_ref,
            **{name: getattr(row, name) for name in names},
        )


def _all(context: Context) -> QuerySet[VendorInvoice]:
    require_csp(context)
    return VendorInvoice.objects.filter(tenant_id=context.tenant_id)


def _newest(context: Context, keys: Sequence[str]) -> Mapping[str, int]:
    rows = _all(context).filter(key__in=keys).values("key").annotate(newest=Max("number"))
    return {row["key"]: row["newest"] for row in rows}


def _view(row: VendorInvoice, newest: Mapping[str, int]) -> InvoiceView:
    names = InvoiceView.__dataclass_fields__.keys() - {"id", "counts"}
    values = {name: getattr(row, name) for name in names}
    return InvoiceView(id=row.pk, counts=row.number == newest[row.key], **values)
