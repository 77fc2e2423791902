"""The worker process: the job engine's worker, and the proof that this process is alive.

The *keeper* holds one advisory lock on a session of its own, named by this process's holder id.
Whoever wants a lane that this process holds asks for that lock: when the process is gone the
database has freed it, and the lane can be taken at once.

A worker whose database was brought to a later version ends as if it had been told to: turns under
way are finished, none is begun.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import psycopg
from django.conf import settings
from django.db import connections
from procrastinate.contrib.django import app as procrastinate_app

from tallystick.audit.jobs import use_heads
from tallystick.bootstrap.audit_heads import audit_key, write_now
from tallystick.bootstrap.clients import make_directory
from tallystick.bootstrap.engine import make_engine
from tallystick.bootstrap.gap_charge import gaps_of
from tallystick.bootstrap.notices import sender
from tallystick.bootstrap.source_clients import price_sheets_of, reader_of
from tallystick.bootstrap.version import Watch
from tallystick.kit.ids import holder_id
from tallystick.kit.log import logger
from tallystick.mappings.jobs import use_directory
from tallystick.notify.jobs import use_sender, use_told
from tallystick.operations.jobs import use_gaps, use_wake
from tallystick.sources import jobs as source_jobs
from tallystick.sources.untold import Untold
from tallystick.sync import jobs
from tallystick.sync.engine import Engine, Milestone, nobody_listens

log = logger("worker")
KEEPER_LOOKS_EVERY = 1.0
REPLACED = (
    "The database was brought to a later version of Tallystick: {} is not known here. This worker "
    "has finished what it had begun, and ends. Install that version here too, and start it again."
)


class Keeper:
    """Holds this process's advisory lock, and takes it again when the database was away.

    ``replaced``: the migration of a later version it has seen, at which it ends the process.
    """

    def __init__(self, holder: int) -> None:
        self._holder = holder
        self._stop = threading.Event()
        self._held = threading.Event()
        self._watch = Watch()
        self.replaced = ""
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._held.wait(30)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5)

    def _keep(self) -> None:
        while not self._stop.is_set():
            try:
                self._hold()
            except psycopg.Error as error:
                self._held.clear()
                log.warning("keeper lost the database", error=str(error))
                self._stop.wait(KEEPER_LOOKS_EVERY)

    def _hold(self) -> None:
        parameters = connections["default"].get_connection_params()
        parameters.pop("cursor_factory", None)
        parameters.pop("context", None)
        with psycopg.connect(**parameters, autocommit=True) as session:
            session.execute("SELECT pg_advisory_lock(%s)", [self._holder])
            self._held.set()
            while not self._stop.wait(KEEPER_LOOKS_EVERY):
                later = self._watch.later(session)
                if later and not self.replaced:
                    self.replaced = later
                    log.warning("database is of a later version", migration=later)
                    os.kill(os.getpid(), signal.SIGTERM)


def run(
    *,
    turns: int | None = None,
    reached: Callable[[Milestone], None] = nobody_listens,
    ready: Callable[[], None] | None = None,
) -> str:
    """Work until SIGTERM or Ctrl-C; turns under way are finished first (at most 30 s).

    Answers what is to be said when it ended because it is of an earlier version, else nothing.
    """
    turns = turns or settings.WORKER_TURNS
    holder = holder_id()
    # Many turns wait for an answer while one computes: whoever has got his is soon let in.
    sys.setswitchinterval(0.0005)

    @cache
    def engine() -> Engine:
        return make_engine(holder=holder, reached=reached)

    jobs.use_engine(engine)
    use_wake(jobs.wake_lanes)
    use_gaps(gaps_of)
    source_jobs.use_wake(jobs.wake_lanes)
    source_jobs.use_readers(reader_of)
    source_jobs.use_price_sheets(price_sheets_of)
    use_directory(make_directory)
    # A setting that cannot be meant is said now, not when something is wrong.
    sender()
    audit_key()
    use_sender(sender)
    use_told(Untold())
    use_heads(write_now)
    keeper = Keeper(holder)
    keeper.start()
    jobs.nudge_due()
    if ready is not None:
        ready()
    try:
        asyncio.run(_work(turns))
    finally:
        keeper.stop()
        connections.close_all()
    return REPLACED.format(keeper.replaced) if keeper.replaced else ""


async def _work(turns: int) -> None:
    loop = asyncio.get_running_loop()
    # Turns wait for Autotask most of the time: threads, made when they are needed.
    loop.set_default_executor(ThreadPoolExecutor(max_workers=turns + 4, thread_name_prefix="turn"))
    connector = procrastinate_app.connector.get_worker_connector()  # type: ignore[attr-defined]  # of procrastinate's Django connector
    with procrastinate_app.replace_connector(connector) as app:
        async with app.open_async():
            # Signals are the job engine's: it stops fetching and lets turns under way finish.
            await app.run_worker_async(
                concurrency=turns,
                name="tallystick",
                fetch_job_polling_interval=2.0,
                shutdown_graceful_timeout=30.0,
                update_heartbeat_interval=2.0,
                stalled_worker_timeout=10.0,
                delete_jobs="successful",
            )
    log.info("worker stopped")
