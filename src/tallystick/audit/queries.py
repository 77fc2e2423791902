"""Questions about what happened: newest first, never more than one context's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from tallystick.audit.events import Event, Status
from tallystick.audit.filters import AuditFilter, matching, visible
from tallystick.audit.models import AuditLink, AuditLog
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import InvalidInput, NotFound


@dataclass(frozen=True, slots=True)
class AuditView:
    """One record as the doors show it."""

    id: int
    at: datetime
    event: Event
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
    details: Mapping[str, Any]
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Place:
    """A record's place in its organisation's chain: its number, from 1, and its hash in hex."""

    number: int
    hash: str


def list_audit(
    *,
    tenant_id: int,
    reseller_id: int | None,
    filter: AuditFilter,
    cursor: str | None = None,
    limit: int = 50,
    zone: str = "UTC",
) -> Page[AuditView]:
    """By id, the newest first; where days are asked for by the time of the act, so that the days
    after them cost nothing. Raises InvalidInput naming the filter, ``cursor`` or ``limit``."""
    limit = check_limit(limit)
    seen = visible(tenant_id, reseller_id)
    rows = matching(seen, filter, ZoneInfo(zone))
    if cursor:
        rows = _beyond(rows, seen, cursor, by_day=filter.by_day)
    found = list(rows.order_by(*(["-at"] if filter.by_day else []), "-pk")[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    return Page([_view(row) for row in found[:limit]], more)


def _beyond(
    rows: QuerySet[AuditLog], seen: QuerySet[AuditLog], cursor: str, *, by_day: bool
) -> QuerySet[AuditLog]:
    """What comes after the record the cursor names."""
    (last,) = decode_cursor(cursor, length=1)
    if not by_day:
        return rows.filter(pk__lt=last)
    at = seen.filter(pk=last).values_list("at", flat=True).first()
    if at is None:
        raise InvalidInput.one("cursor", "is not one this list gave out")
    return rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=last), at__lte=at)


DECISIONS = (
    Event.RESOLVE_OPERATION,
    Event.APPROVE_OPERATION,
    Event.SECOND_WRITER_DEALT_WITH,
    Event.KEEP_DRIFT,
    Event.RESTORE_LINE,
    Event.AGREE_DRIFT,
    Event.CORRECT_CHANGE,
    Event.DECIDE_EVENT,
)


def decisions_on(
    *, tenant_id: int, reseller_id: int | None, subscription_id: int, limit: int = 20
) -> list[AuditView]:
    """What people decided about a subscription and its lines, newest first."""
    rows = visible(tenant_id, reseller_id).filter(
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
    rows = visible(tenant_id, reseller_id).filter(at__gte=since, status=Status.FAILED.value)
    by_day = rows.annotate(day=TruncDate("at", tzinfo=ZoneInfo(zone))).values("day", "event")
    found: dict[date, dict[Event, int]] = {}
    for one in by_day.annotate(number=Count("pk")).order_by():
        found.setdefault(one["day"], {})[Event(one["event"])] = one["number"]
    return found


def get_audit(*, tenant_id: int, reseller_id: int | None, audit_id: int) -> AuditView:
    """Raises NotFound, also when it is in somebody else's context."""
    row = visible(tenant_id, reseller_id).filter(pk=audit_id).first()
    if row is None:
        raise NotFound("There is no such audit log.")
    return _view(row)


def place_in_chain(*, tenant_id: int, audit_id: int) -> Place | None:
    """Of a record that is known to be in the context; None until its transaction has ended."""
    link = AuditLink.objects.filter(tenant_id=tenant_id, audit_id=audit_id).first()
    return Place(link.number, bytes(link.hash).hex()) if link else None


def _view(row: AuditLog) -> AuditView:
    return AuditView(
        id=row.pk,
        at=row.at,
        event=Event(row.event),
        status=Status(row.status),
        actor=row.actor,
        reseller_id=row.reseller_id,
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
