"""Questions about what happened: newest first, never more than one context's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from tallystick.audit.events import Event, Status
from tallystick.audit.models import AuditLog
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import FieldError, InvalidInput, NotFound

# Days whose midnight is a moment in every zone.
EARLIEST, LATEST = date(1970, 1, 2), date(9998, 12, 30)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Empty means everything. Days are civil days of the zone asked in, both included."""

    day_from: date | None = None
    day_to: date | None = None
    event: str = ""
    status: str = ""
    customer_id: int | None = None
    subscription_id: int | None = None
    connection_id: int | None = None
    actor: str = ""
    correlation_id: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class AuditView:
    """One record as the doors show it."""

    id: int
    at: datetime
    event: Event
    status: Status
    actor: str
    customer_id: int | None
    customer_name: str
    subscription_id: int | None
    subscription_name: str
    connection_id: int | None
    connection_name: str
    operation_id: int | None
    summary: str
    details: Mapping[str, Any]
    correlation_id: str


def list_audit(
    *,
    tenant_id: int,
    reseller_id: int | None,
    filter: AuditFilter,
    cursor: str | None = None,
    limit: int = 50,
    zone: str = "UTC",
) -> Page[AuditView]:
    """Raises InvalidInput naming the filter, ``cursor`` or ``limit``."""
    limit = check_limit(limit)
    rows = _matching(_visible(tenant_id, reseller_id), filter, ZoneInfo(zone))
    if cursor:
        (last,) = decode_cursor(cursor, length=1)
        if not isinstance(last, int):
            raise InvalidInput.one("cursor", "is not one this list gave out")
        rows = rows.filter(pk__lt=last)
    found = list(rows.order_by("-pk")[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    return Page([_view(row) for row in found[:limit]], more)


DECISIONS = (
    Event.RESOLVE_OPERATION,
    Event.APPROVE_OPERATION,
    Event.SECOND_WRITER_DEALT_WITH,
    Event.KEEP_DRIFT,
    Event.RESTORE_LINE,
    Event.AGREE_DRIFT,
    Event.CORRECT_CHANGE,
)


def decisions_on(
    *, tenant_id: int, reseller_id: int | None, subscription_id: int, limit: int = 20
) -> list[AuditView]:
    """What people decided about a subscription and its lines, newest first."""
    rows = _visible(tenant_id, reseller_id).filter(
        subscription_id=subscription_id, event__in=[event.value for event in DECISIONS]
    )
    return [_view(row) for row in rows.order_by("-pk")[:limit]]


def last_test(*, tenant_id: int, connection_id: int) -> AuditView | None:
    """Of a connection that is known to be in the context; None when it was never tested."""
    rows = AuditLog.objects.filter(
        event=Event.TEST_CONNECTION.value, connection_id=connection_id, tenant_id=tenant_id
    )
    row = rows.order_by("-pk").first()
    return _view(row) if row else None


def last_at(event: Event, *, tenant_id: int, connection_id: int) -> datetime | None:
    """When this happened to a connection last; None: never."""
    rows = AuditLog.objects.filter(
        tenant_id=tenant_id, connection_id=connection_id, event=event.value
    )
    return rows.order_by("-pk").values_list("at", flat=True).first()


def failures_by_day(
    *, tenant_id: int, reseller_id: int | None, since: datetime, zone: str
) -> Mapping[date, Mapping[Event, int]]:
    """What did not work, by civil day of the zone: one question."""
    rows = _visible(tenant_id, reseller_id).filter(at__gte=since, status=Status.FAILED.value)
    by_day = rows.annotate(day=TruncDate("at", tzinfo=ZoneInfo(zone))).values("day", "event")
    found: dict[date, dict[Event, int]] = {}
    for one in by_day.annotate(number=Count("pk")).order_by():
        found.setdefault(one["day"], {})[Event(one["event"])] = one["number"]
    return found


def get_audit(*, tenant_id: int, reseller_id: int | None, audit_id: int) -> AuditView:
    """Raises NotFound, also when it is in somebody else's context."""
    row = _visible(tenant_id, reseller_id).filter(pk=audit_id).first()
    if row is None:
        raise NotFound("There is no such audit log.")
    return _view(row)


def _visible(tenant_id: int, reseller_id: int | None) -> QuerySet[AuditLog]:
    rows = AuditLog.objects.filter(tenant_id=tenant_id)
    return rows if reseller_id is None else rows.filter(reseller_id=reseller_id)


def _matching(rows: QuerySet[AuditLog], asked: AuditFilter, zone: ZoneInfo) -> QuerySet[AuditLog]:
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
    if asked.day_from:
        rows = rows.filter(at__gte=_midnight(asked.day_from, zone))
    if asked.day_to:
        rows = rows.filter(at__lt=_midnight(asked.day_to + timedelta(days=1), zone))
    exact = {
        "event": asked.event,
        "status": asked.status,
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
            Q(summary__icontains=word)
            | Q(customer_name__icontains=word)
            | Q(subscription_name__icontains=word)
            | Q(connection_name__icontains=word)
            | Q(actor__icontains=word)
        )
    return rows


def _plain(text: str) -> str:
    return text.replace("\x00", "").strip()[:200]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


def _view(row: AuditLog) -> AuditView:
    return AuditView(
        id=row.pk,
        at=row.at,
        event=Event(row.event),
        status=Status(row.status),
        actor=row.actor,
        customer_id=row.customer_id,
        customer_name=row.customer_name,
        subscription_id=row.subscription_id,
        subscription_name=row.subscription_name,
        connection_id=row.connection_id,
        connection_name=row.connection_name,
        operation_id=row.operation_id,
        summary=row.summary,
        details=row.details,
        correlation_id=row.correlation_id,
    )
