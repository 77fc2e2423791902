"""Request limits: per rolling hour for the whole tenant, and concurrent ones per code and entity.

10,000 external requests per 60 minutes and database, all integrations together (official);
three concurrent requests per tracking identifier and entity (official, live).
"""

from __future__ import annotations

from collections import Counter, deque

from tallystick.simulator import errors
from tallystick.simulator.clock import Clock
from tallystick.simulator.errors import Refusal
from tallystick.simulator.knobs import Knobs

MINUTES = 60


class Limits:
    """Counts requests by second, so that the memory needed does not grow with traffic."""

    def __init__(self, *, clock: Clock, knobs: Knobs) -> None:
        self._clock = clock
        self._knobs = knobs
        self.minutes = MINUTES
        self._seconds: deque[list[int]] = deque()
        self._counted = 0
        self._inside: Counter[tuple[str, str]] = Counter()
        self.most_inside: Counter[tuple[str, str]] = Counter()

    def usage(self) -> int:
        """Requests of the past ``minutes``, those of other integrations included."""
        oldest = self._clock.seconds() - 60.0 * self.minutes
        while self._seconds and self._seconds[0][0] <= oldest:
            self._counted -= self._seconds.popleft()[1]
        return self._counted + int(self._knobs["other_integration_calls"])

    def enter(self, code: str, endpoint: str) -> None:
        """Count a request and take a thread. Raises Refusal, then nothing is taken."""
        limit = self._knobs["hourly_threshold"]
        if self.usage() >= limit:
            text = errors.HOURLY.format(limit=limit, minutes=self.minutes)
            raise Refusal(text, status=self._knobs["hourly_status"])
        self._count()
        key = (code, endpoint)
        threads = self._knobs["thread_limit"]
        if self._inside[key] >= threads:
            text = errors.THREADS.format(limit=threads)
            raise Refusal(text, status=self._knobs["thread_limit_status"])
        self._inside[key] += 1
        self.most_inside[key] = max(self.most_inside[key], self._inside[key])

    def _count(self) -> None:
        second = int(self._clock.seconds())
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0])
        self._seconds[-1][1] += 1
        self._counted += 1

    def leave(self, code: str, endpoint: str) -> None:
        """Give the thread back."""
        self._inside[(code, endpoint)] -= 1

    def inside(self) -> int:
        """Requests that have a thread now, those of a client that is gone included."""
        return sum(self._inside.values())

    def latency(self) -> float:
        """Seconds a request is held: 0.5 from half of the threshold, 1 from three quarters."""
        delay = float(self._knobs["latency_ms"]) / 1000
        limit = self._knobs["hourly_threshold"]
        if self._knobs.is_on("latency_tiers") and limit:
            used = self.usage() / limit
            if used >= 0.75:  # noqa: PLR2004 - the published tiers
                delay += 1.0
            elif used >= 0.5:  # noqa: PLR2004 - half, as the vendor says
                delay += 0.5
        return delay
