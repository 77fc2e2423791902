"""A source's secrets under the server's keys, as a connection's are (``connections/sealing``)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count

from tallystick.audit.events import Event
from tallystick.audit.record import Actor, Subject, record
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.seal_lock import key_to_seal
from tallystick.kit.secrets import CannotOpen, Secret
from tallystick.sources.models import Source


@dataclass(frozen=True, slots=True)
class Resealed:
    """The name of a source that was sealed anew, or of one that does not open."""

    name: str
    opened: bool


def place(source_id: int) -> str:
    """The additional data its sealed secrets are bound to."""
    return f"source/{source_id}/secrets"


def seal_secrets(row: Source, secrets: Mapping[str, Secret], keys: KeyRing) -> None:
    """All of them as one value, put on the row, which is not saved. In a transaction."""
    key = key_to_seal(keys)
    text = json.dumps({name: secret.reveal() for name, secret in secrets.items()})
    row.secret_sealed = key.seal(Secret(text), place=place(row.pk))
    row.key_id = key.key_id


def open_secrets(row: Source, keys: KeyRing) -> Mapping[str, Secret]:
    """Raises CannotOpen. None are there: an empty mapping."""
    if not row.secret_sealed:
        return {}
    sealed = bytes(row.secret_sealed)
    text = keys.open(sealed, key_id=row.key_id, place=place(row.pk)).reveal()
    return {name: Secret(value) for name, value in json.loads(text).items()}


def sources_by_key() -> Mapping[str, int]:
    """How many sealed values there are under each key, by its id."""
    found = Source.objects.exclude(secret_sealed=b"").values("key_id").annotate(rows=Count("pk"))
    return {one["key_id"]: one["rows"] for one in found}


def sources_under_older_keys(keys: KeyRing) -> Sequence[int]:
    older = [key.key_id for key in keys.all()[1:]]
    found = Source.objects.exclude(secret_sealed=b"").filter(key_id__in=older)
    return list(found.order_by("pk").values_list("pk", flat=True))


def reseal_sources(
    keys: KeyRing, *, actor: Actor, now: datetime, correlation_id: str
) -> Iterator[Resealed]:
    """One a transaction: there are few. Never called inside another transaction."""
    for pk in sources_under_older_keys(keys):
        with transaction.atomic():
            row = Source.objects.select_for_update(no_key=True).get(pk=pk)
            before = row.key_id
            try:
                seal_secrets(row, open_secrets(row, keys), keys)
            except CannotOpen:
                yield Resealed(row.name, opened=False)
                continue
            row.save(update_fields=["secret_sealed", "key_id"])
            record(
                Event.ROTATE_KEYS,
                actor=actor,
                now=now,
                subject=Subject(tenant_id=row.tenant_id, reseller_id=row.reseller_id),
                correlation_id=correlation_id,
                summary=f"Sealed with the key {row.key_id}: the secrets of the source {row.name}",
                details={"before": {"key": before}, "after": {"key": row.key_id}},
            )
        yield Resealed(row.name, opened=True)
