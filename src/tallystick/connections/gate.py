"""When a call of one connection may be made: three at a time per endpoint, within the budget.

The places are shared by all processes: a place is an advisory lock of this thread's database
session, so a killed process frees its places at once. Within a process a semaphore comes first,
so that at most three threads ask the database for a place.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection as database
from django.db import transaction

from tallystick.connections.budget import budget_of, frees_at, note_calls
from tallystick.kit.clock import Clock, monotonic

ASK_AGAIN_SECONDS = 0.02
IN_FLIGHT = 3
ONE_AFTER_ANOTHER = "SELECT 1 FROM connections_connection WHERE id = %s FOR NO KEY UPDATE"
SINGLE_FILE = frozenset({"ThresholdInformation"})

Exhausted = Callable[[str, float | None], Exception]


class DatabaseGate:
    """The connector's gate, kept in the database. Safe to use from several threads.

    ``throttled`` makes the error that says "wait so many seconds" (the connector's port has it).
    """

    def __init__(self, connection_id: int, *, clock: Clock, throttled: Exhausted) -> None:
        self._connection_id = connection_id
        self._clock = clock
        self._throttled = throttled
        self._here: dict[str, threading.BoundedSemaphore] = {}
        self._lock = threading.Lock()

    @contextmanager
    def slot(self, endpoint: str, *, deadline: float | None) -> Iterator[None]:
        """Hold one of the endpoint's places; waits until ``deadline``, then ``throttled``."""
        places = 1 if endpoint in SINGLE_FILE else IN_FLIGHT
        with self._lock:
            here = self._here.setdefault(endpoint, threading.BoundedSemaphore(places))
        wait = None if deadline is None else max(0.0, deadline - monotonic())
        if not here.acquire(timeout=wait):
            raise self._throttled(f"no place for a call to {endpoint} came free in time", None)
        try:
            key = self._take_place(endpoint, places, deadline)
            try:
                yield
            finally:
                self._leave_place(key)
        finally:
            here.release()

    def spend(self, endpoint: str, calls: int = 1) -> None:  # noqa: ARG002 - one budget for all
        """Take calls from the hour's budget. Raises ``throttled`` when it does not have them."""
        now = self._clock.now()
        with transaction.atomic():
            # One after another, so that together they never take more than there is.
            with database.cursor() as cursor:
                cursor.execute(ONE_AFTER_ANOTHER, [self._connection_id])
            budget = budget_of(self._connection_id, now=now)
            enough = budget.left >= calls
            if enough:
                note_calls(self._connection_id, calls, now=now)
        if not enough:
            wait = (frees_at(self._connection_id, now=now) - now).total_seconds()
            raise self._throttled("the hour's share of calls is used up", wait)

    def _take_place(self, endpoint: str, places: int, deadline: float | None) -> str:
        while True:
            for number in range(places):
                key = f"place/{self._connection_id}/{endpoint}/{number}"
                with database.cursor() as cursor:
                    cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [key])
                    row = cursor.fetchone()
                if row and row[0]:
                    return key
            if deadline is not None and monotonic() >= deadline:
                raise self._throttled(f"no place for a call to {endpoint} came free in time", None)
            time.sleep(ASK_AGAIN_SECONDS)

    def _leave_place(self, key: str) -> None:
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [key])
