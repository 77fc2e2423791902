"""Several processes as one command: started in order, stopped in the opposite order.

A process that dies by itself is started again after a pause that grows; Ctrl-C and SIGTERM stop
all of them, each given the time to finish what it has begun.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from tallystick.bootstrap.binaries import end_with_parent
from tallystick.kit.clock import monotonic

LOOKS_EVERY = 0.3
SETTLED_AFTER = 60.0
LONGEST_PAUSE = 30.0
Say = Callable[[str], None]


def nothing() -> None:
    """There is nothing to check."""


@dataclass
class Part:
    """One ``tallystick`` command run as a process. ``patience``: seconds it may take to stop."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    patience: float = 40.0
    quiet: bool = False  # what it prints on standard output is not shown
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    deaths: int = 0
    again_at: float = 0.0

    def start(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "tallystick", *self.arguments],
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if self.quiet else None,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - only asks the kernel for a signal
        )
        self.started = monotonic()

    def stop(self, *, say: Say) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            say(f"{self.name} did not stop within {self.patience:.0f} s and is killed")
            self.process.kill()
            self.process.wait()

    def look(self, *, say: Say) -> None:
        """Start it again when it is gone."""
        now = monotonic()
        if self.process is None:
            if now >= self.again_at:
                self.start()
        elif (code := self.process.poll()) is not None:
            if now - self.started > SETTLED_AFTER:
                self.deaths = 0
            pause = min(LONGEST_PAUSE, float(2**self.deaths))
            self.deaths += 1
            self.again_at = now + pause
            self.process = None
            say(f"{self.name} ended by itself ({_how(code)}); started again in {pause:.0f} s")


class Supervisor:
    """Start parts, keep them alive, stop them. Used as a context manager from the main thread."""

    def __init__(self, *, say: Say) -> None:
        self._say = say
        self._parts: list[Part] = []
        self._stop = threading.Event()
        self._listens = False

    def __enter__(self) -> Supervisor:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._told)
        return self

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        """Whoever waits here sees it at once; other work is interrupted, the first time."""
        first = not self._stop.is_set()
        self._stop.set()
        if first and not self._listens:
            raise KeyboardInterrupt

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def start(self, part: Part) -> None:
        self._parts.append(part)
        part.start()

    def wait_until(self, ready: Callable[[], bool], part: Part, *, seconds: float) -> bool:
        """False when the part died, we were told to stop, or the time is over."""
        self._listens = True
        deadline = monotonic() + seconds
        try:
            return self._wait_until(ready, part, deadline)
        finally:
            self._listens = False

    def _wait_until(self, ready: Callable[[], bool], part: Part, deadline: float) -> bool:
        while monotonic() < deadline and not self._stop.wait(0.1):
            if part.process is None or part.process.poll() is not None:
                return False
            if ready():
                return True
        return False

    def keep(self, check: Callable[[], None] = nothing) -> None:
        """Until told to stop, or until ``check`` raises."""
        self._listens = True
        while not self._stop.wait(LOOKS_EVERY):
            check()
            for part in self._parts:
                part.look(say=self._say)

    def __exit__(self, *_: object) -> None:
        self._listens = True
        for part in reversed(self._parts):
            if part.process is not None and part.process.poll() is None:
                self._say(f"Stopping {part.name}")
                part.stop(say=self._say)


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
