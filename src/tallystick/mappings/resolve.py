"""Where a subscription is billed, for the engine, and what was last read about that contract."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from tallystick.mappings.models import SubscriptionMapping


@dataclass(frozen=True, slots=True)
class Resolved:
    """``line_id`` None: a line of its own is to be created on the contract."""

    mapping_id: int
    company_id: int
    company_name: str
    contract_id: int
    contract_name: str
    service_id: int
    service_name: str
    line_id: int | None
    contract_starts_on: date | None
    contract_ends_on: date | None
    contract_active: bool | None
    period_months: int | None
    checked_at: datetime | None
    own_line: bool


def resolve(subscription_id: int, connection_id: int) -> Resolved | None:
    """None when the subscription is not mapped to the connection."""
    row = SubscriptionMapping.objects.filter(
        subscription_id=subscription_id, connection_id=connection_id
    ).first()
    if row is None:
        return None
    return Resolved(
        mapping_id=row.pk,
        company_id=row.company_id,
        company_name=row.company_name or str(row.company_id),
        contract_id=row.contract_id,
        contract_name=row.contract_name or str(row.contract_id),
        service_id=row.service_id,
        service_name=row.service_name or str(row.service_id),
        line_id=row.line_id,
        contract_starts_on=row.contract_starts_on,
        contract_ends_on=row.contract_ends_on,
        contract_active=row.contract_active,
        period_months=row.period_months,
        checked_at=row.checked_at,
        own_line=row.own_line,
    )


def keep_facts(
    mapping_id: int,
    *,
    starts_on: date | None,
    ends_on: date | None,
    active: bool,
    period_months: int | None,
    now: datetime,
) -> None:
    """Keep what the billing system said about the contract."""
    SubscriptionMapping.objects.filter(pk=mapping_id).update(
        contract_starts_on=starts_on,
        contract_ends_on=ends_on,
        contract_active=active,
        period_months=period_months,
        checked_at=now,
    )


def bind_line(mapping_id: int, line_id: int) -> None:
    """The line of its own exists now."""
    SubscriptionMapping.objects.filter(pk=mapping_id, line_id__isnull=True).update(line_id=line_id)
