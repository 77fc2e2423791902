"""What the front doors need from the rest of the house, put together once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache

from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.kit.clock import Clock, DatabaseClock, civil_day
from tallystick.kit.ids import correlation_id
from tallystick.ledger.record import Origin
from tallystick.operations.finish import Asked
from tallystick.sync.jobs import start_look, wake_lanes


@dataclass(frozen=True, slots=True)
class Desk:
    """The clock and the way to nudge the engine."""

    clock: Clock = field(default_factory=DatabaseClock)

    def now(self) -> datetime:
        return self.clock.now()

    def today(self, context: Context) -> date:
        """The calendar day in the tenant's zone."""
        return civil_day(self.now(), tenant_zone(context.tenant_id))

    def wake(self, lane_ids: Sequence[int]) -> None:
        wake_lanes(lane_ids)

    def look(self, connection_id: int, lane_ids: Sequence[int] | None) -> None:
        start_look(connection_id, lane_ids)

    def asked(
        self,
        context: Context,
        *,
        source: str,
        source_id: str | None = None,
        correlation: str | None = None,
    ) -> Asked:
        """What every verb of ``operations`` is given besides its own arguments."""
        return Asked(
            context=context,
            origin=Origin(source, source_id),
            correlation_id=correlation or correlation_id(),
            now=self.now(),
            wake=self.wake,
        )


@cache
def desk() -> Desk:
    return Desk()
