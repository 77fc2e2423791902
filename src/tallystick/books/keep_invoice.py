"""Keep a vendor's invoice: all of its lines, for ever. A later file of it counts instead.

The same lines again store nothing. Nothing is ever taken away: the earlier file stays beside its
successor, and says what was known before.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date
from decimal import Decimal

from django.db import connection, transaction

from tallystick.audit.events import Event
from tallystick.books.compare_invoice import InvoiceLine
from tallystick.books.invoice_models import VendorInvoice, VendorInvoiceLine
from tallystick.books.invoice_words import check_month
from tallystick.catalog.price_asked import By, require_csp
from tallystick.identity.roles import Right
from tallystick.kit.problem import InvalidInput

ROWS_A_WRITE = 1000


@dataclass(frozen=True, slots=True)
class InvoiceFile:
    """``month``: its first day, None: that in which most of its charges begin. ``invoice_number``:
    '' when the file says none."""

    name: str
    month: date | None
    invoice_number: str
    lines: Sequence[InvoiceLine]


@dataclass(frozen=True, slots=True)
class Kept:
    """``number``: which file of this invoice it is; ``changed`` False: the same was kept before."""

    month: date
    invoice_number: str
    number: int
    rows: int
    changed: bool
    stored: bool
    totals: dict[str, str]


def keep_invoice(file: InvoiceFile, *, by: By, dry_run: bool = False) -> Kept:
    """Raises NotAllowed, InvalidInput (``month``: none is said and the file does not tell)."""
    require_csp(by.context, Right.OPERATE)
    month = check_month(file.month or _month_of(file.lines))
    key = file.invoice_number or f"{month:%Y-%m}"
    digest, totals = _digest(file), _totals(file.lines)
    with transaction.atomic():
        _one_after_another(by.context.tenant_id)
        kept = VendorInvoice.objects.filter(tenant_id=by.context.tenant_id, key=key)
        last = kept.order_by("-number").first()
        same = last is not None and (last.digest, last.month) == (digest, month)
        number = (last.number if last else 0) + (0 if same else 1)
        if not same and not dry_run:
            _store(file, month, key, number, digest, totals, by)
    return Kept(
        month=month,
        invoice_number=file.invoice_number,
        number=number,
        rows=len(file.lines),
        changed=not same,
        stored=not dry_run,
        totals=totals,
    )


def _month_of(lines: Sequence[InvoiceLine]) -> date:
    """That in which more charges begin than in any other."""
    counted = Counter(one.starts_on.replace(day=1) for one in lines).most_common(2)
    if not counted:
        raise InvalidInput.one("month", "must be said: the file has no charges that tell it")
    if len(counted) > 1 and counted[0][1] == counted[1][1]:
        first, second = sorted(f"{month:%Y-%m}" for month, _ in counted)
        words = f"must be said: as many charges of the file begin in {first} as in {second}"
        raise InvalidInput.one("month", words)
    return counted[0][0]


def _store(
    file: InvoiceFile,
    month: date,
    key: str,
    number: int,
    digest: str,
    totals: dict[str, str],
    by: By,
) -> None:
    invoice = VendorInvoice.objects.create(
        tenant_id=by.context.tenant_id,
        key=key,
        number=number,
        month=month,
        invoice_number=file.invoice_number,
        name=file.name,
        rows=len(file.lines),
        totals=totals,
        digest=digest,
        recorded_at=by.now,
        actor=by.context.actor.name[:200],
        correlation_id=by.correlation_id,
    )
    VendorInvoiceLine.objects.bulk_create(
        (_row(invoice, one) for one in file.lines), batch_size=ROWS_A_WRITE
    )
    instead = f", instead of file {number - 1}" if number > 1 else ""
    by.note(
        Event.IMPORT_RECONCILIATION,
        f"{file.name}: invoice {key} of {month:%Y-%m}, {len(file.lines)} lines{instead}",
        {
            "invoice": invoice.pk,
            "invoice_number": file.invoice_number,
            "month": f"{month:%Y-%m}",
            "number": number,
            "rows": len(file.lines),
            "totals": totals,
        },
    )


def _row(invoice: VendorInvoice, one: InvoiceLine) -> VendorInvoiceLine:
    names = InvoiceLine.__dataclass_fields__.keys() - {"customer_id", "subscription_id"}
    return VendorInvoiceLine(
        invoice=invoice,
        customer_ref=one.customer_id,
        subscription_ref=one.subscription_id,
        **{name: getattr(one, name) for name in names},
    )


def _digest(file: InvoiceFile) -> str:
    """Of what the lines say: the same content in another wrapping is the same."""
    digest = hashlib.sha256()
    for one in file.lines:
        digest.update("\x1f".join(str(part) for part in astuple(one)).encode() + b"\n")
    return digest.hexdigest()


def _totals(lines: Sequence[InvoiceLine]) -> dict[str, str]:
    found: dict[str, Decimal] = {}
    for one in lines:
        found[one.currency] = found.get(one.currency, Decimal(0)) + one.amount
    return {currency: f"{amount:.2f}" for currency, amount in sorted(found.items())}


def _one_after_another(tenant_id: int) -> None:
    """Each sees the one before it."""
    with connection.cursor() as cursor:
        key = f"vendor-invoices/{tenant_id}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])
