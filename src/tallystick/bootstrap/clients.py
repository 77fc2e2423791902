"""A connection's way to Autotask, with its stored credentials and its share of the calls."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cache

from django.conf import settings

from tallystick.connections.create import open_credentials
from tallystick.connections.gate import DatabaseGate
from tallystick.connections.trouble import Misconfigured, NotOpened, Throttled
from tallystick.connectors.autotask.client import AutotaskClient
from tallystick.connectors.autotask.contracts import AutotaskContracts
from tallystick.connectors.autotask.credentials import AutotaskCredentials
from tallystick.connectors.autotask.directory import AutotaskDirectory
from tallystick.connectors.autotask.limits import Gate
from tallystick.connectors.autotask.settings import AutotaskServerSettings
from tallystick.connectors.autotask.wire import Wire, shared_http_client
from tallystick.directory.port import Directory
from tallystick.kit.clock import Clock, DatabaseClock
from tallystick.kit.secrets import CannotOpen


@cache
def wire() -> Wire:
    """The process's one pooled client."""
    return shared_http_client(AutotaskServerSettings.from_environment(os.environ))


@cache
def quick_wire() -> Wire:
    """For a look while a person waits: an answer that takes long is no answer."""
    settings = AutotaskServerSettings.from_environment(os.environ)
    return shared_http_client(
        replace(settings, connect_timeout=2.0, read_timeout=4.0, read_retries=0)
    )


@dataclass(slots=True)
class Calls:
    """How many were made of a connection's share, for who says so to a person."""

    made: int = 0


@dataclass(frozen=True, slots=True)
class CountedGate:
    """Another gate, and what went through it."""

    gate: Gate
    calls: Calls

    def slot(self, endpoint: str, *, deadline: float | None) -> AbstractContextManager[None]:
        """See ``Gate.slot``."""
        return self.gate.slot(endpoint, deadline=deadline)

    def spend(self, endpoint: str, calls: int = 1) -> None:
        """See ``Gate.spend``; what was not to be had was not made."""
        self.gate.spend(endpoint, calls)
        self.calls.made += calls


def make_client(
    connection_id: int,
    *,
    clock: Clock | None = None,
    http: Wire | None = None,
    calls: Calls | None = None,
) -> AutotaskClient:
    """Raises NotOpened; Misconfigured when the stored credentials cannot be sent."""
    gate: Gate = gate_of(connection_id, clock=clock or DatabaseClock())
    return AutotaskClient(
        credentials=stored_credentials(connection_id),
        gate=gate if calls is None else CountedGate(gate, calls),
        wire=http or wire(),
    )


def stored_credentials(connection_id: int) -> AutotaskCredentials:
    """Raises NotOpened; Misconfigured when they cannot be sent."""
    try:
        stored = open_credentials(connection_id, keys=settings.SEALING_KEYS)
        return AutotaskCredentials(
            user_name=stored.user_name,
            secret=stored.secret.reveal(),
            integration_code=stored.code.reveal(),
        )
    except CannotOpen as error:
        raise NotOpened(str(error)) from error
    except ValueError as error:
        raise Misconfigured(str(error)) from error


def gate_of(connection_id: int, *, clock: Clock) -> DatabaseGate:
    """Its share of the hour's calls, and how many may be under way."""
    return DatabaseGate(connection_id, clock=clock, throttled=Throttled)


def make_contracts(connection_id: int) -> AutotaskContracts:
    """Raises Misconfigured."""
    return AutotaskContracts(make_client(connection_id))


def make_directory(connection_id: int) -> Directory:
    """Raises Misconfigured."""
    return AutotaskDirectory(make_client(connection_id))
