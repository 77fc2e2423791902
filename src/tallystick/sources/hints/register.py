"""Let a source call us: register our address there, where its API allows that.

1. Our address, and what the calls prove themselves with, are stored: a call may come at once.
2. The source is asked, outside any transaction.
3. What it answered is stored, with one audit log; a refusal is said and leaves what was there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.ids import webhook_secret
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.problem import Conflicting, InvalidInput, Unreachable
from tallystick.kit.secrets import CannotOpen, Secret
from tallystick.sources.add_source import note_source
from tallystick.sources.models import Source
from tallystick.sources.read_sources import visible_source
from tallystick.sources.sealing import open_secrets, seal_secrets
from tallystick.sources.wire import SourceTrouble

# What calls of a source prove themselves with, where it has no signature of its own.
CALLS = "webhook"


class Occupied(Exception):
    """It calls somebody else, and calls one address only. ``host``: whose."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host


@dataclass(frozen=True, slots=True)
class Wanted:
    """``known``: what was kept of the last registration; ``replace``: a person said so."""

    address: str
    secret: Secret
    known: Mapping[str, Any]
    replace: bool


class Registrar(Protocol):
    """One source, signed in to."""

    def register(self, wanted: Wanted) -> Mapping[str, Any]:
        """What is kept of it. Raises SourceTrouble, Occupied; then nothing was changed there."""
        ...


RegistrarOf = Callable[[Source], Registrar]


def register_webhook(
    source_id: int,
    *,
    address_of: Callable[[str], str],
    registrar_of: RegistrarOf,
    replace: bool,
    context: Context,
    keys: KeyRing,
    now: datetime,
    correlation_id: str,
) -> str:
    """The address. Raises NotFound, NotAllowed, InvalidInput, Conflicting, Unreachable."""
    context.require(Right.CONNECT)
    source = visible_source(context, source_id)
    address = address_of(source.hook)
    host = urlsplit(address).hostname or ""
    if not address.startswith("https://") or "." not in host:
        raise InvalidInput.one(
            "address",
            f"is {address.split('/api/')[0]} for them, and sources call public https addresses "
            "only. Set TALLYSTICK_URL to where this server is reached from outside",
        )
    try:
        wanted = Wanted(address, _secret(source.pk, keys), source.webhook, replace)
        kept = registrar_of(source).register(wanted)
    except Occupied as occupied:
        raise Conflicting(
            f"{source.name} calls {occupied.host} already, and it calls one address only. Nothing "
            "was changed. Whoever is called there will not be called any more once it is replaced."
        ) from None
    except (SourceTrouble, CannotOpen) as trouble:
        raise Unreachable(f"{trouble} Nothing was registered.") from None
    with transaction.atomic():
        row = Source.objects.select_for_update(no_key=True).get(pk=source.pk)
        row.webhook = {**kept, "host": host, "registered_at": now.isoformat()}
        row.save(update_fields=["webhook"])
        words = f"{row.name}: it calls {host} when something changes"
        note_source(Event.UPDATE_SOURCE, row, words, context, now, correlation_id)
    return address


def _secret(source_id: int, keys: KeyRing) -> Secret:
    """The same as before, so that calls under way stay proved. Raises CannotOpen."""
    with transaction.atomic():
        row = Source.objects.select_for_update(no_key=True).get(pk=source_id)
        secrets = dict(open_secrets(row, keys))
        if CALLS not in secrets:
            secrets[CALLS] = Secret(webhook_secret())
            seal_secrets(row, secrets, keys)
            row.save(update_fields=["secret_sealed", "key_id"])
        return secrets[CALLS]
