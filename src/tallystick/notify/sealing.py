"""A recipient's address and signing key, sealed as a connection's credentials are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from tallystick.audit.events import Event
from tallystick.audit.record import Actor, Subject, record
from tallystick.kit.chunks import chunks
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.seal_lock import key_to_seal
from tallystick.kit.secrets import CannotOpen, SealingKey, Secret
from tallystick.notify.models import Recipient

# The columns, by the name of the place they are sealed for.
SEALED = {"target": "target_sealed", "secret": "secret_sealed"}
AT_ONCE = 50


def place(recipient_id: int, field: str) -> str:
    """The additional data a sealed value is bound to."""
    return f"recipient/{recipient_id}/{field}"


def seal(row: Recipient, values: Mapping[str, Secret], key: SealingKey) -> None:
    """Put them on the row, which is not saved. What is not given must be of this key."""
    for name, value in values.items():
        setattr(row, SEALED[name], key.seal(value, place=place(row.pk, name)))
    row.key_id = key.key_id


def unseal(row: Recipient, name: str, keys: KeyRing) -> Secret:
    """Raises CannotOpen."""
    sealed = bytes(getattr(row, SEALED[name]))
    return keys.open(sealed, key_id=row.key_id, place=place(row.pk, name))


def recipient_values_by_key() -> Mapping[str, int]:
    """How many sealed values there are under each key, by its id."""
    living = Recipient.objects.filter(deleted_at=None)
    found = living.values("key_id").annotate(rows=Count("pk"))
    return {one["key_id"]: one["rows"] * len(SEALED) for one in found}


def recipients_under_older_keys(keys: KeyRing) -> Sequence[int]:
    """Of what the ring opens and its first key does not."""
    older = [key.key_id for key in keys.all()[1:]]
    rows = Recipient.objects.filter(deleted_at=None, key_id__in=older).order_by("tenant_id", "pk")
    return list(rows.values_list("pk", flat=True))


def reseal_recipients(
    keys: KeyRing, *, actor: Actor, now: datetime, correlation_id: str
) -> Iterator[tuple[int, Sequence[str]]]:
    """Some a transaction: how many were sealed anew, and the names of those that do not open and
    were left as they are. Never called inside another transaction."""
    for ids in chunks(recipients_under_older_keys(keys), AT_ONCE):
        with transaction.atomic():
            key = key_to_seal(keys)
            rows = Recipient.objects.select_for_update(no_key=True).filter(
                pk__in=ids, deleted_at=None
            )
            done, not_opened = [], []
            for row in rows.exclude(key_id=key.key_id).order_by("pk"):
                try:
                    seal(row, {name: unseal(row, name, keys) for name in SEALED}, key)
                except CannotOpen:
                    not_opened.append(row.name)
                    continue
                row.save(update_fields=[*SEALED.values(), "key_id"])
                done.append(row)
            for tenant_id in sorted({row.tenant_id for row in done}):
                names = [row.name for row in done if row.tenant_id == tenant_id]
                record(
                    Event.ROTATE_KEYS,
                    actor=actor,
                    now=now,
                    subject=Subject(tenant_id=tenant_id),
                    correlation_id=correlation_id,
                    summary=f"Sealed with the key {key.key_id}: {len(names)} notifications",
                    details={"after": {"key": key.key_id}, "notifications": names},
                )
        yield len(done), not_opened
