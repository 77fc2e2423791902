"""How often somebody may try to sign in: a delay that grows with each failure.

A try is counted before the password is looked at, and taken back when it was right: a hundred tries
at the same moment are a hundred tries. Nobody is locked out by a stranger: a device that somebody
signed in with before has a count of its own (docs/adr, *A stranger locks nobody out*).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from tallystick.identity.models import FailedSignIns

LONGEST_WAIT = timedelta(minutes=20)
FORGOTTEN_AFTER = timedelta(hours=24)
FREE_OF_A_NAME = 5
FREE_OF_AN_ADDRESS = 30  # an office behind one address is many people

_COUNT = """
INSERT INTO identity_failed_sign_ins AS f (key, failures, last_at, wait_until)
VALUES (%(key)s, 1, %(now)s, %(now)s)
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN f.last_at < %(forgotten)s THEN 1 ELSE f.failures + 1 END,
    last_at = %(now)s
WHERE f.wait_until <= %(now)s
RETURNING failures
"""


@dataclass(frozen=True, slots=True)
class Count:
    """What is counted, and how many failures cost nothing."""

    key: str
    free: int


def of_name(email: str) -> Count:
    name = hashlib.sha256(email.strip().lower().encode()).hexdigest()
    return Count(f"name/{name}", FREE_OF_A_NAME)


def of_address(address: str) -> Count:
    return Count(f"address/{address[:60]}", FREE_OF_AN_ADDRESS)


def of_device(device: str) -> Count:
    return Count(f"device/{device[:60]}", FREE_OF_A_NAME)


def wait_after(failures: int, free: int) -> timedelta:
    """0, 0, ... then 2, 4, 8 seconds, up to twenty minutes."""
    beyond = failures - free
    if beyond <= 0:
        return timedelta()
    return min(timedelta(seconds=2 ** min(beyond, 20)), LONGEST_WAIT)


def begin_try(counts: Sequence[Count], *, now: datetime) -> datetime | None:
    """Count a try as failed; None when it may be made, else the moment from which another may.

    What must wait is not counted.
    """
    with transaction.atomic():
        for count in sorted(counts, key=lambda one: one.key):
            failures = _count(count, now)
            if failures is None:
                until = FailedSignIns.objects.values_list("wait_until", flat=True).get(pk=count.key)
                transaction.set_rollback(True)
                return until
            wait = now + wait_after(failures, count.free)
            FailedSignIns.objects.filter(pk=count.key).update(wait_until=wait)
    return None


def it_was_right(counts: Sequence[Count]) -> None:
    """Forget the failures of who has just signed in."""
    FailedSignIns.objects.filter(pk__in=[count.key for count in counts]).delete()


def forget_old_failures(*, now: datetime) -> int:
    """Answers how many were forgotten."""
    return FailedSignIns.objects.filter(last_at__lt=now - FORGOTTEN_AFTER).delete()[0]


def _count(count: Count, now: datetime) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"key": count.key, "now": now, "forgotten": now - FORGOTTEN_AFTER})
        row = cursor.fetchone()
    return row[0] if row else None
