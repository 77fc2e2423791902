"""The audit logs of a context as a file; that somebody took it out is an audit log, too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from tallystick.audit.events import Event
from tallystick.audit.export import as_csv, as_json, extent
from tallystick.audit.filters import AuditFilter
from tallystick.audit.record import Subject, record
from tallystick.identity.context import Context
from tallystick.identity.people import resellers_of, tenant_zone
from tallystick.identity.roles import Right

# By the word that asks for it: the file, its content type, the end of its name.
FILES: Final = {
    "csv": (as_csv, "text/csv; charset=utf-8", "csv"),
    "json": (as_json, "application/x-ndjson", "jsonl"),
}


def export_audit_logs(
    filter: AuditFilter,
    *,
    kind: str,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> Iterator[bytes]:
    """The file, piece by piece. ``kind``: a word of ``FILES``.

    Its audit log is written before the first piece: what breaks off was taken out as well.
    Raises NotAllowed, InvalidInput naming the filter; then nothing was taken out.
    """
    context.require(Right.EXPORT)
    of = extent(
        tenant_id=context.tenant_id,
        reseller_id=context.reseller_id,
        filter=filter,
        zone=tenant_zone(context.tenant_id),
    )
    said = filter.said()
    narrowed = ", ".join(f"{name} {value}" for name, value in said.items())
    record(
        Event.EXPORT_AUDIT_LOGS,
        actor=context.actor,
        now=now,
        subject=Subject(tenant_id=context.tenant_id, reseller_id=context.reseller_id),
        correlation_id=correlation_id,
        summary=f"As {kind.upper()}: {narrowed or 'all of them'}, up to record {of.up_to}",
        details={"format": kind, "filters": said, "up_to": of.up_to},
    )
    make, _, _ = FILES[kind]
    return make(of, dict(resellers_of(context)))


def file_name(kind: str, *, now: datetime) -> str:
    return f"audit-logs-{now:%Y-%m-%d}.{FILES[kind][2]}"
