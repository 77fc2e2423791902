"""One running stand-in: a tenant, its knobs, faults, limits, log and clock, under one lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tallystick.simulator.api import Api
from tallystick.simulator.catalogue import Catalogue
from tallystick.simulator.clock import Clock
from tallystick.simulator.faults import Faults
from tallystick.simulator.knobs import Knobs
from tallystick.simulator.limits import MINUTES, Limits
from tallystick.simulator.read_recording import read_recording
from tallystick.simulator.recording import Recording
from tallystick.simulator.requestlog import RequestLog
from tallystick.simulator.seeds import furnish, populate
from tallystick.simulator.world import World

DEFAULT_USER = "api-user@simulator.example"
DEFAULT_SECRET = "simulator-secret"  # noqa: S105 - a made-up one, printed at the start
DEFAULT_CODE = "SIMULATORTRACKINGIDENTIFIER"


@dataclass(frozen=True, slots=True)
class Options:
    """How a stand-in starts. ``frozen_at`` stops its clock there until it is advanced;
    ``recording`` is a tenant's metadata in place of the built-in catalogue."""

    user: str = DEFAULT_USER
    secret: str = DEFAULT_SECRET
    code: str = DEFAULT_CODE
    companies: int = 0
    knobs: Mapping[str, Any] = field(default_factory=dict)
    frozen_at: datetime | None = None
    open_control: bool = False
    recording: Recording | None = None


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
        self.api = Api(
            world=self.world, knobs=self.knobs, limits=self.limits, catalogue=Catalogue()
        )
        self.api.set_user(self.options.user)
        self.late: list[Late] = []
        if self.options.recording is not None:
            self._take_over(self.options.recording)
            self.knobs.set_many(self.options.knobs)  # what was asked for counts
        furnish(self.world)
        populate(self.world, self.options.companies)

    def reset(self) -> None:
        """Back to the start: data, knobs, faults, log, effects and the rolling hour."""
        with self.lock:
            self.clock.freeze(self.options.frozen_at)
            self._begin()

    @property
    def recording(self) -> Recording | None:
        """The recorded metadata in force."""
        return self.api.catalogue.recording

    def load_metadata(self, document: Any) -> Recording:
        """Answer and hold requests to a recording from now on. Raises RecordingError."""
        recording = read_recording(document)
        with self.lock:
            self._take_over(recording)
        return recording

    def _take_over(self, recording: Recording) -> None:
        self.api.catalogue = Catalogue(recording)
        self.limits.minutes = recording.minutes or MINUTES
        self.knobs.set_many(recording.knobs())

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
