"""One running stand-in: a tenant, its knobs, faults, limits, log and clock, under one lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tallystick.simulator.api import Api
from tallystick.simulator.clock import Clock
from tallystick.simulator.faults import Faults
from tallystick.simulator.knobs import Knobs
from tallystick.simulator.limits import Limits
from tallystick.simulator.requestlog import RequestLog
from tallystick.simulator.seeds import furnish, populate
from tallystick.simulator.world import World

DEFAULT_USER = "api-user@simulator.example"
DEFAULT_SECRET = "simulator-secret"  # noqa: S105 - a made-up one, printed at the start
DEFAULT_CODE = "SIMULATORTRACKINGIDENTIFIER"


@dataclass(frozen=True, slots=True)
class Options:
    """How a stand-in starts. ``frozen_at`` stops its clock there until it is advanced."""

    user: str = DEFAULT_USER
    secret: str = DEFAULT_SECRET
    code: str = DEFAULT_CODE
    companies: int = 0
    knobs: Mapping[str, Any] = field(default_factory=dict)
    frozen_at: datetime | None = None
    open_control: bool = False


@dataclass(slots=True)
class Late:
    """A write to be carried out after its answer was lost; ``due`` ``None`` waits for release."""

    due: float | None
    carry_out: Callable[[], None]


class Machine:
    """Everything there is of one stand-in. Hold ``lock`` for whatever must not be disturbed."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.clock = Clock(options.frozen_at)
        self._begin()

    def _begin(self) -> None:
        self.knobs = Knobs(self.options.knobs)
        self.faults = Faults()
        self.limits = Limits(clock=self.clock, knobs=self.knobs)
        self.log = RequestLog(hide=(self.options.secret,))
        self.world = World(clock=self.clock, knobs=self.knobs)
        self.api = Api(world=self.world, knobs=self.knobs, limits=self.limits)
        self.api.set_user(self.options.user)
        self.late: list[Late] = []
        furnish(self.world)
        populate(self.world, self.options.companies)

    def reset(self) -> None:
        """Back to the start: data, knobs, faults, log, effects and the rolling hour."""
        with self.lock:
            self.clock.freeze(self.options.frozen_at)
            self._begin()

    def set_knobs(self, values: Mapping[str, Any]) -> None:
        """Set several knobs, all or none. Raises KnobError."""
        with self.lock:
            self.knobs.set_many(values)
            if "currency_scale" in values:
                self.world.refresh()

    def tick(self) -> None:
        """Carry out what has become due."""
        if not self.late:
            return
        with self.lock:
            now = self.clock.seconds()
            due = [late for late in self.late if late.due is not None and late.due <= now]
            self.late = [late for late in self.late if late not in due]
            for late in due:
                late.carry_out()

    def release(self) -> int:
        """Carry out every late write now and show every delayed row; answers how many writes."""
        with self.lock:
            waiting, self.late = self.late, []
            for late in waiting:
                late.carry_out()
            self.world.publish_all()
            return len(waiting)
