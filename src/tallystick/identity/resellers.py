"""The resellers of a CSP: made, renamed, listed. Only the CSP itself knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.identity.context import Context
from tallystick.identity.models import Reseller
from tallystick.identity.roles import Right
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import Conflicting, InvalidInput, NotAllowed, NotFound

LONGEST = 200


@dataclass(frozen=True, slots=True)
class ResellerView:
    id: int
    name: str


def list_resellers(context: Context) -> list[ResellerView]:
    """By name. Raises NotAllowed."""
    _require_csp(context, Right.READ)
    rows = Reseller.objects.filter(tenant_id=context.tenant_id).order_by("name", "pk")
    return [ResellerView(row.pk, row.name) for row in rows]


def page_resellers(context: Context, *, cursor: str | None, limit: int) -> Page[ResellerView]:
    """By name. Raises NotAllowed, InvalidInput naming ``cursor`` or ``limit``."""
    _require_csp(context, Right.READ)
    limit = check_limit(limit)
    rows = Reseller.objects.filter(tenant_id=context.tenant_id)
    if cursor:
        name, pk = decode_cursor(cursor, length=2)
        rows = rows.filter(Q(name__gt=name) | Q(name=name, pk__gt=pk))
    found = list(rows.order_by("name", "pk")[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    more = encode_cursor([last.name, last.pk]) if last else None
    return Page([ResellerView(row.pk, row.name) for row in found[:limit]], more)


def get_reseller(context: Context, reseller_id: int) -> ResellerView:
    """Raises NotAllowed, NotFound."""
    _require_csp(context, Right.READ)
    row = Reseller.objects.filter(tenant_id=context.tenant_id, pk=reseller_id).first()
    if row is None:
        raise NotFound("There is no such reseller.")
    return ResellerView(row.pk, row.name)


def make_reseller(
    name: str, *, context: Context, now: datetime, correlation_id: str
) -> ResellerView:
    """Raises NotAllowed, InvalidInput, Conflicting."""
    _require_csp(context, Right.ADMINISTER)
    name = _name(name)
    with transaction.atomic():
        row, created = Reseller.objects.get_or_create(
            tenant_id=context.tenant_id, name=name, defaults={"created_at": now}
        )
        if not created:
            raise _taken(name)
        _note(Event.CREATE_RESELLER, context, now, correlation_id, name, row.pk)
    return ResellerView(row.pk, name)


def rename_reseller(
    reseller_id: int, name: str, *, context: Context, now: datetime, correlation_id: str
) -> ResellerView:
    """The same name again changes nothing. Raises NotAllowed, NotFound, InvalidInput,
    Conflicting."""
    _require_csp(context, Right.ADMINISTER)
    name = _name(name)
    with transaction.atomic():
        rows = Reseller.objects.select_for_update(no_key=True).filter(tenant_id=context.tenant_id)
        row = rows.filter(pk=reseller_id).first()
        if row is None:
            raise NotFound("There is no such reseller. Nothing was changed.")
        if row.name == name:
            return ResellerView(row.pk, name)
        if rows.filter(name=name).exists():
            raise _taken(name)
        words = f"{row.name} is now {name}"
        row.name = name
        row.save(update_fields=["name"])
        _note(Event.RENAME_RESELLER, context, now, correlation_id, words, row.pk)
    return ResellerView(row.pk, name)


def require_csp(context: Context) -> None:
    """Raises NotAllowed."""
    if context.reseller_id is not None:
        raise NotAllowed("Only the CSP keeps its resellers. Nothing was changed.")


def _require_csp(context: Context, right: Right) -> None:
    context.require(right)
    require_csp(context)


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > LONGEST or "\x00" in name:
        raise InvalidInput.one("name", f"must have 1 to {LONGEST} characters")
    return name


def _taken(name: str) -> Conflicting:
    return Conflicting(f"There is a reseller {name} already. Nothing was changed.")


def _note(
    event: Event, context: Context, now: datetime, correlation_id: str, words: str, reseller_id: int
) -> None:
    record(
        event,
        actor=context.actor,
        now=now,
        subject=Subject(tenant_id=context.tenant_id),
        correlation_id=correlation_id,
        summary=words,
        details={"reseller_id": reseller_id},
    )
