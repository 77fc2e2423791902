"""What Microsoft billed, from its own file: whole or not at all, in all the ways it is written."""

from __future__ import annotations

import codecs
import gzip
import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction
from django.db.utils import DatabaseError

from factories import Tenancy, sibling, tenancy
from price_desk import by
from reconciliation_files import GOOD, charged, members, sheet
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.books.compare_invoice import InvoiceLine
from tallystick.books.invoice_models import VendorInvoice, VendorInvoiceLine
from tallystick.books.invoice_queries import (
    counting_invoices,
    lines_of,
    list_invoices,
    months_with_invoices,
)
from tallystick.identity.roles import Role
from tallystick.kit.problem import InvalidInput, NotAllowed
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.import_reconciliation import (
    ReconciliationFile,
    ReconciliationImported,
    import_reconciliation,
)

pytestmark = pytest.mark.usefixtures("db")
MAY = date(2026, 5, 1)
NARROW = "\u202f"


def load(of: Tenancy, data: bytes, *, dry_run: bool = False, **more: Any) -> ReconciliationImported:
    file = ReconciliationFile(**({"name": "recon.csv"} | more))
    return import_reconciliation(io.BytesIO(data), file, by=by(of), dry_run=dry_run)


def lines(of: Tenancy, month: date = MAY) -> list[InvoiceLine]:
    return list(lines_of(of.context, counting_invoices(of.context, month)))


def refused(of: Tenancy, data: bytes, **more: Any) -> list[str]:
    with pytest.raises(ImportRefused) as caught:
        load(of, data, **more)
    assert not VendorInvoice.objects.filter(tenant_id=of.tenant_id).exists()
    return [str(error) for error in caught.value.errors]


def test_a_file_is_kept_with_all_its_lines() -> None:
    of = tenancy()
    second = charged(
        ChargeType="AddQuantity",
        ChargeStartDate="2026-05-16T00:00:00Z",
        EffectiveUnitPrice="6.2451612903",
        BillableQuantity="2",
        Subtotal="12.48",
    )
    done = load(of, sheet([GOOD, second]))
    assert (done.kept.month, done.kept.invoice_number) == (MAY, "G000000501")
    assert (done.kept.number, done.kept.rows, done.kept.changed) == (1, 2, True)
    assert done.kept.totals == {"EUR": "133.48"}
    assert done.unknown_columns == ()
    first, added = lines(of)
    assert (first.starts_on, first.ends_on) == (MAY, date(2026, 5, 31)), "the last day is in it"
    assert (first.quantity, first.unit_price, first.amount) == (10, Decimal("12.1"), 121)
    assert (added.charge_type, added.quantity) == ("AddQuantity", 2)
    assert added.unit_price == Decimal("6.2451612903")
    log = AuditLog.objects.get(tenant_id=of.tenant_id, event=Event.IMPORT_RECONCILIATION.value)
    assert "G000000501 of 2026-05, 2 lines" in log.summary


# Each of Microsoft's own ways, in a twin of a file.
ODD = {
    "a BOM before the first header": lambda: codecs.BOM_UTF8 + sheet([GOOD]),
    "gzip": lambda: gzip.compress(sheet([GOOD])),
    "gzip of several members": lambda: members(sheet([GOOD])),
    "gzip whose parts each begin with a BOM and a header": lambda: (
        gzip.compress(codecs.BOM_UTF8 + sheet([GOOD])) + gzip.compress(codecs.BOM_UTF8 + sheet([]))
    ),
    "headers in camelCase": lambda: (
        sheet([GOOD])
        .replace(b'"CustomerId"', b'"customerId"')
        .replace(b'"BillableQuantity"', b'"billableQuantity"')
    ),
    "numbers guarded by an apostrophe": lambda: sheet(
        [charged(EffectiveUnitPrice="'12.1000", BillableQuantity="'10.000", Subtotal="'121.00")]
    ),
    "nothing written as 0E-20": lambda: sheet([charged(PublisherDiscount="'0E-20")]),
    "seven digits of a second": lambda: sheet(
        [
            charged(
                ChargeStartDate="2026-05-01T00:00:00.0000000Z",
                ChargeEndDate="2026-05-31T23:59:59.9999999Z",
            )
        ]
    ),
    "American days with U+202F before AM": lambda: sheet(
        [
            charged(
                ChargeStartDate=f"5/1/2026 12:00:00{NARROW}AM",
                ChargeEndDate=f"5/31/2026 12:00:00{NARROW}AM",
            )
        ]
    ),
    "U+202F around a number": lambda: sheet([charged(Subtotal=f"{NARROW}121{NARROW}")]),
    "a column nobody knows": lambda: sheet([GOOD]).replace(b'"PromotionId"', b'"SomethingNew"'),
    "a reference that is an object": lambda: sheet(
        [charged(ReferenceId='{"id": "a", "kind": "b"}')]
    ),
    "mixed case of the charge's type": lambda: sheet([charged(ChargeType="CycleCharge")]),
    "no billable quantity": lambda: sheet([charged(BillableQuantity="")]),
}


@pytest.mark.parametrize("how", ODD)
def test_microsofts_ways_of_writing_say_the_same(how: str) -> None:
    of = tenancy()
    done = load(of, ODD[how]())
    assert done.kept.rows == 1
    assert done.unknown_columns == (("SomethingNew",) if "nobody" in how else ())
    (line,) = lines(of)
    assert (line.starts_on, line.ends_on) == (MAY, date(2026, 5, 31))
    assert (line.quantity, line.unit_price, line.amount) == (10, Decimal("12.1"), 121)
    assert line.charge_type.lower() == "cyclecharge"


def test_a_number_that_is_nothing_is_never_minus_zero() -> None:
    of = tenancy()
    load(of, sheet([charged(Subtotal="-0E-20", EffectiveUnitPrice="0E-20")]))
    (line,) = lines(of)
    assert f"{line.amount:f} {line.unit_price:f}" == "0.000000 0.0000000000"


def test_what_is_wrong_is_said_with_its_line_and_column_and_nothing_is_kept() -> None:
    of = tenancy()
    wrong = charged(
        CustomerId="",
        ChargeStartDate="soon",
        BillableQuantity="ten",
        Subtotal="1,000.00",
        Currency="Euro",
    )
    backwards = charged(ChargeStartDate="2026-05-31", ChargeEndDate="2026-05-01")
    said = refused(of, sheet([GOOD, wrong, backwards]))
    assert said[:5] == [
        "line 3, ChargeStartDate: “soon” is not a day: write it like 2026-05-31 or 5/31/2026",
        "line 3, BillableQuantity: “ten” is not a number: write it like 1234.50",
        "line 3, CustomerId: is empty",
        "line 3, Subtotal: “1,000.00” is not a number: write it like 1234.50",
        "line 3, Currency: “Euro” is not a currency code: write three letters, like EUR",
    ]
    assert said[5:] == ["line 4, ChargeEndDate: is before ChargeStartDate, 2026-05-31"]
    assert not AuditLog.objects.filter(
        tenant_id=of.tenant_id, event=Event.IMPORT_RECONCILIATION.value
    ).exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "file: is empty"),
        (b"CustomerId,Subtotal\r\nc-1,3\r\n", "line 1, SubscriptionId: this column is missing"),
        (gzip.compress(sheet([GOOD]))[:-20], "file: is a zip or gzip file that is damaged"),
        (
            sheet([charged(ChargeStartDate="9999-12-01", ChargeEndDate="9999-12-31")]),
            "line 2, ChargeStartDate: “9999-12-01” is no day on which a charge begins",
        ),
        (sheet([charged(ChargeEndDate="")]), "line 2, ChargeEndDate: is empty"),
        (sheet([charged(Subtotal="9" * 15)]), "line 2, Subtotal: “999999999999999” is too large"),
        (
            sheet([GOOD, charged(InvoiceNumber="G2")]),
            "line 3, InvoiceNumber: “G2” is another invoice than “G000000501”: a file each",
        ),
    ],
)
def test_a_file_that_is_none(data: bytes, words: str) -> None:
    assert refused(tenancy(), data)[0].startswith(words)


def test_too_many_rows_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tallystick.sources.import_reconciliation.MOST_ROWS", 1)
    assert refused(tenancy(), sheet([GOOD, GOOD])) == ["line 3, file: has more than 1 rows"]


def test_a_small_gzip_that_holds_more_than_a_disk_ends_at_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tallystick.sources.sheet_open.MOST_BYTES", 3 * 1024 * 1024)
    bomb = gzip.compress(sheet([GOOD]) + b"x" * (4 * 1024 * 1024))
    assert len(bomb) < 10_000
    assert refused(tenancy(), bomb) == ["file: is larger than 3 MB: split it"]


def test_the_same_file_again_changes_nothing_however_it_is_packed() -> None:
    of = tenancy()
    load(of, sheet([GOOD]))
    again = load(of, members(codecs.BOM_UTF8 + sheet([GOOD])), name="again.csv.gz")
    assert (again.kept.changed, again.kept.number) == (False, 1)
    assert VendorInvoice.objects.filter(tenant_id=of.tenant_id).count() == 1
    logs = AuditLog.objects.filter(tenant_id=of.tenant_id, event=Event.IMPORT_RECONCILIATION.value)
    assert logs.count() == 1


def test_a_corrected_file_counts_instead_and_both_are_in_the_history() -> None:
    of = tenancy()
    load(of, sheet([GOOD]))
    other = charged(InvoiceNumber="G000000502", Subtotal="5", BillableQuantity="1")
    load(of, sheet([other]))
    done = load(of, sheet([charged(Subtotal="110", BillableQuantity="9")]), name="corrected.csv")
    assert (done.kept.number, done.kept.changed) == (2, True)
    assert sorted(one.amount for one in lines(of)) == [5, 110], "another invoice stands beside"
    history = list_invoices(of.context, month=MAY, limit=2)
    assert [(one.name, one.number, one.counts) for one in history.items] == [
        ("corrected.csv", 2, True),
        ("recon.csv", 1, True),
    ]
    rest = list_invoices(of.context, cursor=history.next_cursor)
    assert [(one.number, one.counts, one.total) for one in rest.items] == [(1, False, "121.00 EUR")]
    assert months_with_invoices(of.context) == [MAY]


def test_a_corrected_month_moves_the_invoice() -> None:
    of = tenancy()
    load(of, sheet([GOOD]), month="2026-04")
    assert len(lines(of, date(2026, 4, 1))) == 1
    load(of, sheet([GOOD]), month="2026-05")
    assert lines(of, date(2026, 4, 1)) == []
    assert len(lines(of)) == 1


def test_a_file_without_an_invoice_number_is_known_by_its_month() -> None:
    of = tenancy()
    load(of, sheet([charged(InvoiceNumber="")]))
    done = load(of, sheet([charged(InvoiceNumber="", Subtotal="99")]))
    assert (done.kept.number, done.kept.invoice_number) == (2, "")
    assert [one.amount for one in lines(of)] == [99]


def test_the_month_is_told_by_the_charges_or_said() -> None:
    of = tenancy()
    april = charged(ChargeStartDate="2026-04-15", ChargeEndDate="2026-05-14")
    assert load(of, sheet([april, GOOD, GOOD]), dry_run=True).kept.month == MAY
    for data in (sheet([april, GOOD]), sheet([])):
        with pytest.raises(InvalidInput) as caught:
            load(of, data)
        assert caught.value.errors[0].field == "month"
    assert load(of, sheet([april, GOOD]), month="2026-05").kept.month == MAY
    assert load(of, sheet([]), month="2026-06").kept.rows == 0, "an invoice of nothing is one"
    with pytest.raises(InvalidInput, match="must be from 2000-01 to 2099-12"):
        load(of, sheet([GOOD]), month="9999-12")
    with pytest.raises(InvalidInput, match="is not a month"):
        load(of, sheet([GOOD]), month="May")


def test_a_dry_run_keeps_nothing() -> None:
    of = tenancy()
    done = load(of, sheet([GOOD]), dry_run=True)
    assert (done.kept.stored, done.kept.changed, done.kept.number) == (False, True, 1)
    assert not VendorInvoice.objects.filter(tenant_id=of.tenant_id).exists()


def test_it_is_the_csps_and_another_tenant_sees_nothing() -> None:
    of = tenancy()
    load(of, sheet([GOOD]))
    assert list_invoices(tenancy().context).items == []
    with pytest.raises(NotAllowed):
        load(sibling(of), sheet([GOOD]))
    with pytest.raises(NotAllowed):
        list_invoices(sibling(of).context)
    with pytest.raises(NotAllowed):
        load(tenancy(role=Role.VIEWER), sheet([GOOD]))


def test_what_was_kept_is_never_changed() -> None:
    of = tenancy()
    load(of, sheet([GOOD]))
    invoice = VendorInvoice.objects.get(tenant_id=of.tenant_id)
    with pytest.raises(DatabaseError), transaction.atomic():
        VendorInvoice.objects.filter(pk=invoice.pk).update(rows=0)
    with pytest.raises(DatabaseError), transaction.atomic():
        VendorInvoiceLine.objects.filter(invoice=invoice).delete()
    with pytest.raises(DatabaseError), transaction.atomic(), database.cursor() as cursor:
        cursor.execute("RESET ROLE; UPDATE books_vendor_invoice SET rows = 0")
