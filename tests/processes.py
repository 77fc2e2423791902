"""Run the product's own commands as processes, the way a person does."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg


def as_owner(url: str) -> psycopg.Connection:
    """A session of the tables' owner, for all tenants: row-level security holds for it too."""
    return psycopg.connect(url, options="-c tallystick.reach=everything")


class Process:
    """A running Python program; everything it said is kept."""

    def __init__(self, *arguments: str, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line

    def wait_for(self, words: str, *, seconds: float = 180) -> re.Match[str]:
        """Until it has said something like this."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := re.search(words, self.said):
                return found
            if self.process.poll() is not None:
                self._reader.join(5)
                if found := re.search(words, self.said):
                    return found
                break
            time.sleep(0.05)
        raise AssertionError(f"it never said {words!r}; it said:\n{self.said}")

    def stop(self, how: signal.Signals = signal.SIGINT, *, seconds: float = 60) -> int:
        """Answers the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code


class Command(Process):
    """A running ``tallystick`` command."""

    def __init__(self, *arguments: str, home: Path, **environment: str) -> None:
        super().__init__(
            "-m", "tallystick", *arguments, environment=environment_for(home, environment)
        )


def environment_for(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    """A clean environment: nothing of the test session's own database or simulator."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TALLYSTICK_")}
    ours.pop("DATABASE_URL", None)
    ours.pop("DJANGO_SETTINGS_MODULE", None)
    return {**ours, "TALLYSTICK_HOME": str(home), **more}


def run(
    *arguments: str, home: Path, input: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "tallystick", *arguments],
        env=environment_for(home, environment),
        input=input,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
