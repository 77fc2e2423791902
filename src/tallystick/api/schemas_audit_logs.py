"""Audit logs on the wire."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Schema
from pydantic import Field

from tallystick.api.schemas_kit import At, Day, Id, Paging
from tallystick.audit.events import Event, Status
from tallystick.audit.filters import AuditFilter
from tallystick.audit.queries import AuditView


class AuditNarrowed(Schema):
    """Days are civil days of the tenant's zone, both included."""

    from_: Day | None = Field(None, alias="from")
    to: Day | None = None
    operation: str = ""
    status: str = ""
    reseller: Id | None = None
    customer: Id | None = None
    subscription: Id | None = None
    connection: Id | None = None
    actor: str = Field("", max_length=200)
    correlation_id: str = Field("", max_length=100)
    text: str = Field("", max_length=200)

    def asked(self) -> AuditFilter:
        return AuditFilter(
            day_from=self.from_,
            day_to=self.to,
            event=self.operation,
            status=self.status,
            reseller_id=self.reseller,
            customer_id=self.customer,
            subscription_id=self.subscription,
            connection_id=self.connection,
            actor=self.actor,
            correlation_id=self.correlation_id,
            text=self.text,
        )


class AuditQuery(AuditNarrowed, Paging):
    pass


class AuditExport(AuditNarrowed):
    format: Literal["csv", "json"] = "csv"


class AuditOut(Schema):
    id: int
    recorded_at: At
    operation: Event
    label: str
    status: Status
    actor: str
    reseller_id: int | None
    customer_id: int | None
    customer_name: str
    subscription_id: int | None
    subscription_name: str
    connection_id: int | None
    connection_name: str
    operation_id: int | None
    summary: str
    details: dict[str, Any]
    correlation_id: str

    @classmethod
    def of(cls, view: AuditView) -> AuditOut:
        return cls(
            id=view.id,
            recorded_at=view.at,
            operation=view.event,
            label=view.event.label,
            status=view.status,
            actor=view.actor,
            reseller_id=view.reseller_id,
            customer_id=view.customer_id,
            customer_name=view.customer_name,
            subscription_id=view.subscription_id,
            subscription_name=view.subscription_name,
            connection_id=view.connection_id,
            connection_name=view.connection_name,
            operation_id=view.operation_id,
            summary=view.summary,
            details=dict(view.details),
            correlation_id=view.correlation_id,
        )
