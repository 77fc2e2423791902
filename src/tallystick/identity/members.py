"""The people of a context: who they are, what they may, and when that ends.

What is changed here counts with their next request: the role is read with each, and a session is
signed with a number of the person that grows when all of them are to end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.identity.context import Context
from tallystick.identity.models import ApiToken, SecondFactor, Tenant, User
from tallystick.identity.roles import Right, Role, check_of_people
from tallystick.identity.tokens import rights_of
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import Conflicting, NotFound


@dataclass(frozen=True, slots=True)
class Member:
    """A person as the doors show them. ``reseller_name`` is empty for the CSP's own."""

    id: int
    email: str
    name: str
    role: Role
    reseller_id: int | None
    reseller_name: str
    is_active: bool
    has_codes: bool
    last_sign_in_at: datetime | None
    created_at: datetime


def list_members(
    context: Context, *, search: str = "", cursor: str | None = None, limit: int = 50
) -> Page[Member]:
    """By address. Raises NotAllowed, InvalidInput naming ``cursor`` or ``limit``."""
    context.require(Right.ADMINISTER, Right.EXPORT)
    limit = check_limit(limit)
    rows = User.objects.filter(**context.scope())
    for word in search.replace("\x00", "").split():
        rows = rows.filter(Q(email__icontains=word) | Q(name__icontains=word))
    if cursor:
        email, pk = decode_cursor(cursor, length=2)
        rows = rows.filter(Q(email__gt=email) | Q(email=email, pk__gt=pk))
    found = list(rows.select_related("reseller").order_by("email", "pk")[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    more = encode_cursor([last.email, last.pk]) if last else None
    return Page(_views(found[:limit]), more)


def get_member(context: Context, user_id: int) -> Member:
    """Raises NotAllowed; NotFound, also when they are in somebody else's context."""
    context.require(Right.ADMINISTER, Right.EXPORT)
    rows = User.objects.filter(**context.scope(), pk=user_id).select_related("reseller")
    found = _views(list(rows))
    if not found:
        raise NotFound("There is no such user.")
    return found[0]


def change_role(
    user_id: int, role: Role, *, context: Context, now: datetime, correlation_id: str
) -> None:
    """API tokens they made and that may more than they may now are revoked.

    Raises NotAllowed, NotFound, Conflicting when nobody would administrate the context.
    """
    context.require(Right.ADMINISTER)
    check_of_people(role)
    with transaction.atomic():
        user = _locked(context, user_id)
        before = Role(user.role)
        if before is role:
            return
        if before is Role.ADMINISTRATOR:
            _not_the_last(user)
        user.role = role.value
        user.save(update_fields=["role"])
        ended = _revoke_beyond(user, role, now)
        details = {"before": {"role": before.value}, "after": {"role": role.value}}
        summary = f"{user.email}: {before.label} to {role.label}, {ended} API tokens revoked"
        _record(Event.CHANGE_ROLE, user, context, now, correlation_id, summary, details)


def deactivate(user_id: int, *, context: Context, now: datetime, correlation_id: str) -> int:
    """Their sessions end, and the API tokens they made; answers how many tokens.

    Raises NotAllowed, NotFound, Conflicting when nobody would administrate the context.
    """
    with transaction.atomic():
        user = _locked(context, user_id)
        if not user.is_active:
            return 0
        if Role(user.role) is Role.ADMINISTRATOR:
            _not_the_last(user)
        user.is_active = False
        user.sessions_epoch += 1
        user.save(update_fields=["is_active", "sessions_epoch"])
        tokens = ApiToken.objects.filter(made_by=user, revoked_at__isnull=True)
        ended = tokens.update(revoked_at=now)
        summary = f"{user.email}: their sessions ended, {ended} API tokens revoked"
        _record(Event.DEACTIVATE_USER, user, context, now, correlation_id, summary)
    return ended


def activate(user_id: int, *, context: Context, now: datetime, correlation_id: str) -> None:
    """They may sign in again, with the password they had. Raises NotAllowed, NotFound."""
    with transaction.atomic():
        user = _locked(context, user_id)
        if user.is_active:
            return
        user.is_active = True
        user.save(update_fields=["is_active"])
        _record(Event.ACTIVATE_USER, user, context, now, correlation_id, user.email)


def end_sessions(user_id: int, *, context: Context, now: datetime, correlation_id: str) -> None:
    """All of a person's, at once; one's own without a right. Raises NotAllowed, NotFound."""
    with transaction.atomic():
        own = context.actor.ref == f"user/{user_id}"
        user = User.objects.get(pk=user_id) if own else _locked(context, user_id)
        user.sessions_epoch += 1
        user.save(update_fields=["sessions_epoch"])
        _record(Event.END_SESSIONS, user, context, now, correlation_id, user.email)


def _locked(context: Context, user_id: int) -> User:
    """Together with their context, so that two administrators cannot take each other away."""
    context.require(Right.ADMINISTER)
    Tenant.objects.select_for_update(no_key=True).get(pk=context.tenant_id)
    rows = User.objects.select_for_update(no_key=True, of=("self",))
    user = rows.filter(**context.scope(), pk=user_id).first()
    if user is None:
        raise NotFound("There is no such user.")
    return user


def _revoke_beyond(user: User, role: Role, now: datetime) -> int:
    beyond = [
        token.pk
        for token in ApiToken.objects.filter(made_by=user, revoked_at__isnull=True)
        if not rights_of(token) <= role.rights
    ]
    return ApiToken.objects.filter(pk__in=beyond).update(revoked_at=now)


def _not_the_last(user: User) -> None:
    others = User.objects.filter(
        tenant_id=user.tenant_id,
        reseller=user.reseller,
        role=Role.ADMINISTRATOR.value,
        is_active=True,
    ).exclude(pk=user.pk)
    if user.is_active and not others.exists():
        raise Conflicting(
            f"{user.email} is the last administrator here: nobody could invite or help anybody "
            "any more. Nothing was changed. Make somebody else an administrator first."
        )


def _record(
    event: Event,
    user: User,
    context: Context,
    now: datetime,
    correlation_id: str,
    summary: str,
    details: Mapping[str, object] | None = None,
) -> None:
    record(
        event,
        actor=context.actor,
        now=now,
        subject=Subject(tenant_id=user.tenant_id, reseller_id=user.reseller_id),
        correlation_id=correlation_id,
        summary=summary,
        details=details,
    )


def _views(rows: Sequence[User]) -> list[Member]:
    with_codes = set(
        SecondFactor.objects.filter(user__in=rows, confirmed_at__isnull=False).values_list(
            "user_id", flat=True
        )
    )
    return [
        Member(
            id=row.pk,
            email=row.email,
            name=row.name,
            role=Role(row.role),
            reseller_id=row.reseller_id,
            reseller_name=row.reseller.name if row.reseller else "",
            is_active=row.is_active,
            has_codes=row.pk in with_codes,
            last_sign_in_at=row.last_login,
            created_at=row.created_at,
        )
        for row in rows
    ]
