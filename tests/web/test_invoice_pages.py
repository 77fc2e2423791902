"""Vendor invoices on their pages; asked without a browser."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from factories import Tenancy, sibling, tenancy, user
from reconciliation_files import charged, sheet
from tallystick.books.invoice_models import VendorInvoice
from tallystick.identity.reach import NOTHING, reaching
from tallystick.subscriptions.models import Subscription
from tallystick.web.words import amount

pytestmark = pytest.mark.usefixtures("db")


@pytest.fixture
def of() -> Tenancy:
    found = tenancy()
    found.clock.jump(datetime(2026, 1, 1, 9, tzinfo=UTC) - found.clock.now())
    return found


def signed_in(of: Tenancy) -> Client:
    client = Client()
    client.force_login(user(of))
    return client


def text(client: Client, address: str) -> str:
    found = client.get(address)
    assert found.status_code == 200, (address, found)
    return unescape(found.content.decode())


def send(client: Client, data: bytes, name: str = "May.csv.gz", **more: str) -> str:
    """Where it leads, or what is wrong."""
    file = SimpleUploadedFile(name, data)
    said = client.post("/months/invoices", {"file": file, **more})
    if said.status_code == 302:
        return str(said.headers["Location"])
    assert said.status_code == 400
    return unescape(said.content.decode())


def test_before_the_first_one_the_pages_say_what_they_are_for(of: Tenancy) -> None:
    client = signed_in(of)
    assert "No invoice was imported yet" in text(client, "/months/invoices")
    said = text(client, "/months/invoice?month=2026-05")
    assert "Nothing to compare: no invoice of this month was imported." in said
    assert "is-green" not in said
    assert "Vendor invoices" in text(client, "/months"), "the way there"


def test_a_file_is_imported_and_its_month_is_shown(of: Tenancy) -> None:
    one = of.subscription()
    row = Subscription.objects.select_related("customer").get(pk=one)
    about = {"CustomerId": row.customer.external_id, "SubscriptionId": row.provider_id}
    strange = charged(SubscriptionId="unknown", CustomerName="<b>Bold</b>", Subtotal="900")
    client = signed_in(of)
    data = gzip.compress(sheet([charged(**about), strange]))
    assert send(client, data) == "/months/invoice?month=2026-05"
    said = text(client, "/months/invoice?month=2026-05")
    assert "Imported 2 lines of 2026-05." in said
    assert "2 subscriptions differ." in said
    assert said.index("Probably: Not in our ledger") < said.index("Probably: Not mapped")
    assert f"Microsoft billed {amount(Decimal(1021), 'EUR')}." in said
    assert f'href="/subscriptions/{one}"' in said
    assert "<b>Bold</b>" not in client.get("/months/invoice").content.decode()
    assert "No subscription of this invoice" in text(client, "/months/invoice?outcome=equal")
    sheet_of = client.get("/months/invoice.csv")
    with reaching(NOTHING):  # as the server reads it, after the door has closed
        assert b"".join(sheet_of).count(b"\r\n") == 3
    assert send(client, data) == "/months/invoice?month=2026-05"
    assert "was imported before. Nothing was changed." in text(client, "/months/invoices")
    send(client, gzip.compress(sheet([strange])))
    said = text(client, "/months/invoices")
    assert "It counts instead of the earlier file, which is kept." in said
    assert (said.count(">Counts</span>"), said.count(">Replaced</span>")) == (1, 1)


def test_what_is_wrong_with_a_file_is_said_and_nothing_is_kept(of: Tenancy) -> None:
    client = signed_in(of)
    said = send(client, sheet([charged(Subtotal="much"), charged(Currency="")]))
    assert "Line 2, Subtotal: “much” is not a number" in said
    assert "Line 3, Currency: " in said
    assert "Nothing was imported." in said
    assert "Month “soon” is not a month" in send(client, sheet([charged()]), month="soon")
    assert "is larger than 50 MB" in send(client, b"x" * (50 * 1024 * 1024 + 200_000))
    assert client.post("/months/invoices").status_code == 400
    assert client.get("/months/invoice?month=soon").status_code == 400
    assert not VendorInvoice.objects.filter(tenant_id=of.tenant_id).exists()


def test_a_reseller_sees_nothing_of_it(of: Tenancy) -> None:
    client = signed_in(sibling(of))
    assert "Vendor invoices" not in text(client, "/months")
    for address in ("/months/invoices", "/months/invoice", "/months/invoice.csv"):
        assert client.get(address).status_code == 403
