"""A connection's credentials under the server's keys: sealed with the first, opened with any.

Sealing and removing a key exclude each other through the database: whoever seals holds the ring
until its transaction has ended, so a key that nothing needs is needed by nothing under way either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection as database
from django.db.models import Count, Q

from tallystick.connections.models import Connection
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.secrets import SealingKey, Secret

# The sealed ones of a connection, by the name a person gives them.
SEALED = {"secret": "secret_sealed", "code": "code_sealed"}
# A deleted connection has none.
HAS_SECRETS = ~Q(secret_sealed=b"", code_sealed=b"")
_SEALING = "tallystick/sealing"


def place(connection_id: int, field: str) -> str:
    """The additional data a sealed credential is bound to."""
    return f"connection/{connection_id}/{field}"


def key_to_seal(keys: KeyRing) -> SealingKey:
    """The first one; it stays on the ring until the caller's transaction has ended."""
    _hold("pg_advisory_xact_lock_shared")
    return keys.first()


def let_nobody_seal() -> None:
    """Until the caller's transaction has ended; waits for those who do."""
    _hold("pg_advisory_xact_lock")


def seal(row: Connection, secrets: Mapping[str, Secret], key: SealingKey) -> None:
    """Put them on the row, which is not saved. What is not given must be of this key."""
    for name, secret in secrets.items():
        setattr(row, SEALED[name], key.seal(secret, place=place(row.pk, name)))
    row.key_id = key.key_id


def unseal(row: Connection, names: Iterable[str], keys: KeyRing) -> Mapping[str, Secret]:
    """Raises CannotOpen."""
    return {
        name: keys.open(
            bytes(getattr(row, SEALED[name])), key_id=row.key_id, place=place(row.pk, name)
        )
        for name in names
    }


def values_by_key() -> Mapping[str, int]:
    """How many sealed values there are under each key, by its id."""
    found = Connection.objects.filter(HAS_SECRETS).values("key_id").annotate(rows=Count("pk"))
    return {one["key_id"]: one["rows"] * len(SEALED) for one in found}


def _hold(lock: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(hashtextextended(%s, 0))", [_SEALING])
