"""Seal anew, with the first key, what is under an older one: some connections a transaction.

Each transaction leaves its connections readable and has its audit record, so it may end anywhere;
whoever begins again finds what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db import connection as database
from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Actor, Subject, record
from tallystick.connections.models import Connection
from tallystick.connections.sealing import HAS_SECRETS, SEALED, seal, unseal
from tallystick.kit.chunks import chunks
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.seal_lock import key_to_seal
from tallystick.kit.secrets import CannotOpen, SealingKey

CONNECTIONS_A_TIME = 50
# One short statement for all of them; the one that Django would write takes six times as long.
STORE = """
    UPDATE connections_connection AS c
       SET key_id = %s, secret_sealed = sealed.secret, code_sealed = sealed.code
      FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[]) AS sealed (id, secret, code)
     WHERE c.id = sealed.id
"""


@dataclass(frozen=True, slots=True)
class Some:
    """What one transaction did: the names of the connections that were sealed anew, and of those
    that do not open and were left as they are."""

    done: Sequence[str]
    not_opened: Sequence[str]


def under_older_keys(keys: KeyRing) -> Sequence[tuple[int, int]]:
    """Tenant and connection, in that order, of what the ring opens and its first key does not."""
    older = [key.key_id for key in keys.all()[1:]]
    found = Connection.objects.filter(HAS_SECRETS, key_id__in=older)
    return list(found.order_by("tenant_id", "pk").values_list("tenant_id", "pk"))


def reseal(keys: KeyRing, *, actor: Actor, now: datetime, correlation_id: str) -> Iterator[Some]:
    """Answers after each transaction. Never called inside another one."""
    for tenant_id, found in groupby(under_older_keys(keys), key=lambda one: one[0]):
        for ids in chunks((pk for _, pk in found), CONNECTIONS_A_TIME):
            with transaction.atomic():
                key = key_to_seal(keys)
                rows = _still_older(ids, key)
                before = ", ".join(sorted({row.key_id for row in rows}))
                some = _seal_anew(rows, keys, key)
                if some.done:
                    record(
                        Event.ROTATE_KEYS,
                        actor=actor,
                        now=now,
                        subject=Subject(tenant_id=tenant_id),
                        correlation_id=correlation_id,
                        summary=f"Sealed with the key {key.key_id}: {_connections(some.done)}",
                        details={
                            "before": {"key": before},
                            "after": {"key": key.key_id},
                            "connections": list(some.done),
                        },
                    )
            yield some


def _still_older(ids: Sequence[int], key: SealingKey) -> Sequence[Connection]:
    """Locked, in one order; without those that somebody else has sealed meanwhile."""
    found = Connection.objects.select_for_update(no_key=True).filter(HAS_SECRETS, pk__in=ids)
    return list(found.exclude(key_id=key.key_id).order_by("pk"))


def _seal_anew(rows: Sequence[Connection], keys: KeyRing, key: SealingKey) -> Some:
    done, not_opened = [], []
    for row in rows:
        try:
            seal(row, unseal(row, SEALED, keys), key)
        except CannotOpen:
            not_opened.append(row)
        else:
            done.append(row)
    _store(done, key)
    return Some([row.name for row in done], [row.name for row in not_opened])


def _store(rows: Sequence[Connection], key: SealingKey) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            STORE,
            [
                key.key_id,
                [row.pk for row in rows],
                [row.secret_sealed for row in rows],
                [row.code_sealed for row in rows],
            ],
        )


def _connections(names: Sequence[str]) -> str:
    return "the credentials of one connection" if len(names) == 1 else f"{len(names)} connections"
