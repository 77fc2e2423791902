"""A worker as an installation runs it, that dies at a given point without a word.

python worker_main.py                        never dies
python worker_main.py --die-at MILESTONE     SIGKILL when a turn reaches it
python worker_main.py --stop-at MILESTONE    SIGSTOP there, once
python worker_main.py --die-before COMMIT    SIGKILL just before the turn's n-th commit
python worker_main.py --die-after COMMIT     SIGKILL just after it
python worker_main.py --nursery              forks a worker for each line it is given (nursery.py)
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence

from tallystick.bootstrap.setup import setup


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def nothing() -> None:
    """Here it goes on."""


class Commits:
    """Counts the commits of one turn, and dies around one of them."""

    def __init__(self, *, before: int | None, after: int | None) -> None:
        self._before, self._after = before, after
        self._turn = threading.local()

    def install(self) -> None:
        from django.db.backends.base.base import BaseDatabaseWrapper

        from tallystick.sync import jobs

        drive, commit = jobs.drive, BaseDatabaseWrapper._commit

        def counted_drive(engine: object, lane_id: int) -> None:
            self._turn.commits = 0
            try:
                drive(engine, lane_id)
            finally:
                del self._turn.commits

        def counted_commit(database: object) -> None:
            number = self._count()
            if number is not None and number == self._before:
                die()
            commit(database)
            if number is not None and number == self._after:
                die()

        jobs.drive = counted_drive
        BaseDatabaseWrapper._commit = counted_commit

    def _count(self) -> int | None:
        if not hasattr(self._turn, "commits"):
            return None
        self._turn.commits += 1
        return int(self._turn.commits)


def nursery() -> None:
    """Everything is imported here, nothing is begun: no thread, no connection."""
    setup(log_level="INFO")
    from tallystick.bootstrap import worker  # noqa: F401 - so that the forked ones have it

    for line in sys.stdin:
        asked = json.loads(line)
        print(fork(asked["how"], asked["log"]), flush=True)


def fork(how: Sequence[str], log: str) -> int:
    """Answer the id of a worker whose parent is not this process, but the one above it."""
    reading, writing = os.pipe()
    between = os.fork()
    if between == 0:
        os.setsid()
        pid = os.fork()
        if pid == 0:
            become_worker(how, log)
        os.write(writing, str(pid).encode())
        os._exit(0)
    os.waitpid(between, 0)
    os.close(writing)
    pid = int(os.read(reading, 20))
    os.close(reading)
    return pid


def become_worker(how: Sequence[str], log: str) -> None:
    """Never comes back."""
    to = os.open(log, os.O_WRONLY | os.O_APPEND)
    nothing_to_read = os.open(os.devnull, os.O_RDONLY)
    for source, number in ((nothing_to_read, 0), (to, 1), (to, 2)):
        os.dup2(source, number)
    code = 1
    try:
        main(how)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - said in its log, as Python says it of any process
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main(how: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--die-at")
    parser.add_argument("--stop-at")
    parser.add_argument("--die-before", type=int)
    parser.add_argument("--die-after", type=int)
    asked = parser.parse_args(how)
    setup(log_level="INFO")
    from tallystick.bootstrap.worker import run
    from tallystick.sync.engine import Milestone

    at: dict[Milestone, Callable[[], None]] = {}
    if asked.die_at:
        at[Milestone(asked.die_at)] = die
    if asked.stop_at:
        at[Milestone(asked.stop_at)] = stop
    Commits(before=asked.die_before, after=asked.die_after).install()
    run(
        reached=lambda milestone: at.pop(milestone, nothing)(),
        ready=lambda: print("READY", flush=True),
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["--nursery"]:
        nursery()
    else:
        main(sys.argv[1:])
