"""Invitations and password resets: a link that works once, for some time, kept as a hash.

The link is shown to the administrator who made it, once. Whoever opens it chooses a password; an
invitation then becomes a user in the context it was made for. What is unknown, used, withdrawn or
over is not told apart.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from tallystick.audit.events import Event
from tallystick.audit.record import Actor, Subject, record
from tallystick.identity.context import Context
from tallystick.identity.models import Reseller, SignInLink, User
from tallystick.identity.passwords import check_new_password
from tallystick.identity.people import add_user, read_email
from tallystick.identity.reach import SIGNING_IN, reach_to, reaching
from tallystick.identity.roles import Right, Role, check_of_people
from tallystick.kit.ids import link_token
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound

INVITED_FOR = timedelta(days=7)
RESET_FOR = timedelta(hours=24)
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Invitation:
    """One that has not been used."""

    id: int
    email: str
    name: str
    role: Role
    reseller_name: str
    made_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a link that works is for. ``resets``: the person is known and gets a new password."""

    email: str
    name: str
    resets: bool


def invite(
    *,
    email: str,
    name: str,
    role: Role,
    reseller_id: int | None,
    context: Context,
    now: datetime,
    correlation_id: str,
    by_mail: bool = False,
) -> tuple[int, str]:
    """Answer its id and the secret part of the link, which is not stored. ``by_mail``: the caller
    sends it, and the audit log says so.

    A CSP's administrator invites for the CSP (``reseller_id`` None) or one of its resellers, a
    reseller's for itself. An earlier invitation of the address is withdrawn.
    Raises NotAllowed, InvalidInput, NotFound, Conflicting.
    """
    context.require(Right.ADMINISTER)
    check_of_people(role)
    email, name = read_email(email), name.strip()
    if len(name) > LONGEST_NAME or "\x00" in name:
        raise InvalidInput.one("name", f"must have at most {LONGEST_NAME} characters")
    reseller_id = _where(context, reseller_id)
    plain = link_token()
    with transaction.atomic():
        if User.objects.filter(email=email).exists():
            raise Conflicting(f"A user with the address {email} already exists.")
        _open(context).filter(email=email, user__isnull=True).update(withdrawn_at=now)
        row = SignInLink.objects.create(
            tenant_id=context.tenant_id,
            reseller_id=reseller_id,
            email=email,
            name=name,
            role=role.value,
            digest=_digest(plain),
            made_by=context.actor.name[:200],
            created_at=now,
            expires_at=now + INVITED_FOR,
        )
        record(
            Event.INVITE_USER,
            actor=context.actor,
            now=now,
            subject=Subject(tenant_id=context.tenant_id, reseller_id=reseller_id),
            correlation_id=correlation_id,
            summary=f"{email} as {role.label}{', by e-mail' if by_mail else ''}",
        )
    return row.pk, plain


def ask_password_reset(
    user_id: int, *, context: Context, now: datetime, correlation_id: str
) -> str:
    """A link for a person who lost their password; answers its secret part. What they have goes on
    working until it is used. Raises NotAllowed, NotFound, Conflicting."""
    context.require(Right.ADMINISTER)
    plain = link_token()
    with transaction.atomic():
        user = User.objects.filter(**context.scope(), pk=user_id).first()
        if user is None:
            raise NotFound("There is no such user.")
        if not user.is_active:
            raise Conflicting(f"{user.email} is deactivated. Nothing was changed.")
        _open(context).filter(user=user).update(withdrawn_at=now)
        SignInLink.objects.create(
            tenant_id=user.tenant_id,
            reseller_id=user.reseller_id,
            user=user,
            email=user.email,
            name=user.name,
            role=user.role,
            digest=_digest(plain),
            made_by=context.actor.name[:200],
            created_at=now,
            expires_at=now + RESET_FOR,
        )
        record(
            Event.ASK_PASSWORD_RESET,
            actor=context.actor,
            now=now,
            subject=Subject(tenant_id=user.tenant_id, reseller_id=user.reseller_id),
            correlation_id=correlation_id,
            summary=user.email,
        )
    return plain


def withdraw_invitation(
    link_id: int, *, context: Context, now: datetime, correlation_id: str
) -> None:
    """Raises NotAllowed, NotFound."""
    context.require(Right.ADMINISTER)
    with transaction.atomic():
        row = (
            _open(context)
            .select_for_update(no_key=True)
            .filter(pk=link_id, user__isnull=True)
            .first()
        )
        if row is None:
            raise NotFound("There is no such invitation.")
        row.withdrawn_at = now
        row.save(update_fields=["withdrawn_at"])
        record(
            Event.WITHDRAW_INVITATION,
            actor=context.actor,
            now=now,
            subject=Subject(tenant_id=row.tenant_id, reseller_id=row.reseller_id),
            correlation_id=correlation_id,
            summary=row.email,
        )


def invitations(
    context: Context, *, now: datetime, cursor: str | None = None, limit: int = 50
) -> Page[Invitation]:
    """Those that can still be used, the newest first.

    Raises NotAllowed, InvalidInput naming ``cursor`` or ``limit``.
    """
    context.require(Right.ADMINISTER, Right.EXPORT)
    limit = check_limit(limit)
    rows = _open(context).filter(user__isnull=True, expires_at__gt=now)
    if cursor:
        (last,) = decode_cursor(cursor, length=1)
        rows = rows.filter(pk__lt=last)
    found = list(rows.select_related("reseller").order_by("-pk")[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    views = [
        Invitation(
            id=row.pk,
            email=row.email,
            name=row.name,
            role=Role(row.role),
            reseller_name=row.reseller.name if row.reseller else "",
            made_by=row.made_by,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
        for row in found[:limit]
    ]
    return Page(views, more)


@reaching(SIGNING_IN)
def welcome(plain: str, *, now: datetime) -> Welcome | None:
    """What the link is for; None when it does not work."""
    row = _usable(plain, now=now).first()
    return Welcome(row.email, row.name, row.user_id is not None) if row else None


def choose_password(
    plain: str, *, password: str, name: str, now: datetime, correlation_id: str
) -> int | None:
    """Use the link, once; answer the user's id. None when it does not work (any more).

    All sessions the person had end. Raises InvalidInput; then the link still works.
    """
    with reaching(SIGNING_IN):
        found = _usable(plain, now=now).values_list("tenant_id", "reseller_id").first()
    if found is None:
        return None
    tenant_id, reseller_id = found
    with reaching(reach_to(tenant_id, reseller_id)), transaction.atomic():
        row = _usable(plain, now=now).select_for_update(no_key=True, of=("self",)).first()
        if row is None:
            return None
        user_id = (
            _known(row, password, now=now, correlation_id=correlation_id)
            if row.user_id is not None
            else _new(row, password, name, now=now, correlation_id=correlation_id)
        )
        row.used_at = now
        row.save(update_fields=["used_at"])
    return user_id


def still_open(row: SignInLink, *, now: datetime) -> bool:
    """Whether the link works at this moment."""
    return row.used_at is None and row.withdrawn_at is None and row.expires_at > now


def _new(row: SignInLink, password: str, name: str, *, now: datetime, correlation_id: str) -> int:
    name = name.strip() or row.name
    if len(name) > LONGEST_NAME or "\x00" in name:
        raise InvalidInput.one("name", f"must have at most {LONGEST_NAME} characters")
    return add_user(
        tenant_id=row.tenant_id,
        reseller_id=row.reseller_id,
        email=row.email,
        password=password,
        role=Role(row.role),
        now=now,
        correlation_id=correlation_id,
        name=name,
        actor=Actor(ref=f"invitation/{row.pk}", name=f"{row.email}, invited by {row.made_by}"),
    )


def _known(row: SignInLink, password: str, *, now: datetime, correlation_id: str) -> int:
    user = User.objects.select_for_update(no_key=True).get(signinlink=row)
    check_new_password(password, user)
    user.set_password(password)
    user.sessions_epoch += 1
    user.save(update_fields=["password", "sessions_epoch"])
    record(
        Event.CHANGE_PASSWORD,
        actor=Actor(ref=f"user/{user.pk}", name=user.name or user.email),
        now=now,
        subject=Subject(tenant_id=user.tenant_id, reseller_id=user.reseller_id),
        correlation_id=correlation_id,
        summary=f"{user.email}, with a link made by {row.made_by}: every session ended",
    )
    return user.pk


def _where(context: Context, reseller_id: int | None) -> int | None:
    """The reseller to invite for. Raises NotFound when it is not in the context."""
    if context.reseller_id is not None:
        if reseller_id not in (None, context.reseller_id):
            raise NotFound("There is no such reseller.")
        return context.reseller_id
    if reseller_id is not None:
        of = Reseller.objects.filter(tenant_id=context.tenant_id, pk=reseller_id)
        if not of.exists():
            raise NotFound("There is no such reseller.")
    return reseller_id


def _open(context: Context) -> QuerySet[SignInLink]:
    return SignInLink.objects.filter(
        **context.scope(), used_at__isnull=True, withdrawn_at__isnull=True
    )


def _usable(plain: str, *, now: datetime) -> QuerySet[SignInLink]:
    rows = SignInLink.objects.filter(
        digest=_digest(plain), used_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=now
    )
    return rows.exclude(user__is_active=False)


def _digest(plain: str) -> bytes:
    # 256 random bits need no slow hash: they cannot be guessed.
    return hashlib.sha256(plain.encode()).digest()
