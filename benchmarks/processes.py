"""The product's own commands as processes, and what the kernel says about them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tallystick.bootstrap.binaries import end_with_parent
from tallystick.kit.clock import monotonic

TICKS = os.sysconf("SC_CLK_TCK")
MEGABYTE = 1024.0


@dataclass(frozen=True, slots=True)
class Running:
    """A process of ours; what it says goes to a file."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_for(self, words: str, *, seconds: float = 60.0) -> re.Match[str]:
        """Until it has said something like this. Raises RuntimeError."""
        deadline = monotonic() + seconds
        while monotonic() < deadline:
            said = self.log.read_text(errors="replace")
            if found := re.search(words, said):
                return found
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"it never said {words!r}; see {self.log}:\n{said[-2000:]}")


@contextmanager
def started(module: str, *arguments: str, log: Path) -> Iterator[Running]:
    """``python -m module arguments``, stopped at the end as an operator stops it."""
    with log.open("ab") as to:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=to,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - only asks the kernel for a signal
        )
    try:
        yield Running(process, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(45)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def family(pid: int) -> list[int]:
    """The process and everything it started."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(after_name[1]), []).append(int(entry.parent.name))
    found, left = [], [pid]
    while left:
        found.append(left.pop())
        left += children.get(found[-1], [])
    return found


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time so far. Children that have ended are counted with their parent."""
    spent = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        spent += sum(int(number) for number in fields[11:15])
    return spent / TICKS


@dataclass(frozen=True, slots=True)
class Memory:
    """Megabytes. ``pss`` shares what several processes have in common among them."""

    pss: float
    rss: float
    processes: int


def memory(pids: Sequence[int]) -> Memory:
    pss = rss = 0.0
    for pid in pids:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        sizes = {name: int(size) for name, size in re.findall(r"^(\w+): +(\d+) kB", text, re.M)}
        pss += sizes["Pss"] / MEGABYTE
        rss += sizes["Rss"] / MEGABYTE
    return Memory(pss, rss, len(pids))
