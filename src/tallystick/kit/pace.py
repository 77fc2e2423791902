"""How often something may be asked: so many at once after a rest, and then so many a minute.

A token bucket, kept as one number: the moment at which it is full again. What is counted is this
process's own, and gone with it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tallystick.kit.clock import monotonic

# So many are kept before those that are full again, and so as good as new, are forgotten.
KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Pace:
    """``a_minute`` for as long as one likes, ``at_once`` after a rest. 0 a minute: no limit."""

    at_once: int
    a_minute: int


def taken(full_at: float, now: float, pace: Pace) -> tuple[float, float]:
    """The bucket with one more taken out, and for how many seconds that is too early (0: it is
    not)."""
    each = 60 / pace.a_minute
    full_at = max(full_at, now) + each
    return full_at, max(0.0, full_at - now - pace.at_once * each)


class Paces:
    """Buckets by name. Safe to use from several threads."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._full_at: dict[str, float] = {}

    def wait(self, asked: Mapping[str, Pace]) -> float:
        """0: it is counted in each of them. Else in none, and in so many seconds it may be."""
        now = self._now()
        with self._lock:
            found = {
                name: taken(self._full_at.get(name, now), now, pace)
                for name, pace in asked.items()
                if pace.a_minute
            }
            wait = max((early for _, early in found.values()), default=0.0)
            if wait == 0:
                self._full_at.update({name: full_at for name, (full_at, _) in found.items()})
                self._forget(now)
            return wait

    def _forget(self, now: float) -> None:
        if len(self._full_at) > KEPT:
            self._full_at = {name: at for name, at in self._full_at.items() if at > now}
