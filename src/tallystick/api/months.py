"""Months: close one, and the proofs that are kept of it."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router, Schema, Status

from tallystick.api.auth import APPROVE, READ, caller
from tallystick.api.queries import REFUSALS, answers, no_other
from tallystick.api.schemas_kit import Body, PageOut, Problem, checked
from tallystick.api.schemas_months import (
    ProofLineOut,
    ProofLinesFilter,
    ProofOut,
    ProofsFilter,
    month_in,
)
from tallystick.books.month_queries import get_proof, list_proofs, proof_lines
from tallystick.bootstrap.months import as_csv, as_json, close
from tallystick.identity.reach import keep_reach
from tallystick.kit.problem import InvalidInput

router = Router(tags=["Months"])
_FILE = {"text/csv": {"schema": {"type": "string"}}, "application/json": {}}
_GIVES: dict[str, Any] = {"responses": {200: {"description": "The proof", "content": _FILE}}}


class MonthIn(Body):
    month: str


class FileOf(Schema):
    format: Literal["csv", "json"] = "csv"


@router.post(
    "/connections/{int:connection_id}/month-proofs",
    auth=APPROVE,
    response=answers(201, ProofOut),
    summary="Close a month",
    url_name="close-month",
)
def close_a_month(request: HttpRequest, connection_id: int, body: MonthIn) -> Status[ProofOut]:
    """Every line is read from Autotask anew. 502 when it could not be: then nothing is stored."""
    who, month = caller(request), month_in(body.month)
    if month is None:
        raise InvalidInput.one("month", "must be a month, like 2026-05")
    proof_id = close(
        connection_id,
        month,
        context=who.context,
        now=who.now,
        correlation_id=who.correlation_id,
    )
    return Status(201, ProofOut.of(get_proof(who.context, proof_id)))


@router.get("/month-proofs", auth=READ, response=answers(200, PageOut[ProofOut]))
def month_proofs(request: HttpRequest, asked: Query[ProofsFilter]) -> PageOut[ProofOut]:
    """Newest first; a month that was closed twice has two."""
    no_other(request, ProofsFilter)
    page = list_proofs(
        caller(request).context,
        connection_id=asked.connection,
        month=month_in(asked.month),
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
    )
    return PageOut(items=[ProofOut.of(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/month-proofs/{int:proof_id}", auth=READ, response=answers(200, ProofOut))
def month_proof(request: HttpRequest, proof_id: int) -> ProofOut:
    return ProofOut.of(get_proof(caller(request).context, proof_id))


@router.get(
    "/month-proofs/{int:proof_id}/lines", auth=READ, response=answers(200, PageOut[ProofLineOut])
)
def month_proof_lines(
    request: HttpRequest, proof_id: int, asked: Query[ProofLinesFilter]
) -> PageOut[ProofLineOut]:
    """What differs first."""
    no_other(request, ProofLinesFilter)
    page = proof_lines(
        caller(request).context,
        proof_id,
        outcome=asked.outcome,
        changed=asked.changed,
        cursor=checked(asked.cursor, str, int),
        limit=asked.limit,
    )
    items = [ProofLineOut.of(one) for one in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.get(
    "/month-proofs/{int:proof_id}/export",
    auth=READ,
    response={REFUSALS: Problem},
    openapi_extra=_GIVES,
    summary="A proof as a file",
)
def month_proof_file(
    request: HttpRequest, proof_id: int, asked: Query[FileOf]
) -> StreamingHttpResponse:
    """``format`` csv or json: every line, as it was found. Asks for the right to export or to
    approve."""
    no_other(request, FileOf)
    context, format = caller(request).context, asked.format
    proof = get_proof(context, proof_id)
    content = as_csv(context, proof_id) if format == "csv" else as_json(context, proof_id)
    kind = "text/csv; charset=utf-8" if format == "csv" else "application/json"
    name = f"month-{proof.month:%Y-%m}-proof-{proof.number}.{format}"
    return StreamingHttpResponse(
        keep_reach(content),
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
