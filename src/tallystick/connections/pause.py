"""Pause a connection for a while or until a person resumes it; nothing is lost meanwhile."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tallystick.audit.events import Event, Status
from tallystick.audit.record import SYSTEM, Actor, Subject, record
from tallystick.connections.models import Connection


def pause(
    connection_id: int,
    *,
    because: str,
    resume_at: datetime | None,
    actor: Actor,
    now: datetime,
    correlation_id: str,
) -> None:
    """``resume_at`` None: until a person resumes. Paused already until a person: left so."""
    with transaction.atomic():
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
        if row.paused_at is not None and row.resume_at is None:
            return
        lasting = resume_at is None
        row.paused_at = row.paused_at or now
        row.paused_because = because
        row.resume_at = resume_at
        row.save(update_fields=["paused_at", "paused_because", "resume_at"])
        if lasting:
            record(
                Event.PAUSE_CONNECTION,
                actor=actor,
                now=now,
                subject=_subject(row),
                correlation_id=correlation_id,
                # The program pauses because something is wrong, a person because they want to.
                status=Status.FAILED if actor == SYSTEM else Status.SUCCEEDED,
                summary=because,
            )


def resume(connection_id: int, *, actor: Actor, now: datetime, correlation_id: str) -> None:
    """Work goes on where it stopped."""
    with transaction.atomic():
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
        if row.paused_at is None:
            return
        lasting = row.resume_at is None
        row.paused_at = row.resume_at = None
        row.paused_because = ""
        row.save(update_fields=["paused_at", "paused_because", "resume_at"])
        if lasting:
            record(
                Event.RESUME_CONNECTION,
                actor=actor,
                now=now,
                subject=_subject(row),
                correlation_id=correlation_id,
            )


def _subject(row: Connection) -> Subject:
    return Subject(
        tenant_id=row.tenant_id,
        reseller_id=row.reseller_id,
        connection_id=row.pk,
        connection_name=row.name,
    )


def hold_all(*, because: str, actor: Actor, now: datetime, correlation_id: str) -> int:
    """Pause every connection until a person resumes it, and have each looked at soon."""
    ids = list(Connection.objects.values_list("pk", flat=True))
    with transaction.atomic():
        Connection.objects.update(last_swept_at=None)
        for connection_id in ids:
            pause(
                connection_id,
                because=because,
                resume_at=None,
                actor=actor,
                now=now,
                correlation_id=correlation_id,
            )
    return len(ids)
