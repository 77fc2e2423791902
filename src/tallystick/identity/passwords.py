"""What a password must be, and how a person changes theirs."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Actor, Subject, record
from tallystick.identity.guessable import why_guessable
from tallystick.identity.models import User
from tallystick.kit.problem import InvalidInput

LONGEST = 1000  # more is no password, but work for the hash


def check_new_password(password: str, user: User) -> None:
    """At least 12 characters, not among those tried first, not like the person or their
    organisation. Raises InvalidInput."""
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    if len(password) > LONGEST:
        raise InvalidInput.one("password", f"must have at most {LONGEST} characters")
    if "\x00" in password:
        raise InvalidInput.one("password", "contains a character that nobody can type")
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput.one("password", ": " + " ".join(error.messages)) from None
    if why := why_guessable(password, common=_common(), known=_known(user)):
        raise InvalidInput.one("password", why)


@cache
def _common() -> Collection[str]:
    """Some 20,000 of known breaches, which come with Django."""
    from django.contrib.auth.password_validation import CommonPasswordValidator

    found: Collection[str] = CommonPasswordValidator().passwords
    return found


def _known(user: User) -> Collection[str]:
    reseller = user.reseller.name if user.reseller else ""
    return [user.email, user.name, user.tenant.name, reseller]


def change_password(
    user_id: int, *, old: str, new: str, now: datetime, correlation_id: str
) -> None:
    """By the person themselves; their other sessions end. Raises InvalidInput."""
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user_id)
        if not user.check_password(old):
            raise InvalidInput.one("old", "is not your password")
        check_new_password(new, user)
        user.set_password(new)
        user.sessions_epoch += 1
        user.save(update_fields=["password", "sessions_epoch"])
        record(
            Event.CHANGE_PASSWORD,
            actor=Actor(ref=f"user/{user.pk}", name=user.name or user.email),
            now=now,
            subject=Subject(tenant_id=user.tenant_id, reseller_id=user.reseller_id),
            correlation_id=correlation_id,
            summary=f"{user.email}: every other session ended",
        )
