"""What sources told and nobody has decided on, as notifications ask for it."""

from __future__ import annotations

from collections.abc import Sequence

from tallystick.identity.context import Context
from tallystick.notify.letters_told import Told
from tallystick.notify.told import OpenTold
from tallystick.sources.undecided import Undecided, told_of, undecided_of_tenant


class Untold:
    """Answers ``notify/told.WhatWasTold``."""

    def open(self, tenant_id: int) -> Sequence[OpenTold]:
        rows = undecided_of_tenant(tenant_id).order_by("event_id")
        asked = ("event_id", "event__source__reseller_id", "event__subject")
        return [OpenTold(*found) for found in rows.values_list(*asked)]

    def told(self, context: Context, event_ids: Sequence[int]) -> Sequence[Told]:
        return [_told(one) for one in told_of(context, event_ids)]


def _told(one: Undecided) -> Told:
    event, held = one.event, one.subscription
    return Told(
        event_id=event.id,
        source_id=event.source_id,
        source=one.source_name,
        name=f"{held.customer.name}, {held.name}" if held else event.subject,
        subscription_id=held.id if held else None,
        what=event.words,
        answer=event.became.answer.label,
        why=event.became.because,
        happened_at=event.happened_at,
        came_at=event.received_at,
    )
