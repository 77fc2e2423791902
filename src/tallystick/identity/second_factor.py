"""Sign-in codes of an authenticator app (TOTP, RFC 6238), and recovery codes for a lost one.

The app's secret is sealed with the server's keys; recovery codes are kept as hashes and work once.
A code is taken once: the last step that was used is kept, and an earlier one is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyotp
from django.db import transaction
from django.db.models import Count

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.identity.context import Context
from tallystick.identity.models import SecondFactor, Tenant, User
from tallystick.identity.roles import Right
from tallystick.kit.ids import recovery_code, totp_secret
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.kit.seal_lock import key_to_seal
from tallystick.kit.secrets import CannotOpen, Secret

STEP_SECONDS = 30
STEPS_ASIDE = 1  # clocks differ by some seconds
RECOVERY_CODES = 10
ISSUER = "Tallystick"


@dataclass(frozen=True, slots=True)
class Begun:
    """What an authenticator app is given: typed by hand, or as its address."""

    secret: str
    address: str


def begin_codes(user_id: int, *, keys: KeyRing) -> Begun:
    """A new secret, which counts once a code of it was typed. Raises Conflicting."""
    plain = totp_secret()
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user_id)
        if has_codes(user_id):
            raise Conflicting("Sign-in codes are set up already. Nothing was changed.")
        key = key_to_seal(keys)
        SecondFactor.objects.update_or_create(
            user=user,
            defaults={
                "tenant_id": user.tenant_id,
                "secret_sealed": key.seal(Secret(plain), place=_place(user_id)),
                "key_id": key.key_id,
                "confirmed_at": None,
                "recovery": [],
            },
        )
    address = pyotp.TOTP(plain).provisioning_uri(name=user.email, issuer_name=ISSUER)
    return Begun(plain, address)


def confirm_codes(
    user_id: int, code: str, *, keys: KeyRing, context: Context, now: datetime, correlation_id: str
) -> Sequence[str]:
    """The app shows the right code: from now on it is asked for. Answers the recovery codes, which
    are not stored. Raises InvalidInput."""
    with transaction.atomic():
        row = SecondFactor.objects.select_for_update(no_key=True).filter(user_id=user_id).first()
        if row is None or row.confirmed_at is not None or not _takes(row, code, keys, now):
            raise InvalidInput.one("code", "is not the one the app shows now")
        plain = [recovery_code() for _ in range(RECOVERY_CODES)]
        row.confirmed_at = now
        row.recovery = [_digest(one) for one in plain]
        row.save()
        _record(Event.SET_UP_CODES, row.user, context, now, correlation_id)
    return plain


def check_code(user_id: int, code: str, *, keys: KeyRing, now: datetime) -> bool:
    """A code of the app, or a recovery code; each is taken once."""
    with transaction.atomic():
        row = (
            SecondFactor.objects.select_for_update(no_key=True)
            .filter(user_id=user_id, confirmed_at__isnull=False)
            .first()
        )
        if row is None:
            return False
        digest = _digest(code)
        if digest in row.recovery:
            row.recovery = [one for one in row.recovery if one != digest]
        elif not _takes(row, code, keys, now):
            return False
        row.save()
    return True


def remove_codes(user_id: int, *, context: Context, now: datetime, correlation_id: str) -> None:
    """By an administrator, for who lost both. Raises NotAllowed, NotFound."""
    context.require(Right.ADMINISTER)
    with transaction.atomic():
        user = User.objects.filter(**context.scope(), pk=user_id).first()
        if user is None:
            raise NotFound("There is no such user.")
        if SecondFactor.objects.filter(user=user).delete()[0]:
            _record(Event.REMOVE_CODES, user, context, now, correlation_id)


def has_codes(user_id: int) -> bool:
    return SecondFactor.objects.filter(user_id=user_id, confirmed_at__isnull=False).exists()


def recovery_left(user_id: int) -> int:
    row = SecondFactor.objects.filter(user_id=user_id).first()
    return len(row.recovery) if row else 0


def requires_codes(tenant_id: int) -> bool:
    return Tenant.objects.values_list("requires_code", flat=True).get(pk=tenant_id)


def require_codes(wanted: bool, *, context: Context, now: datetime, correlation_id: str) -> None:
    """Of everybody in the organisation, its resellers too; the CSP decides. Raises NotAllowed."""
    context.require(Right.ADMINISTER)
    context.require_csp()
    with transaction.atomic():
        row = Tenant.objects.select_for_update(no_key=True).get(pk=context.tenant_id)
        if row.requires_code == wanted:
            return
        row.requires_code = wanted
        row.save(update_fields=["requires_code"])
        record(
            Event.REQUIRE_CODES,
            actor=context.actor,
            now=now,
            subject=Subject(tenant_id=context.tenant_id),
            correlation_id=correlation_id,
            summary="Everybody needs a code to sign in" if wanted else "Codes are optional",
        )


def codes_by_key() -> Mapping[str, int]:
    """How many secrets there are under each key, by its id."""
    found = SecondFactor.objects.values("key_id").annotate(rows=Count("pk"))
    return {one["key_id"]: one["rows"] for one in found}


def reseal_codes(keys: KeyRing) -> None:
    """Seal with the first key what an older one opens; what does not open is left as it is."""
    older = [key.key_id for key in keys.all()[1:]]
    for user_id in SecondFactor.objects.filter(key_id__in=older).values_list("pk", flat=True):
        with transaction.atomic():
            key = key_to_seal(keys)
            row = SecondFactor.objects.select_for_update(no_key=True).get(pk=user_id)
            place = _place(user_id)
            try:
                secret = keys.open(bytes(row.secret_sealed), key_id=row.key_id, place=place)
            except CannotOpen:
                continue
            row.secret_sealed, row.key_id = key.seal(secret, place=place), key.key_id
            row.save(update_fields=["secret_sealed", "key_id"])


def _takes(row: SecondFactor, code: str, keys: KeyRing, now: datetime) -> bool:
    """Raises CannotOpen when the sealing key is missing."""
    typed = code.replace(" ", "")
    secret = keys.open(bytes(row.secret_sealed), key_id=row.key_id, place=_place(row.user_id))
    totp = pyotp.TOTP(secret.reveal())
    present = int(now.timestamp()) // STEP_SECONDS
    for step in range(present - STEPS_ASIDE, present + STEPS_ASIDE + 1):
        if step > row.last_step and totp.verify(typed, for_time=step * STEP_SECONDS):
            row.last_step = step
            return True
    return False


def _place(user_id: int) -> str:
    """The additional data a sealed secret is bound to."""
    return f"user/{user_id}/codes"


def _digest(code: str) -> str:
    return hashlib.sha256(code.strip().lower().encode()).hexdigest()


def _record(event: Event, user: User, context: Context, now: datetime, correlation_id: str) -> None:
    record(
        event,
        actor=context.actor,
        now=now,
        subject=Subject(tenant_id=user.tenant_id, reseller_id=user.reseller_id),
        correlation_id=correlation_id,
        summary=user.email,
    )
