"""Vendor invoices: import what Microsoft billed, and a month of it beside ours and Autotask's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from tallystick.books.invoice_proof import invoice_proof, proof_page
from tallystick.books.invoice_queries import list_invoices, months_with_invoices
from tallystick.books.invoice_words import Found
from tallystick.bootstrap.invoices import invoice_csv
from tallystick.catalog.price_asked import require_csp
from tallystick.identity.reach import keep_reach
from tallystick.identity.roles import Right
from tallystick.kit.days import parse_month
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.sources.import_prices import file_name
from tallystick.sources.import_reconciliation import (
    ReconciliationFile,
    ReconciliationImported,
    import_reconciliation,
)
from tallystick.web.addresses import Address, choices
from tallystick.web.uploads import MOST_OF_A_LIST
from tallystick.web.visit import Visit, screen

LONGEST_MONTH = 10
_LABELS = {"file": "The file", "month": "Month"}


@screen("GET", "POST")
def invoices(visit: Visit) -> HttpResponse:
    """Every file, newest first, and the form. A POST imports one."""
    require_csp(visit.context)
    if visit.request.method != "POST":
        return _form(visit)
    require_csp(visit.context, Right.OPERATE)
    month = visit.request.POST.get("month", "").strip()[:LONGEST_MONTH]
    try:
        done = _import(visit, month)
    except InvalidInput as problem:
        return _form(visit, month, problem.errors)
    messages.success(visit.request, _said(done))
    return redirect(f"{reverse('invoice')}?month={done.kept.month:%Y-%m}")


def _import(visit: Visit, month: str) -> ReconciliationImported:
    """Raises InvalidInput."""
    sent = visit.request.FILES.get("file")
    if sent is None:
        raise InvalidInput.one("file", "must be chosen")
    if (sent.size or 0) > MOST_OF_A_LIST:
        raise InvalidInput.one("file", "is larger than 50 MB: gzip it, or import it by command")
    file = ReconciliationFile(file_name(sent.name or ""), month)
    return import_reconciliation(sent, file, by=visit.by())


def _said(done: ReconciliationImported) -> str:
    kept = done.kept
    if not kept.changed:
        return f"This very invoice of {kept.month:%Y-%m} was imported before. Nothing was changed."
    again = " It counts instead of the earlier file, which is kept." if kept.number > 1 else ""
    return f"Imported {kept.rows} lines of {kept.month:%Y-%m}.{again}"


def _form(visit: Visit, month: str = "", errors: Sequence[FieldError] = ()) -> HttpResponse:
    address = Address.read(visit.request.GET, ())
    page = list_invoices(visit.context, cursor=address.cursor or None)
    return visit.render(
        "web/months/invoices.html",
        rail="months",
        status=400 if errors else 200,
        month=month,
        errors=[_sentence(one) for one in errors],
        rows=page.items,
        address=address,
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


def _sentence(error: FieldError) -> str:
    """``Line 7, Subtotal: “x” is not a number.``"""
    if getattr(error, "line", None) is None:
        text = f"{_LABELS.get(error.field, error.field)} {error.message}"
    else:
        text = re.sub(r"^line", "Line", str(error))
    return text if text.endswith(".") else f"{text}."


@screen("GET")
def invoice(visit: Visit) -> HttpResponse:
    """One month: the largest difference first."""
    require_csp(visit.context)
    address = Address.read(visit.request.GET, ("month", "outcome"))
    months = months_with_invoices(visit.context)
    month = _month(address.value("month") or _newest(visit, months))
    proof = invoice_proof(visit.context, month)
    page = proof_page(proof, found=address.value("outcome"), cursor=address.cursor or None)
    return visit.render(
        "web/months/invoice.html",
        rail="months",
        proof=proof,
        rows=page.items,
        months=[f"{one:%Y-%m}" for one in months],
        chips=choices(address, "outcome", [(one.value, one.label) for one in Found]),
        address=address,
        next=address.next(page.next_cursor),
        previous=address.previous(),
    )


@screen("GET")
def invoice_file(visit: Visit) -> HttpResponseBase:
    """The whole month as CSV."""
    asked = visit.request.GET.get("month", "")
    month = _month(asked or _newest(visit, months_with_invoices(visit.context)))
    content = invoice_csv(visit.context, month)
    name = f"vendor-invoice-{month:%Y-%m}.csv"
    return StreamingHttpResponse(
        keep_reach(content),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _newest(visit: Visit, months: Sequence[date]) -> str:
    """The newest with an invoice; without any, the last month."""
    last = visit.today.replace(day=1) - timedelta(days=1)
    return f"{months[0] if months else last:%Y-%m}"


def _month(text: str) -> date:
    """Raises InvalidInput."""
    try:
        return parse_month(text)
    except ValueError as wrong:
        raise InvalidInput.one("month", str(wrong)) from None
