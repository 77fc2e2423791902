"""Sign in with a password: who it is, or how long to wait, or that it is not right.

A known device (one the same person signed in with before) is counted by itself; everybody else by
name and by address. An unknown name costs as long as a known one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.backends import ModelBackend
from django.core import signing
from django.http import HttpRequest

from tallystick.identity.models import User
from tallystick.identity.reach import SIGNING_IN, reaching
from tallystick.identity.throttle import (
    Count,
    begin_try,
    it_was_right,
    of_address,
    of_device,
    of_name,
)
from tallystick.kit.ids import link_token

BACKEND = "tallystick.identity.sign_in.People"
CODE_WITHIN = timedelta(minutes=5)
DEVICE_FOR = 180 * 24 * 3600
_DEVICE = "tallystick.device"
# What the doors call a person whom they only pass on.
Person = User


@dataclass(frozen=True, slots=True)
class Tried:
    """``person`` when the password is right; ``wait_until`` when it was not looked at."""

    person: User | None
    wait_until: datetime | None = None


class People(ModelBackend):
    """Django's backend: who a session belongs to. Passwords are looked at below, and counted."""

    def authenticate(self, request: HttpRequest | None, **_: object) -> None:  # type: ignore[override]  # noqa: ARG002 - nobody signs in uncounted
        return None

    def get_user(self, user_id: int) -> User | None:
        with reaching(SIGNING_IN):
            return User.objects.filter(pk=user_id, is_active=True).first()


@reaching(SIGNING_IN)
def sign_in_with_password(
    email: str, password: str, *, address: str, device: str, now: datetime
) -> Tried:
    """``device``: what the browser kept of an earlier sign-in, or nothing."""
    email = email.strip().lower()
    person = User.objects.filter(email=email).first()
    known = device_of(device, person) if person is not None else ""
    counts = [of_device(known)] if known else [of_name(email), of_address(address)]
    if wait_until := begin_try(counts, now=now):
        return Tried(None, wait_until)
    if person is None:
        User().set_password(password)  # as long as for somebody who is known
        return Tried(None)
    if not person.check_password(password) or not person.is_active:
        return Tried(None)
    it_was_right(counts)
    return Tried(person)


def half_of(person: User, *, now: datetime) -> tuple[int, str]:
    """What a session keeps between the password and the code."""
    return person.pk, now.isoformat()


def half_signed_in(half: tuple[int, str], *, now: datetime) -> User | None:
    """Who showed the password a moment ago; None when that is too long ago."""
    user_id, at = half
    if now - datetime.fromisoformat(at) > CODE_WITHIN:
        return None
    with reaching(SIGNING_IN):
        return User.objects.filter(pk=user_id, is_active=True).first()


def new_device(person: User) -> str:
    """What the browser is to keep: it opens nothing, it only is not counted as a stranger."""
    return signing.dumps([person.pk, link_token()[:22]], salt=_DEVICE)


def device_of(kept: str, person: User) -> str:
    """The device's own name, empty unless it is one of this person's."""
    try:
        user_id, name = signing.loads(kept, salt=_DEVICE, max_age=DEVICE_FOR)
    except (signing.BadSignature, ValueError, TypeError):
        return ""
    return str(name) if user_id == person.pk else ""


def counts_of(person: User, *, what: str) -> list[Count]:
    """Of what a signed-in person is asked once more, like a code."""
    return [Count(f"{what}/{person.pk}", 5)]
