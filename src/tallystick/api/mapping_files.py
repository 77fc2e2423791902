"""The three mapping lists as CSV: out, and in with a look first."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from tallystick.api.auth import MAP, READ, caller, stores_nothing
from tallystick.api.queries import REFUSALS, answers, no_other
from tallystick.api.schemas_kit import Problem
from tallystick.api.schemas_mapping_files import ImportedMappingsOut, ImportFilter
from tallystick.bootstrap.mapping_files import import_mappings
from tallystick.identity.reach import keep_reach
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.mappings.kinds import Ours
from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.mapping_sheets import mappings_sheet

router = Router(tags=["Mappings"])
_AT = "/connections/{int:connection_id}"
_CSV = {"text/csv": {"schema": {"type": "string"}}}
_GIVES: dict[str, Any] = {"responses": {200: {"description": "The sheet", "content": _CSV}}}
_TAKES: dict[str, Any] = {"requestBody": {"content": _CSV, "required": True}}


@router.get(
    f"{_AT}/customer-mappings/export",
    auth=READ,
    response={REFUSALS: Problem},
    openapi_extra=_GIVES,
    summary="Customer Mapping as CSV",
)
def export_customer_mappings(request: HttpRequest, connection_id: int) -> StreamingHttpResponse:
    """Asks for the right to map or to export. UTF-8 with a BOM."""
    return _export(request, connection_id, Ours.CUSTOMER)


@router.post(
    f"{_AT}/customer-mappings/import",
    auth=MAP,
    response=answers(200, ImportedMappingsOut),
    openapi_extra=_TAKES,
    summary="Import Customer Mapping from CSV",
    url_name="import-customer-mappings",
)
def import_customer_mappings(
    request: HttpRequest, connection_id: int, asked: Query[ImportFilter]
) -> ImportedMappingsOut:
    """All of it or nothing; each mapping with its own audit log. A dry run stores nothing."""
    return _import(request, connection_id, asked, Ours.CUSTOMER)


@router.get(
    f"{_AT}/offer-mappings/export",
    auth=READ,
    response={REFUSALS: Problem},
    openapi_extra=_GIVES,
    summary="Offer Mapping as CSV",
)
def export_offer_mappings(request: HttpRequest, connection_id: int) -> StreamingHttpResponse:
    """Asks for the right to map or to export. UTF-8 with a BOM."""
    return _export(request, connection_id, Ours.OFFER)


@router.post(
    f"{_AT}/offer-mappings/import",
    auth=MAP,
    response=answers(200, ImportedMappingsOut),
    openapi_extra=_TAKES,
    summary="Import Offer Mapping from CSV",
    url_name="import-offer-mappings",
)
def import_offer_mappings(
    request: HttpRequest, connection_id: int, asked: Query[ImportFilter]
) -> ImportedMappingsOut:
    """All of it or nothing; each mapping with its own audit log. A dry run stores nothing."""
    return _import(request, connection_id, asked, Ours.OFFER)


@router.get(
    f"{_AT}/subscription-mappings/export",
    auth=READ,
    response={REFUSALS: Problem},
    openapi_extra=_GIVES,
    summary="Subscription Mapping as CSV",
)
def export_subscription_mappings(request: HttpRequest, connection_id: int) -> StreamingHttpResponse:
    """Asks for the right to map or to export. UTF-8 with a BOM."""
    return _export(request, connection_id, Ours.SUBSCRIPTION)


@router.post(
    f"{_AT}/subscription-mappings/import",
    auth=MAP,
    response=answers(200, ImportedMappingsOut),
    openapi_extra=_TAKES,
    summary="Import Subscription Mapping from CSV",
    url_name="import-subscription-mappings",
)
def import_subscription_mappings(
    request: HttpRequest, connection_id: int, asked: Query[ImportFilter]
) -> ImportedMappingsOut:
    """502 when Autotask could not be read to adopt its values. A dry run stores nothing."""
    return _import(request, connection_id, asked, Ours.SUBSCRIPTION)


def _export(request: HttpRequest, connection_id: int, kind: Ours) -> StreamingHttpResponse:
    no_other(request, set())
    who = caller(request)
    pieces = mappings_sheet(kind, connection_id, context=who.context, now=who.now, today=who.today)
    name = f"{kind.value}-mappings-{connection_id}.csv"
    return StreamingHttpResponse(
        keep_reach(pieces),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _import(
    request: HttpRequest, connection_id: int, asked: ImportFilter, kind: Ours
) -> ImportedMappingsOut:
    no_other(request, ImportFilter)
    who = caller(request)
    if asked.dry_run:
        stores_nothing(request)
    try:
        done = import_mappings(
            kind,
            BytesIO(request.body),
            connection_id,
            how=asked.how(),
            today=who.today,
            asked=who.asked(),
        )
    except ImportRefused as refused:
        raise _by_line(refused) from None
    return ImportedMappingsOut.of(done)


def _by_line(refused: ImportRefused) -> InvalidInput:
    """A problem document names the line with the field."""
    return InvalidInput(
        [
            FieldError(
                error.field if error.line is None else f"line {error.line}, {error.field}",
                error.message,
            )
            for error in refused.errors
        ]
    )
