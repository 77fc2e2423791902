"""Changes that sources told and that nobody has decided on: each told once, or many in a digest.

Sources stand above this room: who starts a worker says how they are asked (``WhatWasTold``). A
change that came too late is in no lane and turns no badge, so that nothing else here tells of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tallystick.identity.context import Context
from tallystick.notify.describe import context_of
from tallystick.notify.letters_told import Told
from tallystick.notify.models import Recipient
from tallystick.subscriptions.queries import visible


@dataclass(frozen=True, slots=True)
class OpenTold:
    """``event_id``: ours. ``subject``: the provider's id of the subscription it is about."""

    event_id: int
    reseller_id: int | None
    subject: str


class WhatWasTold(Protocol):
    """What sources told, as far as this room needs to know it."""

    def open(self, tenant_id: int) -> Sequence[OpenTold]:
        """All of a tenant that wait for a decision, the oldest first."""
        ...

    def told(self, context: Context, event_ids: Sequence[int]) -> Sequence[Told]:
        """Those of a context, in words."""
        ...


def mine(recipient: Recipient, them: Sequence[OpenTold]) -> list[str]:
    """Of the recipient's context; of one connection only what is about its subscriptions."""
    found = [one for one in them if recipient.reseller_id in (None, one.reseller_id)]
    if recipient.connection_id is not None and found:
        rows = visible(context_of(recipient)).filter(
            subscriptionmapping__connection_id=recipient.connection_id,
            provider_id__in={one.subject for one in found},
        )
        mapped = set(rows.values_list("provider_id", flat=True))
        found = [one for one in found if one.subject in mapped]
    return [str(one.event_id) for one in found]
