"""Audit logs as a file: the oldest first, each with its place in the chain.

A row holds all that the canonical form is made of (docs/audit-chain.md), its own hash and the hash
before it, so that whoever has the file can verify it without the database (``verify_file``).

1. Where the chain ends now is where the file ends: what is recorded meanwhile is not in it.
2. Pages of some hundred are read one after another, each where the one before ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast

from tallystick.audit.events import Event
from tallystick.audit.filters import AuditFilter, matching, visible
from tallystick.audit.models import AuditLink, AuditLog
from tallystick.kit.sheet import sheet

AT_ONCE = 500
HEADER = (
    *("number", "id", "recorded_at", "operation", "label", "status", "actor", "actor_ref"),
    *("reseller_id", "reseller_name", "customer_id", "customer_name"),
    *("subscription_id", "subscription_name", "connection_id", "connection_name"),
    *("operation_id", "delivery_id", "summary", "correlation_id", "tenant_id"),
    *("previous_hash", "hash", "details"),
)


# What a row has of its record as it is stored, in the order of the file.
STORED = (
    *("actor", "actor_ref", "reseller_id", "customer_id", "customer_name"),
    *("subscription_id", "subscription_name", "connection_id", "connection_name"),
    *("operation_id", "delivery_id", "summary", "correlation_id", "tenant_id"),
)
Row = dict[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Extent:
    """What is exported: the records a filter matches, up to one of the chain, and to one id."""

    rows: QuerySet[AuditLog]
    tenant_id: int
    by_day: bool
    up_to: int
    last_id: int


def extent(*, tenant_id: int, reseller_id: int | None, filter: AuditFilter, zone: str) -> Extent:
    """As of now. Raises InvalidInput naming the filter."""
    rows = matching(visible(tenant_id, reseller_id), filter, ZoneInfo(zone))
    chain = AuditLink.objects.filter(tenant_id=tenant_id).order_by("-number")
    ids = AuditLog.objects.filter(tenant_id=tenant_id).order_by("-pk")
    return Extent(
        rows,
        tenant_id,
        filter.by_day,
        up_to=chain.values_list("number", flat=True).first() or 0,
        last_id=ids.values_list("pk", flat=True).first() or 0,
    )


def as_csv(of: Extent, resellers: Mapping[int, str]) -> Iterator[bytes]:
    """With a header. ``resellers``: their names of today."""
    return sheet(HEADER, ([row[name] for name in HEADER] for row in _rows(of, resellers)))


def as_json(of: Extent, resellers: Mapping[int, str]) -> Iterator[bytes]:
    """One object a line; details as PostgreSQL writes them, down to the last zero of an amount."""
    for row in _rows(of, resellers):
        details = row.pop("details")
        start = json.dumps(row, ensure_ascii=False)[:-1]
        yield f'{start}, "details": {details}}}\n'.encode()


def _rows(of: Extent, resellers: Mapping[int, str]) -> Iterator[Row]:
    for page in _pages(of):
        links = _links(of, [one["pk"] for one in page])
        for one in page:
            if one["pk"] in links:
                yield _row(one, links[one["pk"]], resellers)


def _row(one: Mapping[str, Any], link: Mapping[str, Any], resellers: Mapping[int, str]) -> Row:
    return {
        "number": link["number"],
        "id": one["pk"],
        "recorded_at": f"{one['at'].astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        "operation": one["event"],
        "label": Event(one["event"]).label,
        "status": one["status"],
        "reseller_name": resellers.get(one["reseller_id"], ""),
        **{name: one[name] for name in STORED},
        "previous_hash": bytes(link["before"] or b"").hex(),
        "hash": bytes(link["hash"]).hex(),
        "details": one["details_text"],
    }


def _pages(of: Extent) -> Iterator[Sequence[Mapping[str, Any]]]:
    text = Cast(F("details"), TextField())
    rows = of.rows.annotate(details_text=text).filter(pk__lte=of.last_id)
    rows = rows.order_by(*(["at"] if of.by_day else []), "pk")
    after = Q()
    while page := list(
        rows.filter(after).values("pk", "at", "event", "status", *STORED, "details_text")[:AT_ONCE]
    ):
        yield page
        end = page[-1]
        after = Q(pk__gt=end["pk"])
        if of.by_day:
            after = Q(at__gte=end["at"]) & (Q(at__gt=end["at"]) | after)


def _links(of: Extent, ids: Sequence[int]) -> Mapping[int, Mapping[str, Any]]:
    """By the record's id, each with the hash before it; what came after the end has none."""
    chain = AuditLink.objects.filter(tenant_id=of.tenant_id)
    before = chain.filter(number=OuterRef("number") - 1).values("hash")
    found = chain.filter(audit_id__in=ids, number__lte=of.up_to).annotate(before=Subquery(before))
    return {one["audit_id"]: one for one in found.values("audit_id", "number", "hash", "before")}
