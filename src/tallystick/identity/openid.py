"""Sign in with an OpenID provider: what its token must say, and whom it is linked to.

A person links their account while they are signed in; from then on the provider's word is enough.
Addresses in a token decide nothing: a provider lets people choose them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import jwt
from django.db import IntegrityError, transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.identity.context import Context
from tallystick.identity.models import OpenIdentity, User
from tallystick.identity.reach import SIGNING_IN, reaching
from tallystick.kit.problem import Conflicting, Problem

ALGORITHMS: Final = ("RS256", "PS256", "ES256")
CLOCKS_DIFFER_BY: Final = timedelta(seconds=60)
LONGEST_SUBJECT: Final = 300
_SAID: Final = (
    "The answer does not prove who you are. Nobody was signed in. Begin again; if it stays so, "
    "sign in with your password and tell your administrator."
)


class NotBelieved(Problem):
    """The provider's answer does not prove who it is. Nobody was signed in."""

    title = "Not signed in"


def subject_of(
    token: str,
    *,
    keys: Mapping[str, Any],
    issuer: str,
    client_id: str,
    nonce: str,
    now: datetime,
) -> str:
    """Who an ID token is about, by the provider's own name. ``keys``: its JWK set.

    Raises NotBelieved unless it is signed by one of the keys, by this issuer, for us, in answer to
    this very question, and not over.
    """
    try:
        header = jwt.get_unverified_header(token)
        known = jwt.PyJWKSet.from_dict(dict(keys)).keys
        key = next(one for one in known if one.key_id == header.get("kid"))
        said = jwt.decode(
            token,
            key.key,
            algorithms=list(ALGORITHMS),
            audience=client_id,
            issuer=issuer,
            # The time is ours to say, not the library's.
            options={
                "require": ["exp", "iat", "sub", "nonce"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
        ends, began = float(said["exp"]), float(said["iat"])
    except (jwt.PyJWTError, StopIteration, TypeError, ValueError, KeyError):
        raise NotBelieved(_SAID) from None
    at, slack = now.timestamp(), CLOCKS_DIFFER_BY.total_seconds()
    several = isinstance(said["aud"], list) and len(said["aud"]) > 1
    subject = said["sub"]
    if (
        said["nonce"] != nonce
        or not began - slack <= at < ends + slack
        or (several and said.get("azp") != client_id)
        or not isinstance(subject, str)
        or not 1 <= len(subject) <= LONGEST_SUBJECT
    ):
        raise NotBelieved(_SAID)
    return subject


def linked_person(issuer: str, subject: str) -> User | None:
    """Whom it is linked to; None when nobody, or somebody deactivated."""
    with reaching(SIGNING_IN):
        row = OpenIdentity.objects.filter(issuer=issuer, subject=subject, user__is_active=True)
        found = row.select_related("user").first()
    return found.user if found else None


def link(
    user_id: int, issuer: str, subject: str, *, context: Context, now: datetime, correlation_id: str
) -> None:
    """In place of an earlier one of theirs. Raises Conflicting when somebody else has it."""
    try:
        with transaction.atomic():
            OpenIdentity.objects.update_or_create(
                user_id=user_id,
                defaults={
                    "tenant_id": context.tenant_id,
                    "issuer": issuer,
                    "subject": subject,
                    "linked_at": now,
                },
            )
            _record(Event.LINK_SIGN_IN, context, now, correlation_id, issuer)
    except IntegrityError:
        raise Conflicting("That account is linked to another user. Nothing was changed.") from None


def unlink(user_id: int, *, context: Context, now: datetime, correlation_id: str) -> None:
    with transaction.atomic():
        if OpenIdentity.objects.filter(user_id=user_id).delete()[0]:
            _record(Event.UNLINK_SIGN_IN, context, now, correlation_id, "")


def is_linked(user_id: int) -> bool:
    return OpenIdentity.objects.filter(user_id=user_id).exists()


def _record(
    event: Event, context: Context, now: datetime, correlation_id: str, issuer: str
) -> None:
    record(
        event,
        actor=context.actor,
        now=now,
        subject=Subject(tenant_id=context.tenant_id, reseller_id=context.reseller_id),
        correlation_id=correlation_id,
        summary=context.actor.name,
        details={"issuer": issuer} if issuer else None,
    )
