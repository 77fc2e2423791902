"""Worker processes without the two seconds of importing that each of them would begin with.

A nursery is one process that has imported what a worker needs and does nothing. Asked for a worker
it forks one: a process of its own with its own session, threads and connections, that is killed,
stopped and waited for like any other. ``tests/commands`` starts workers as an installation does.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tallystick.kit.clock import monotonic

MAIN = Path(__file__).parent / "worker_main.py"
BECOME_THE_PARENT_OF_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)


class Child:
    """A process that was forked for us; the kernel made us its parent."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, seconds: float) -> int:
        """Answers the exit code, negative for a signal. Raises TimeoutExpired."""
        deadline = monotonic() + seconds
        while (code := self.poll()) is None:
            if monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"process {self.pid}", seconds)
            time.sleep(0.01)
        return code

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Worker:
    """A running worker; what it said is in a file."""

    def __init__(self, process: Child, log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_for(self, words: str, *, seconds: float = 60) -> re.Match[str]:
        """Until it has said something like this."""
        deadline = monotonic() + seconds
        while monotonic() < deadline:
            ended = self.process.poll() is not None
            if found := re.search(words, self.said):
                return found
            if ended:
                break
            time.sleep(0.02)
        raise AssertionError(f"it never said {words!r}; it said:\n{self.said}")


class Nursery:
    """Of one test process. ``environment`` is the same for all its workers."""

    def __init__(self, folder: Path, *, environment: Mapping[str, str]) -> None:
        if ctypes.CDLL(None, use_errno=True).prctl(BECOME_THE_PARENT_OF_ORPHANS, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
        self._folder, self._born = folder, 0
        self._process = subprocess.Popen(
            [sys.executable, str(MAIN), "--nursery"],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def worker(self, how: Sequence[str]) -> Worker:
        self._born += 1
        log = self._folder / f"worker-{self._born}.log"
        log.touch()
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None and answers is not None
        asked.write(json.dumps({"how": list(how), "log": str(log)}) + "\n")
        asked.flush()
        return Worker(Child(int(answers.readline())), log)

    def close(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()
