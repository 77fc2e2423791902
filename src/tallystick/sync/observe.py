"""Readings shared by the lanes of one connection: many lines, one call.

1. A turn that needs a reading puts its line on the list and waits.
2. When no reading is under way, the first to come leads: it waits until every turn under way
   here is waiting too, or enough lines have come together, or a moment has passed; then it reads
   for all. A turn that is alone waits for nobody, and nobody waits once one is in a hurry.
3. While a reading is under way the next list grows. A refusal that names one line, or rows of one
   line that make no sense, must not stop the others: it is asked again line by line.
4. What a turn has just read to prove one change is what it looks at before the next: a reading is
   kept for its turn, for as long as the asker calls it fresh.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date

from tallystick.connections.trouble import BillingError, Rejected, Unclear
from tallystick.kit.clock import monotonic
from tallystick.sync.port import Billing, Line, UnitRow


@dataclass(frozen=True, slots=True)
class _Kept:
    """A reading, and when it was begun."""

    line: Line
    since: date
    rows: tuple[UnitRow, ...]
    begun: float


@dataclass(slots=True)
class _Waiting:
    line: Line
    since: date
    hurried: bool
    done: threading.Event = field(default_factory=threading.Event)
    rows: tuple[UnitRow, ...] = ()
    error: BaseException | None = None


class Observer:
    """Groups the readings of one connection within this process."""

    def __init__(
        self, billing: Callable[[], Billing], *, enough: int = 30, linger_seconds: float = 1.0
    ) -> None:
        """``billing`` finds it, or raises BillingError: as a reading that failed."""
        self._billing = billing
        self._enough = enough
        self._linger = linger_seconds
        self._changed = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._reading = False
        self._turns = 0
        self._mine = threading.local()  # of the turn that runs in this thread

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Around a turn, so that readers know whom to wait for."""
        self._mine.kept = None
        with self._changed:
            self._turns += 1
        try:
            yield
        finally:
            self._mine.kept = None
            with self._changed:
                self._turns -= 1
                self._changed.notify_all()

    def observe(
        self, line: Line, *, since: date, fresh_for: float = 0.0, hurried: bool = False
    ) -> tuple[UnitRow, ...]:
        """The rows that cover ``since`` or come after it. Raises BillingError.

        ``fresh_for``: what this turn read so many seconds ago will do. ``hurried``: more waits for
        this reading than for the others, so it does not wait for them.
        """
        kept: _Kept | None = getattr(self._mine, "kept", None)
        self._mine.kept = None
        if (
            kept is not None
            and kept.line == line
            and kept.since <= since
            and monotonic() - kept.begun <= fresh_for
        ):
            return tuple(row for row in kept.rows if row.until > since)
        begun = monotonic()
        rows = self._observe(_Waiting(line, since, hurried))
        if fresh_for == 0:  # a reading after the last write, not one before the next
            self._mine.kept = _Kept(line, since, rows, begun)
        return rows

    def _observe(self, mine: _Waiting) -> tuple[UnitRow, ...]:
        with self._changed:
            self._waiting.append(mine)
            self._changed.notify_all()
            while self._reading and not mine.done.is_set():
                self._changed.wait()
            if not mine.done.is_set():
                self._reading = True
                self._gather()
                batch, self._waiting = self._waiting, []
        if not mine.done.is_set():
            try:
                self._read(batch)
            finally:
                with self._changed:
                    self._reading = False
                    self._changed.notify_all()
        if mine.error is not None:
            raise mine.error
        return mine.rows

    def _gather(self) -> None:
        until = monotonic() + self._linger
        while len(self._waiting) < min(self._enough, self._turns):
            if any(one.hurried for one in self._waiting):
                return
            left = until - monotonic()
            if left <= 0:
                return
            self._changed.wait(left)

    def _read(self, batch: list[_Waiting]) -> None:
        try:
            since = min(one.since for one in batch)
            found = self._billing().observe({one.line for one in batch}, since=since)
            for one in batch:
                one.rows = tuple(row for row in found[one.line] if row.until > one.since)
        except (Rejected, Unclear) as error:
            if len(batch) == 1:
                batch[0].error = error
            else:
                for one in batch:
                    self._read([one])
        except BillingError as error:
            for one in batch:
                one.error = error
        except BaseException as error:  # noqa: BLE001 - handed to every waiting turn, see below
            # A fault of our own reaches every turn that waited for it; none waits for ever.
            for one in batch:
                one.error = error
        finally:
            for one in batch:
                one.done.set()
