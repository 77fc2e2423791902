"""What happened: newest first."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router

from tallystick.api.auth import READ, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_audit_logs import AuditOut, AuditQuery
from tallystick.api.schemas_kit import PageOut, checked
from tallystick.audit.queries import AuditFilter, get_audit, list_audit

router = Router(tags=["Audit logs"])


@router.get("/audit-logs", auth=READ, response=answers(200, PageOut[AuditOut]))
def audit_logs(request: HttpRequest, asked: Query[AuditQuery]) -> PageOut[AuditOut]:
    """Newest first."""
    no_other(request, AuditQuery)
    who = caller(request)
    page = list_audit(
        tenant_id=who.context.tenant_id,
        reseller_id=who.context.reseller_id,
        filter=AuditFilter(
            day_from=asked.from_,
            day_to=asked.to,
            event=asked.operation,
            status=asked.status,
            customer_id=asked.customer,
            subscription_id=asked.subscription,
            connection_id=asked.connection,
            actor=asked.actor,
            correlation_id=asked.correlation_id,
            text=asked.text,
        ),
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
        zone=who.zone,
    )
    return PageOut(items=[AuditOut.of(view) for view in page.items], next_cursor=page.next_cursor)


@router.get("/audit-logs/{int:audit_id}", auth=READ, response=answers(200, AuditOut))
def audit_log(request: HttpRequest, audit_id: int) -> AuditOut:
    context = caller(request).context
    view = get_audit(
        tenant_id=context.tenant_id, reseller_id=context.reseller_id, audit_id=audit_id
    )
    return AuditOut.of(view)
