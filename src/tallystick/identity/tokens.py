"""API tokens: made once, shown once, kept as a hash, turned into a context."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from tallystick.audit.events import Event
from tallystick.audit.record import SYSTEM, Actor, Subject, record
from tallystick.identity.context import Context
from tallystick.identity.models import ApiToken
from tallystick.identity.reach import SIGNING_IN, reaching
from tallystick.identity.roles import Right, Role, check_of_people
from tallystick.kit.ids import api_token
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import InvalidInput, NotFound

SHOWN = 9  # ``ts_`` and six characters: enough to tell tokens apart in a list
USE_IS_NOTED_EVERY = timedelta(minutes=1)
LONGEST_NAME = 200
LONGEST_LIFE = timedelta(days=5 * 366)


@dataclass(frozen=True, slots=True)
class TokenContext:
    """Who asks, and with which token (idempotency keys belong to a token)."""

    context: Context
    token_id: int


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as the doors show it. ``rights`` None: all of its role's."""

    id: int
    name: str
    starts_with: str
    role: Role
    rights: Sequence[Right] | None
    reseller_name: str
    made_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def works(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def create_token(
    *,
    tenant_id: int,
    reseller_id: int | None,
    role: Role,
    name: str,
    now: datetime,
    correlation_id: str,
    expires_at: datetime | None = None,
    rights: frozenset[Right] | None = None,
    made_by: int | None = None,
    actor: Actor = SYSTEM,
) -> tuple[int, str]:
    """Answer its id and the token itself, which is not stored. ``rights``: of those of its role
    only these. Raises InvalidInput."""
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or "\x00" in name:
        raise InvalidInput.one("name", f"must have 1 to {LONGEST_NAME} characters")
    if expires_at is not None and not now < expires_at <= now + LONGEST_LIFE:
        raise InvalidInput.one("expires_at", "must be a moment within the next five years")
    if rights is not None and not rights <= role.rights:
        beyond = ", ".join(sorted(rights - role.rights))
        raise InvalidInput.one("rights", f"has more than a {role.label} may: {beyond}")
    if rights is not None and Right.READ not in rights:
        raise InvalidInput.one("rights", "must include read")
    plain = api_token()
    with transaction.atomic():
        row = ApiToken.objects.create(
            tenant_id=tenant_id,
            reseller_id=reseller_id,
            role=role.value,
            rights=None if rights is None else sorted(rights),
            name=name,
            made_by_id=made_by,
            prefix=plain[:SHOWN],
            digest=_digest(plain),
            created_at=now,
            expires_at=expires_at,
        )
        record(
            Event.CREATE_TOKEN,
            actor=actor,
            now=now,
            subject=Subject(tenant_id=tenant_id, reseller_id=reseller_id),
            correlation_id=correlation_id,
            summary=f"{name} as {role.label}",
            details={"starts_with": row.prefix},
        )
    return row.pk, plain


def context_of_token(plain: str, *, now: datetime) -> TokenContext | None:
    """None when it is unknown, expired or revoked: the three are not told apart."""
    with reaching(SIGNING_IN):
        row = (
            ApiToken.objects.filter(digest=_digest(plain), revoked_at__isnull=True)
            .filter(Q(expires_at__isnull=True) | Q(expires_at__gt=now))
            .first()
        )
        if row is None:
            return None
        if row.last_used_at is None or now - row.last_used_at >= USE_IS_NOTED_EVERY:
            ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)
    actor = Actor(ref=f"token/{row.pk}", name=f"{row.name} (API)")
    only = None if row.rights is None else rights_of(row)
    context = Context(row.tenant_id, row.reseller_id, Role(row.role), actor, only)
    return TokenContext(context, row.pk)


def rights_of(row: ApiToken) -> frozenset[Right]:
    """What a token may, by its role and what it was limited to."""
    held = Role(row.role).rights
    return held if row.rights is None else held & frozenset(map(Right, row.rights))


def list_tokens(context: Context, *, cursor: str | None = None, limit: int = 50) -> Page[TokenView]:
    """The newest first, with those that do not work any more.

    Raises NotAllowed, InvalidInput naming ``cursor`` or ``limit``.
    """
    context.require(Right.ADMINISTER, Right.EXPORT)
    limit = check_limit(limit)
    rows = ApiToken.objects.filter(**context.scope()).select_related("reseller", "made_by")
    if cursor:
        (last,) = decode_cursor(cursor, length=1)
        rows = rows.filter(pk__lt=last)
    found = list(rows.order_by("-pk")[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    return Page([_view(row) for row in found[:limit]], more)


def get_token(context: Context, token_id: int) -> TokenView:
    """Raises NotAllowed, NotFound."""
    context.require(Right.ADMINISTER, Right.EXPORT)
    rows = ApiToken.objects.filter(**context.scope(), pk=token_id)
    row = rows.select_related("reseller", "made_by").first()
    if row is None:
        raise NotFound("There is no such token.")
    return _view(row)


def _view(row: ApiToken) -> TokenView:
    return TokenView(
        id=row.pk,
        name=row.name,
        starts_with=row.prefix,
        role=Role(row.role),
        rights=None if row.rights is None else [Right(one) for one in row.rights],
        reseller_name=row.reseller.name if row.reseller else "",
        made_by=row.made_by.email if row.made_by else "",
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )


def make_token(
    *,
    context: Context,
    name: str,
    role: Role,
    rights: frozenset[Right] | None,
    expires_at: datetime | None,
    now: datetime,
    correlation_id: str,
) -> tuple[int, str]:
    """In the asker's own context. Raises NotAllowed, InvalidInput."""
    context.require(Right.ADMINISTER)
    check_of_people(role)
    kind, _, number = context.actor.ref.partition("/")
    return create_token(
        tenant_id=context.tenant_id,
        reseller_id=context.reseller_id,
        role=role,
        rights=rights,
        name=name,
        now=now,
        correlation_id=correlation_id,
        expires_at=expires_at,
        made_by=int(number) if kind == "user" else None,
        actor=context.actor,
    )


def revoke(token_id: int, *, context: Context, now: datetime, correlation_id: str) -> None:
    """Raises NotAllowed; NotFound, also when it did not work any more."""
    context.require(Right.ADMINISTER)
    known = ApiToken.objects.filter(**context.scope(), pk=token_id).exists()
    if not known or not revoke_token(
        token_id,
        tenant_id=context.tenant_id,
        now=now,
        correlation_id=correlation_id,
        actor=context.actor,
    ):
        raise NotFound("There is no such token that still works.")


def revoke_token(
    token_id: int, *, tenant_id: int, now: datetime, correlation_id: str, actor: Actor = SYSTEM
) -> bool:
    """False when there is none that still worked."""
    with transaction.atomic():
        row = (
            ApiToken.objects.select_for_update(no_key=True)
            .filter(pk=token_id, tenant_id=tenant_id, revoked_at__isnull=True)
            .first()
        )
        if row is None:
            return False
        row.revoked_at = now
        row.save(update_fields=["revoked_at"])
        record(
            Event.REVOKE_TOKEN,
            actor=actor,
            now=now,
            subject=Subject(tenant_id=row.tenant_id, reseller_id=row.reseller_id),
            correlation_id=correlation_id,
            summary=row.name,
            details={"starts_with": row.prefix},
        )
    return True


def _digest(plain: str) -> bytes:
    # 256 random bits need no slow hash: they cannot be guessed.
    return hashlib.sha256(plain.encode()).digest()
