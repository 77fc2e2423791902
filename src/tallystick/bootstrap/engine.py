"""Put the engine together: the only place that knows which connector serves which connection."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from functools import cache

from django.conf import settings

from tallystick.connections.create import open_credentials
from tallystick.connections.gate import DatabaseGate
from tallystick.connectors.autotask.billing import AutotaskBilling, make_billing
from tallystick.connectors.autotask.credentials import AutotaskCredentials
from tallystick.connectors.autotask.settings import AutotaskServerSettings
from tallystick.connectors.autotask.wire import Wire, shared_http_client
from tallystick.kit.clock import Clock, DatabaseClock
from tallystick.kit.ids import correlation_id, holder_id
from tallystick.kit.secrets import CannotOpen
from tallystick.sync.engine import Engine, Milestone, Waits, WakeLater, nobody_listens
from tallystick.sync.jobs import wake_later
from tallystick.sync.port import Misconfigured, Throttled


@cache
def wire() -> Wire:
    """The process's one pooled client."""
    return shared_http_client(AutotaskServerSettings.from_environment(os.environ))


class Billings:
    """The billing system of each connection, made on first use."""

    def __init__(self, *, clock: Clock, http: Wire) -> None:
        self._clock = clock
        self._http = http
        self._made: dict[int, AutotaskBilling] = {}
        self._lock = threading.Lock()

    def __call__(self, connection_id: int) -> AutotaskBilling:
        """Raises Misconfigured when the stored credentials cannot be opened."""
        with self._lock:
            if connection_id not in self._made:
                self._made[connection_id] = self._make(connection_id)
            return self._made[connection_id]

    def forget(self, connection_id: int) -> None:
        """The credentials have changed: make it anew."""
        with self._lock:
            self._made.pop(connection_id, None)

    def _make(self, connection_id: int) -> AutotaskBilling:
        try:
            stored = open_credentials(connection_id, key=settings.SEALING_KEY)
        except CannotOpen as error:
            raise Misconfigured(str(error)) from error
        return make_billing(
            credentials=AutotaskCredentials(
                user_name=stored.user_name,
                secret=stored.secret.reveal(),
                integration_code=stored.code.reveal(),
            ),
            settings=self._http.settings,
            gate=DatabaseGate(connection_id, clock=self._clock, throttled=Throttled),
            http=self._http,
        )


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
    return Engine(
        clock=clock,
        billing_for=Billings(clock=clock, http=http or wire()),
        holder=holder if holder is not None else holder_id(),
        wake=wake,
        jitter=jitter,
        correlation=correlation_id,
        waits=waits
        or Waits(
            settle=settings.SETTLE_SECONDS,
            recheck=settings.RECHECK_SECONDS,
            send=settings.SEND_SECONDS,
        ),
        reached=reached,
    )
