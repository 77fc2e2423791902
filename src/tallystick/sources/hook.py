"""Who speaks at a source's own address: found by the address, proved by the signature."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tallystick.identity.context import Context
from tallystick.identity.reach import SIGNING_IN, reaching
from tallystick.kit.key_ring import KeyRing
from tallystick.kit.secrets import CannotOpen
from tallystick.sources.add_source import SIGNING
from tallystick.sources.intake.speaker import context_of_source
from tallystick.sources.kinds import SourceKind
from tallystick.sources.models import Source
from tallystick.sources.sealing import open_secrets
from tallystick.sources.signatures import is_signed


@reaching(SIGNING_IN)
def signed_by(
    hook: str, headers: Mapping[str, str], body: bytes, *, keys: KeyRing, now: datetime
) -> tuple[int, str, Context] | None:
    """The source, its uri and its context; None when it did not sign this body just now."""
    row = Source.objects.filter(hook=hook, kind=SourceKind.EVENTS.value).first()
    if row is None:
        return None
    try:
        secret = open_secrets(row, keys).get(SIGNING)
    except CannotOpen:
        return None
    if secret is None or not is_signed(headers, body, secret=secret, now=now):
        return None
    return row.pk, row.uri, context_of_source(row)
