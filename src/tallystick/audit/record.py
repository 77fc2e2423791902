"""Record one act. Called inside the transaction that does it: both happen or neither."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tallystick.audit.events import Event, Status
from tallystick.audit.models import AuditLog


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person, an API token or a part of the program. ``ref`` is ``user/7``."""

    ref: str
    name: str


SYSTEM = Actor(ref="system", name="Tallystick")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom and what an act concerns, by id and by the name at that moment."""

    tenant_id: int
    reseller_id: int | None = None
    customer_id: int | None = None
    customer_name: str = ""
    subscription_id: int | None = None
    subscription_name: str = ""
    connection_id: int | None = None
    connection_name: str = ""
    operation_id: int | None = None
    delivery_id: int | None = None


def record(
    event: Event,
    *,
    actor: Actor,
    now: datetime,
    subject: Subject,
    correlation_id: str,
    status: Status = Status.SUCCEEDED,
    summary: str = "",
    details: Mapping[str, Any] | None = None,
) -> int:
    """Add one record and answer its id. ``details`` is JSON: money as text, days as text."""
    return AuditLog.objects.create(
        at=now,
        event=event.value,
        status=status.value,
        tenant_id=subject.tenant_id,
        reseller_id=subject.reseller_id,
        actor=actor.name[:200],
        actor_ref=actor.ref[:60],
        customer_id=subject.customer_id,
        customer_name=subject.customer_name[:300],
        subscription_id=subject.subscription_id,
        subscription_name=subject.subscription_name[:300],
        connection_id=subject.connection_id,
        connection_name=subject.connection_name[:200],
        operation_id=subject.operation_id,
        delivery_id=subject.delivery_id,
        summary=summary,
        details=dict(details or {}),
        correlation_id=correlation_id,
    ).id
