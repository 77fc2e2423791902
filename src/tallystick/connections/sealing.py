"""A connection's credentials under the server's keys: sealed with the first, opened with any."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import Count, Q

from tallystick.connections.models import Connection
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.secrets import SealingKey, Secret

# The sealed ones of a connection, by the name a person gives them.
SEALED = {"secret": "secret_sealed", "code": "code_sealed"}
# A deleted connection has none.
HAS_SECRETS = ~Q(secret_sealed=b"", code_sealed=b"")


def place(connection_id: int, field: str) -> str:
    """The additional data a sealed credential is bound to."""
    return f"connection/{connection_id}/{field}"


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
