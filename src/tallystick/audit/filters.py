"""What of the audit logs is asked for: checked, then made part of a question.

Every filter can stand beside every other. What each costs is in docs/figures.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from tallystick.audit.events import Event, Status
from tallystick.audit.models import AuditLog
from tallystick.kit.problem import FieldError, InvalidInput

# Days whose midnight is a moment in every zone.
EARLIEST, LATEST = date(1970, 1, 2), date(9998, 12, 30)
# Where a word of ``text`` is looked for.
SEARCHED = ("summary", "customer_name", "subscription_name", "connection_name", "actor")


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Empty means everything. Days are civil days of the zone asked in, both included."""

    day_from: date | None = None
    day_to: date | None = None
    event: str = ""
    status: str = ""
    reseller_id: int | None = None
    customer_id: int | None = None
    subscription_id: int | None = None
    connection_id: int | None = None
    actor: str = ""
    correlation_id: str = ""
    text: str = ""

    @property
    def by_day(self) -> bool:
        return self.day_from is not None or self.day_to is not None

    def said(self) -> Mapping[str, object]:
        """What is asked for, in the words of the doors: for the audit log of an export."""
        values = {
            "from": self.day_from.isoformat() if self.day_from else "",
            "to": self.day_to.isoformat() if self.day_to else "",
            "operation": self.event,
            "status": self.status,
            "reseller": self.reseller_id,
            "customer": self.customer_id,
            "subscription": self.subscription_id,
            "connection": self.connection_id,
            "actor": _plain(self.actor),
            "correlation_id": _plain(self.correlation_id),
            "text": _plain(self.text),
        }
        return {name: value for name, value in values.items() if value}


def visible(tenant_id: int, reseller_id: int | None) -> QuerySet[AuditLog]:
    """Of one context: a reseller sees its own."""
    rows = AuditLog.objects.filter(tenant_id=tenant_id)
    return rows if reseller_id is None else rows.filter(reseller_id=reseller_id)


def matching(rows: QuerySet[AuditLog], asked: AuditFilter, zone: ZoneInfo) -> QuerySet[AuditLog]:
    """Raises InvalidInput naming each filter that cannot be meant."""
    _check(asked)
    if asked.day_from:
        rows = rows.filter(at__gte=_midnight(asked.day_from, zone))
    if asked.day_to:
        rows = rows.filter(at__lt=_midnight(asked.day_to + timedelta(days=1), zone))
    exact = {
        "event": asked.event,
        "status": asked.status,
        "reseller_id": asked.reseller_id,
        "customer_id": asked.customer_id,
        "subscription_id": asked.subscription_id,
        "connection_id": asked.connection_id,
        "correlation_id": _plain(asked.correlation_id),
    }
    rows = rows.filter(**{field: value for field, value in exact.items() if value})
    if actor := _plain(asked.actor):
        rows = rows.filter(actor__icontains=actor)
    for word in _plain(asked.text).split():
        rows = rows.filter(
            Q(*[(f"{field}__icontains", word) for field in SEARCHED], _connector=Q.OR)
        )
    return rows


def _check(asked: AuditFilter) -> None:
    errors = []
    if asked.event and asked.event not in {event.value for event in Event}:
        errors.append(FieldError("operation", f"“{asked.event[:60]}” is not an operation"))
    if asked.status and asked.status not in {status.value for status in Status}:
        errors.append(FieldError("status", f"“{asked.status[:60]}” is not a status"))
    for name, day in (("from", asked.day_from), ("to", asked.day_to)):
        if day and not EARLIEST <= day <= LATEST:
            errors.append(FieldError(name, f"must be between {EARLIEST} and {LATEST}"))
    if asked.day_from and asked.day_to and asked.day_from > asked.day_to:
        errors.append(FieldError("to", "is before the day in “from”"))
    if errors:
        raise InvalidInput(errors)


def _plain(text: str) -> str:
    return text.replace("\x00", "").strip()[:200]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)
