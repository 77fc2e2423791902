"""Sealing and removing a key exclude each other, through the database.

Whoever seals holds the ring until its transaction has ended, so a key that nothing needs is needed
by nothing under way either.
"""

from __future__ import annotations

from django.db import connection

from tallystick.kit.key_ring import KeyRing
from tallystick.kit.secrets import SealingKey

_SEALING = "tallystick/sealing"


def key_to_seal(keys: KeyRing) -> SealingKey:
    """The first one; it stays on the ring until the caller's transaction has ended."""
    _hold("pg_advisory_xact_lock_shared")
    return keys.first()


def let_nobody_seal() -> None:
    """Until the caller's transaction has ended; waits for those who do."""
    _hold("pg_advisory_xact_lock")


def _hold(lock: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(hashtextextended(%s, 0))", [_SEALING])
