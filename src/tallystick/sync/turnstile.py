"""Who sends next, among the turns of one connection in this process.

Autotask answers three calls at a time, and many turns want to make one. If they only queued, a lane
with hundreds of days, each proved before the next, would get one call in forty while the others are
at work, and be left with most of its days, alone, when they are done.

1. As many turns may send at once as Autotask answers, and two more, which store their intent or
   their answer meanwhile. The others wait before their intent, in the order in which they came.
2. The longest lane under way, when more waits in it than one turn may send, goes first. It has one
   call at a time, as every lane, so the others always have the other places.
3. It does not give way, as long as others are at work beside it, and its reading back waits for
   nobody. All this ends when another lane is the longest, or it is as short as they are.
4. Nobody waits for longer than he says: then he goes on, and the connection's gate decides.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tallystick.connections.gate import IN_FLIGHT


@dataclass(slots=True, eq=False)
class _Waiting:
    lane_id: int
    may_go: threading.Event = field(default_factory=threading.Event)


class Turnstile:
    """Of one connection, within this process. Safe to use from several threads."""

    def __init__(self, *, many: int, places: int = IN_FLIGHT + 2) -> None:
        """``many``: a lane is long when more than so many wait in it."""
        self._many = many
        self._free = places
        self._lock = threading.Lock()
        self._waiting_in: dict[int, int] = {}  # of each lane under way here
        self._queue: list[_Waiting] = []  # before their intent, in order

    @contextmanager
    def turn(self, lane_id: int) -> Iterator[None]:
        """Around a turn of this lane."""
        self.waits(lane_id, 0)
        try:
            yield
        finally:
            with self._lock:
                self._waiting_in.pop(lane_id, None)

    def waits(self, lane_id: int, count: int) -> None:
        """So many operations wait in the lane now."""
        with self._lock:
            self._waiting_in[lane_id] = count

    def is_longest(self, lane_id: int) -> bool:
        """Whether this long lane is the longest of several under way; one is, of equal ones."""
        with self._lock:
            return len(self._waiting_in) > 1 and self._longest() == lane_id

    @contextmanager
    def place(self, lane_id: int, *, seconds: float) -> Iterator[None]:
        """Around the intent and the call; waits for its turn, and no longer than ``seconds``."""
        mine = _Waiting(lane_id)
        with self._lock:
            self._queue.append(mine)
            self._let_in()
        mine.may_go.wait(seconds)
        with self._lock:
            self._free -= self._queue.count(mine)  # not let in so far: he goes all the same
            self._queue = [one for one in self._queue if one is not mine]
        try:
            yield
        finally:
            with self._lock:
                self._free += 1
                self._let_in()

    def _let_in(self) -> None:
        while self._free > 0 and self._queue:
            longest = self._longest()
            preferred = [one for one in self._queue if one.lane_id == longest]
            first = (preferred or self._queue)[0]
            self._free -= 1
            self._queue.remove(first)
            first.may_go.set()

    def _longest(self) -> int | None:
        long = [(-count, lane) for lane, count in self._waiting_in.items() if count > self._many]
        return min(long)[1] if long else None
