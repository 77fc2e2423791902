"""A source that speaks: locked for one transaction, acting as an operator of its context."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from tallystick.audit.record import Actor
from tallystick.identity.context import Context
from tallystick.identity.roles import Role
from tallystick.kit.problem import NotFound
from tallystick.ledger.record import Origin
from tallystick.ledger.wake import Wake
from tallystick.operations.finish import Asked
from tallystick.sources.intake.event import How, NeutralEvent
from tallystick.sources.intake.judge import Patience
from tallystick.sources.models import Source, SourceEvent

# What is seen and was not told says so, wherever an operation's origin is shown.
SEEN = "seen"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Its row is locked until the transaction has ended."""

    source: Source
    now: datetime
    wake: Wake
    correlation_id: str

    @property
    def context(self) -> Context:
        return context_of_source(self.source)

    @property
    def patience(self) -> Patience:
        return Patience(self.now, timedelta(seconds=self.source.hold_seconds))

    def asked(self, event: NeutralEvent) -> Asked:
        """The operation of an event is found by its id for ever: told twice, recorded once."""
        begins = SEEN if event.how is How.SNAPSHOT else self.source.kind
        return Asked(
            context=self.context,
            origin=Origin(f"{begins}:{self.source.pk}", event.id),
            correlation_id=event.correlation_id or self.correlation_id,
            now=self.now,
            wake=self.wake,
        )

    def store(self, event: NeutralEvent) -> SourceEvent:
        """Keep what was told, with the next number."""
        self.source.last_number += 1
        self.source.save(update_fields=["last_number"])
        return SourceEvent.objects.create(
            tenant_id=self.source.tenant_id,
            source=self.source,
            number=self.source.last_number,
            event_id=event.id,
            type=event.type.value,
            subject=event.subject,
            time=event.time,
            happened_at=event.happened_at,
            place_number=event.place.number,
            place_key=event.place.key,
            how=event.how.value,
            body=event.body,
            digest=event.digest,
            received_at=self.now,
            correlation_id=event.correlation_id or self.correlation_id,
        )


def context_of_source(row: Source) -> Context:
    """A source records as an operator does, in its own name."""
    actor = Actor(ref=f"source/{row.pk}", name=row.name)
    return Context(row.tenant_id, row.reseller_id, Role.OPERATOR, actor)


def speak_for(
    source_id: int, context: Context, *, now: datetime, wake: Wake, correlation_id: str
) -> Speaker:
    """In a transaction. Raises NotFound, also when it is in somebody else's context."""
    row = (
        Source.objects.select_for_update(no_key=True)
        .filter(**context.scope(), pk=source_id)
        .first()
    )
    if row is None:
        raise NotFound("There is no such source.")
    return Speaker(row, now, wake, correlation_id)
