"""Put the engine together: the only place that knows which connector serves which connection."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from tallystick.bootstrap.clients import make_client, wire
from tallystick.connections.edit import credentials_version
from tallystick.connectors.autotask.billing import AutotaskBilling
from tallystick.connectors.autotask.wire import Wire
from tallystick.kit.clock import Clock, DatabaseClock, monotonic
from tallystick.kit.ids import correlation_id, holder_id
from tallystick.sync.engine import Engine, Milestone, Waits, WakeLater, nobody_listens
from tallystick.sync.jobs import wake_later

# A sweep is no turn; it sees new credentials after this long at the latest.
TRUSTED_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Made:
    """A connector, the credentials it was made with, and how long it is given out unasked."""

    billing: AutotaskBilling
    version: bytes
    turns: int
    until: float


class Billings:
    """The billing system of each connection, made on first use and anew for new credentials.

    A turn that begins after credentials were replaced uses the new ones, in every process: a
    connector is asked about once after each beginning of a turn here, by one small query.
    """

    def __init__(self, *, clock: Clock, http: Wire) -> None:
        self._clock = clock
        self._http = http
        self._made: dict[int, _Made] = {}
        self._turns = 0
        self._lock = threading.Lock()

    def __call__(self, connection_id: int) -> AutotaskBilling:
        """Raises Misconfigured; NotOpened when the stored credentials cannot be opened."""
        with self._lock:
            made, turns = self._made.get(connection_id), self._turns
        if made is not None and made.turns == turns and monotonic() < made.until:
            return made.billing
        # The version first: credentials replaced between the two readings are seen next time.
        version = credentials_version(connection_id)
        same = made is not None and made.version == version
        billing = made.billing if made is not None and same else self._make(connection_id)
        with self._lock:
            until = monotonic() + TRUSTED_SECONDS
            self._made[connection_id] = _Made(billing, version, turns, until)
        return billing

    def turn_begins(self) -> None:
        """What was looked at before this moment may have been replaced since."""
        with self._lock:
            self._turns += 1

    def _make(self, connection_id: int) -> AutotaskBilling:
        return AutotaskBilling(make_client(connection_id, clock=self._clock, http=self._http))


def make_engine(
    *,
    clock: Clock | None = None,
    http: Wire | None = None,
    holder: int | None = None,
    wake: WakeLater = wake_later,
    waits: Waits | None = None,
    reached: Callable[[Milestone], None] = nobody_listens,
    jitter: Callable[[], float] = random.random,
) -> Engine:
    """An engine with the server's settings; tests pass their own clock, waits and listener."""
    clock = clock or DatabaseClock()
    billings = Billings(clock=clock, http=http or wire())

    def heard(milestone: Milestone) -> None:
        if milestone is Milestone.TAKEN:
            billings.turn_begins()
        reached(milestone)

    return Engine(
        clock=clock,
        billing_for=billings,
        holder=holder if holder is not None else holder_id(),
        wake=wake,
        jitter=jitter,
        correlation=correlation_id,
        waits=waits
        or Waits(
            settle=settings.SETTLE_SECONDS,
            recheck=settings.RECHECK_SECONDS,
            send=settings.SEND_SECONDS,
            put_aside=settings.PUT_ASIDE_SECONDS,
        ),
        reached=heard,
    )
