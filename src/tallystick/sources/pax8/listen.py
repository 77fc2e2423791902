"""A call of Pax8's webhook: proved by the header that we chose for it, read for nothing at all.

Facts: its OpenAPI description of webhooks (v2). There is no signature: the ``authorization`` that
was registered comes with every call. What an event holds is published nowhere, so a call says that
something changed, and its list says what.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tallystick.kit.key_ring import KeyRing
from tallystick.kit.secrets import CannotOpen, Secret
from tallystick.sources.hints.hinted import MOST_BYTES, Call, Hinted, NotHeard
from tallystick.sources.hints.register import CALLS
from tallystick.sources.sealing import open_secrets


class Pax8Listener:
    """Of every Pax8; each has a header of its own."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def hints(self, source: Any, call: Call, now: datetime) -> Sequence[Hinted]:  # noqa: ARG002 - as every listener
        """Raises NotHeard."""
        if not call.body or len(call.body) > MOST_BYTES:
            raise NotHeard("The call has no body, or one that is too large.")
        try:
            secret = open_secrets(source, self._keys).get(CALLS)
        except CannotOpen as trouble:
            raise NotHeard(str(trouble)) from None
        given = call.header("authorization").encode("utf-8", "replace")
        if secret is None or not hmac.compare_digest(given, authorization(secret).encode()):
            raise NotHeard("The call does not have the header that was registered.")
        try:
            found = json.loads(call.body)
        except (ValueError, RecursionError):
            raise NotHeard("The call's body is not JSON.") from None
        if not isinstance(found, Mapping) or found.get("webhookId") != source.webhook.get("id"):
            raise NotHeard("The call is of another webhook.")
        return [Hinted()]


def authorization(secret: Secret) -> str:
    """The header as it is registered."""
    return f"Bearer {secret.reveal()}"
