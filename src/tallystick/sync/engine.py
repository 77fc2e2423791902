"""The engine: what a turn needs from outside, put together by the composition root."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from tallystick.kit.clock import Clock
from tallystick.sync.observe import Observer
from tallystick.sync.port import Billing, BillingFor
from tallystick.sync.turnstile import Turnstile


class Milestone(StrEnum):
    """The points of a turn between which a process may die; a port reports each as it is reached.

    In production nobody listens. The crash tests do, and kill the process there.
    """

    TAKEN = "taken"
    OBSERVED = "observed"
    INTENT_STORED = "intent_stored"
    ANSWERED = "answered"
    ANSWER_STORED = "answer_stored"
    READ_BACK = "read_back"
    SETTLED = "settled"


def nobody_listens(_: Milestone) -> None:
    """The default listener."""


class WakeLater(Protocol):
    """Asks for a turn of a lane, at once or at a moment."""

    def __call__(self, lane_id: int, at: datetime | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds; docs/unclear-answers.md says what each decides."""

    settle: float = 300.0
    recheck: float = 60.0
    send: float = 30.0
    # Longer than a send, so that a lease outlives the call it was taken for.
    lease_margin: float = 30.0
    facts_are_fresh: float = 24 * 3600.0
    # What proved one change is what the next one of the same turn begins from.
    reading_is_fresh: float = 5.0
    # A lane in which one worker process after the other died is left alone for so long.
    put_aside: float = 900.0

    @property
    def lease(self) -> float:
        return self.send + self.lease_margin


@dataclass
class Engine:
    """One per process. ``jitter`` answers 0 to 1; ``correlation`` makes an id."""

    clock: Clock
    billing_for: BillingFor
    holder: int
    wake: WakeLater
    jitter: Callable[[], float]
    correlation: Callable[[], str]
    waits: Waits = field(default_factory=Waits)
    reached: Callable[[Milestone], None] = nobody_listens
    # A turn gives way to the other lanes after so many calls (but see ``turnstile``).
    calls_per_turn: int = 25
    _observers: dict[int, Observer] = field(default_factory=dict)
    _turnstiles: dict[int, Turnstile] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def billing(self, connection_id: int) -> Billing:
        return self.billing_for(connection_id)

    def observer(self, connection_id: int) -> Observer:
        with self._lock:
            if connection_id not in self._observers:
                self._observers[connection_id] = Observer(lambda: self.billing(connection_id))
            return self._observers[connection_id]

    def turnstile(self, connection_id: int) -> Turnstile:
        with self._lock:
            if connection_id not in self._turnstiles:
                self._turnstiles[connection_id] = Turnstile(many=self.calls_per_turn)
            return self._turnstiles[connection_id]
