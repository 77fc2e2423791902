"""How much may be asked of a tenant's Autotask at once and per hour.

Vendor facts: three requests at a time per tracking identifier and object endpoint (thread
limiting page; ``ThresholdInformation`` has a bucket of its own and is best asked one at a time;
zone information is not limited), and a number of requests per rolling hour shared by everybody who
uses the database. Every request spends one, also one that is refused.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from tallystick.connections.trouble import Throttled
from tallystick.kit import clock

IN_FLIGHT = 3
SINGLE_FILE = frozenset({"ThresholdInformation"})
"""Endpoints asked one request at a time."""

_HOUR = 3600.0


def in_flight(endpoint: str) -> int:
    """How many requests may be under way at once at this endpoint (an object's name)."""
    return 1 if endpoint in SINGLE_FILE else IN_FLIGHT


class Gate(Protocol):
    """Says when a call of one connection may be made. ``endpoint`` is the object's name, the same
    for its query, its metadata and its writes. Safe to use from several threads."""

    def slot(self, endpoint: str, *, deadline: float | None) -> AbstractContextManager[None]:
        """Hold one of the endpoint's places while the call is under way.

        Waits for one until ``deadline`` (``kit.clock.monotonic``), for ever when it is ``None``.
        Entering raises Throttled when none came free in time. Leaving must not raise: by then the
        call has been made and its answer would be lost.
        """
        ...

    def spend(self, endpoint: str, calls: int = 1) -> None:
        """Take calls from the hour's budget, right before they are made. Raises Throttled."""
        ...


class LocalGate:
    """A gate for one process and one connection: for tests and for trying things out."""

    def __init__(self, *, hourly_budget: int = 5000) -> None:
        self._budget = hourly_budget
        self._spent: deque[float] = deque()
        self._places: dict[str, threading.BoundedSemaphore] = {}
        self._lock = threading.Lock()

    @contextmanager
    def slot(self, endpoint: str, *, deadline: float | None) -> Iterator[None]:
        """See ``Gate.slot``."""
        with self._lock:
            places = self._places.setdefault(
                endpoint, threading.BoundedSemaphore(in_flight(endpoint))
            )
        wait = None if deadline is None else max(0.0, deadline - clock.monotonic())
        if not places.acquire(timeout=wait):
            raise Throttled(f"No free place for a request to {endpoint} came up in time.")
        try:
            yield
        finally:
            places.release()

    def spend(self, endpoint: str, calls: int = 1) -> None:  # noqa: ARG002 - one budget for all
        """See ``Gate.spend``; counts over the past 60 minutes as the vendor does."""
        now = clock.monotonic()
        with self._lock:
            while self._spent and self._spent[0] <= now - _HOUR:
                self._spent.popleft()
            if len(self._spent) + calls > self._budget:
                wait = self._spent[0] + _HOUR - now if self._spent else _HOUR
                raise Throttled(
                    f"This connection's share of Autotask's hourly limit ({self._budget}) is used.",
                    wait,
                )
            self._spent.extend([now] * calls)

    @property
    def spent(self) -> int:
        """Calls counted so far, for whoever checks that we pay for what we ask."""
        return len(self._spent)
