"""A worker as an installation runs it, that dies at a given point without a word.

python worker_main.py                        never dies
python worker_main.py --die-at MILESTONE     SIGKILL when a turn reaches it
python worker_main.py --stop-at MILESTONE    SIGSTOP there, once
python worker_main.py --die-before COMMIT    SIGKILL just before the turn's n-th commit
python worker_main.py --die-after COMMIT     SIGKILL just after it
"""

from __future__ import annotations

import argparse
import os
import signal
import threading
from collections.abc import Callable

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


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--die-at")
    parser.add_argument("--stop-at")
    parser.add_argument("--die-before", type=int)
    parser.add_argument("--die-after", type=int)
    asked = parser.parse_args()
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
    main()
