"""What happened: newest first; and as a file, the oldest first."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query, Router

from tallystick.api.auth import EXPORT, READ, caller
from tallystick.api.queries import REFUSALS, answers, no_other
from tallystick.api.schemas_audit_logs import AuditExport, AuditOut, AuditQuery
from tallystick.api.schemas_kit import PageOut, Problem, checked
from tallystick.audit.queries import get_audit, list_audit
from tallystick.bootstrap.audit_export import FILES, export_audit_logs, file_name
from tallystick.identity.reach import keep_reach

router = Router(tags=["Audit logs"])
_FILE = {"text/csv": {"schema": {"type": "string"}}, "application/x-ndjson": {}}
_GIVES: dict[str, Any] = {"responses": {200: {"description": "The file", "content": _FILE}}}


@router.get("/audit-logs", auth=READ, response=answers(200, PageOut[AuditOut]))
def audit_logs(request: HttpRequest, asked: Query[AuditQuery]) -> PageOut[AuditOut]:
    """Newest first."""
    no_other(request, AuditQuery)
    who = caller(request)
    page = list_audit(
        tenant_id=who.context.tenant_id,
        reseller_id=who.context.reseller_id,
        filter=asked.asked(),
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
        zone=who.zone,
    )
    return PageOut(items=[AuditOut.of(view) for view in page.items], next_cursor=page.next_cursor)


@router.get(
    "/audit-logs/export",
    auth=EXPORT,
    response={REFUSALS: Problem},
    openapi_extra=_GIVES,
    summary="Audit logs as a file",
)
def audit_logs_file(request: HttpRequest, asked: Query[AuditExport]) -> StreamingHttpResponse:
    """``format`` csv, or json: one object a line. Oldest first, each with its place in the chain
    and the hashes to verify it with. That it was taken out is an audit log."""
    no_other(request, AuditExport)
    who = caller(request)
    pieces = export_audit_logs(asked.asked(), kind=asked.format, **who.asking())
    name = file_name(asked.format, now=who.now)
    return StreamingHttpResponse(
        keep_reach(pieces),
        content_type=FILES[asked.format][1],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/audit-logs/{int:audit_id}", auth=READ, response=answers(200, AuditOut))
def audit_log(request: HttpRequest, audit_id: int) -> AuditOut:
    context = caller(request).context
    view = get_audit(
        tenant_id=context.tenant_id, reseller_id=context.reseller_id, audit_id=audit_id
    )
    return AuditOut.of(view)
