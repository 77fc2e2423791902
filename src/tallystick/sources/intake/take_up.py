"""Take up what waited: its time is over, or its subscription is known by now."""

from __future__ import annotations

from datetime import datetime

from tallystick.ledger.wake import Wake
from tallystick.sources.intake.speaker import context_of_source
from tallystick.sources.intake.take import take_in
from tallystick.sources.models import Source, WaitingEvent


def take_up_what_waited(*, now: datetime, wake: Wake, correlation_id: str) -> None:
    """Of every source, each in a transaction of its own."""
    waiting = WaitingEvent.objects.values("source")
    for source in Source.objects.filter(pk__in=waiting).order_by("pk"):
        take_in(
            source.pk,
            [],
            context=context_of_source(source),
            now=now,
            wake=wake,
            correlation_id=correlation_id,
        )
