"""Vendor invoices: import what Microsoft billed, and compare a month with ours and Autotask's."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from tallystick.api.auth import OPERATE, READ, caller, stores_nothing
from tallystick.api.imports import lines_named
from tallystick.api.queries import REFUSALS, answers, no_other
from tallystick.api.schemas_invoices import (
    ImportedOut,
    InvoiceImportAsked,
    InvoiceOut,
    InvoiceProofOut,
    InvoiceRowOut,
    InvoicesFilter,
    MonthAsked,
    RowsFilter,
    month_of,
)
from tallystick.api.schemas_kit import PageOut, Problem, checked
from tallystick.api.uploads import uploaded
from tallystick.books.invoice_proof import invoice_proof, proof_page
from tallystick.books.invoice_queries import list_invoices
from tallystick.bootstrap.invoices import invoice_csv
from tallystick.identity.reach import keep_reach
from tallystick.sources.import_prices import file_name
from tallystick.sources.import_reconciliation import ReconciliationFile, import_reconciliation

router = Router(tags=["Months"])
_FILE = {"text/csv": {"schema": {"type": "string"}}}
_GIVES: dict[str, Any] = {"responses": {200: {"description": "The month", "content": _FILE}}}


@router.post(
    "/vendor-invoices/import",
    auth=OPERATE,
    response=answers(200, ImportedOut),
    summary="Import a reconciliation file",
    url_name="import-vendor-invoice",
)
def post_invoice(request: HttpRequest, asked: Query[InvoiceImportAsked]) -> ImportedOut:
    """The body is the file (`text/csv`, `application/gzip`, `application/zip`), or a form with one
    `file`. 422 names every wrong line as `line 7, Subtotal`, and nothing is stored. The same file
    again changes nothing; a later file of the same invoice counts instead of the earlier one."""
    no_other(request, InvoiceImportAsked)
    upload = uploaded(request)
    if asked.dry_run:
        stores_nothing(request)
    file = ReconciliationFile(file_name(asked.name or upload.name or "API"), asked.month)
    with lines_named():
        by = caller(request).by()
        done = import_reconciliation(upload.file, file, by=by, dry_run=asked.dry_run)
    kept = asdict(done.kept) | {"month": f"{done.kept.month:%Y-%m}"}
    return ImportedOut(**kept, unknown_columns=list(done.unknown_columns))


@router.get("/vendor-invoices", auth=READ, response=answers(200, PageOut[InvoiceOut]))
def invoices(request: HttpRequest, asked: Query[InvoicesFilter]) -> PageOut[InvoiceOut]:
    """Every file that was kept, newest first. The CSP's alone."""
    no_other(request, InvoicesFilter)
    page = list_invoices(
        caller(request).context,
        month=month_of(asked.month) if asked.month else None,
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
    )
    return PageOut(items=[InvoiceOut.of(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/vendor-invoices/proof", auth=READ, response=answers(200, InvoiceProofOut))
def proof(request: HttpRequest, asked: Query[MonthAsked]) -> InvoiceProofOut:
    """What the invoices of a month come to beside our operations. The CSP's alone."""
    no_other(request, MonthAsked)
    return InvoiceProofOut.of(invoice_proof(caller(request).context, month_of(asked.month)))


@router.get(
    "/vendor-invoices/proof/lines", auth=READ, response=answers(200, PageOut[InvoiceRowOut])
)
def proof_lines(request: HttpRequest, asked: Query[RowsFilter]) -> PageOut[InvoiceRowOut]:
    """A subscription each, the largest difference first."""
    no_other(request, RowsFilter)
    page = proof_page(
        invoice_proof(caller(request).context, month_of(asked.month)),
        found=asked.outcome,
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
    )
    return PageOut(
        items=[InvoiceRowOut.of(one) for one in page.items], next_cursor=page.next_cursor
    )


@router.get(
    "/vendor-invoices/proof/export",
    auth=READ,
    response={REFUSALS: Problem},
    openapi_extra=_GIVES,
    summary="A month's comparison as a file",
)
def proof_file(request: HttpRequest, asked: Query[MonthAsked]) -> StreamingHttpResponse:
    """CSV. Asks for the right to export or to approve."""
    no_other(request, MonthAsked)
    month = month_of(asked.month)
    name = f"vendor-invoice-{month:%Y-%m}.csv"
    return StreamingHttpResponse(
        keep_reach(invoice_csv(caller(request).context, month)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
