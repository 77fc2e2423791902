"""What the connector's tests have in common: one billing against one loopback server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from tallystick.connectors.autotask.billing import AutotaskBilling
from tallystick.connectors.autotask.client import AutotaskClient
from tallystick.connectors.autotask.credentials import AutotaskCredentials
from tallystick.connectors.autotask.limits import LocalGate
from tallystick.connectors.autotask.settings import AutotaskServerSettings
from tallystick.connectors.autotask.wire import shared_http_client
from tallystick.kit import clock
from tallystick.sync.port import Adjustment, Line

# Canaries: three values that must never turn up anywhere but in a request's headers.
SECRET = "canary-secret-5f1e7d"
USER = "canary-user@example.test"
CODE = "CANARYCODE0123456789ABCDEFG"
CREDENTIALS = AutotaskCredentials(user_name=USER, secret=SECRET, integration_code=CODE)

LINE = Line(contract_id=7001, line_id=9001)
FIVE_MORE = Adjustment(line=LINE, effective_on=date(2026, 5, 3), unit_change=5)


def quick(*origins: str, **changes: object) -> AutotaskServerSettings:
    """Settings for the first origin as discovery, with waits short enough for tests."""
    values: dict[str, object] = {
        "origins": frozenset(origins),
        "discovery_url": origins[0],
        "connect_timeout": 1.0,
        "read_timeout": 1.0,
        "write_timeout": 1.0,
        "read_retries": 1,
        "retry_pause": 0.01,
    }
    return AutotaskServerSettings(**{**values, **changes})  # type: ignore[arg-type]


@contextmanager
def client_of(
    *origins: str, gate: LocalGate | None = None, **changes: object
) -> Iterator[AutotaskClient]:
    with shared_http_client(quick(*origins, **changes)) as wire:
        yield AutotaskClient(credentials=CREDENTIALS, gate=gate or LocalGate(), wire=wire)


@contextmanager
def billing_of(
    *origins: str, gate: LocalGate | None = None, **changes: object
) -> Iterator[AutotaskBilling]:
    with client_of(*origins, gate=gate, **changes) as client:
        yield AutotaskBilling(client)


def soon(seconds: float = 5.0) -> float:
    return clock.monotonic() + seconds
