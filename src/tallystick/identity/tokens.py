"""API tokens: made once, shown once, kept as a hash, turned into a context."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from tallystick.audit.events import Event
from tallystick.audit.record import SYSTEM, Actor, Subject, record
from tallystick.identity.context import Context
from tallystick.identity.models import ApiToken
from tallystick.identity.roles import Role
from tallystick.kit.ids import api_token
from tallystick.kit.problem import InvalidInput

SHOWN = 9  # ``ts_`` and six characters: enough to tell tokens apart in a list
USE_IS_NOTED_EVERY = timedelta(minutes=1)
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class TokenContext:
    """Who asks, and with which token (idempotency keys belong to a token)."""

    context: Context
    token_id: int


def create_token(
    *,
    tenant_id: int,
    reseller_id: int | None,
    role: Role,
    name: str,
    now: datetime,
    correlation_id: str,
    expires_at: datetime | None = None,
    actor: Actor = SYSTEM,
) -> tuple[int, str]:
    """Answer its id and the token itself, which is not stored. Raises InvalidInput."""
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidInput.one("name", f"must have 1 to {LONGEST_NAME} characters")
    plain = api_token()
    with transaction.atomic():
        row = ApiToken.objects.create(
            tenant_id=tenant_id,
            reseller_id=reseller_id,
            role=role.value,
            name=name,
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
    return TokenContext(Context(row.tenant_id, row.reseller_id, Role(row.role), actor), row.pk)


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
