"""What the job engine runs: idempotent nudges that read the ledger. Losing one is harmless.

Order and stop are the ledger's; a job only says *wake up*. Every nudge is part of the caller's
transaction, so it exists exactly when what it is about exists.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import close_old_connections
from django.db.models import Q
from procrastinate import JobContext

from tallystick.audit.record import SYSTEM
from tallystick.connections.budget import forget_old_minutes, note_threshold
from tallystick.connections.learn import note_sweep_stopped
from tallystick.connections.models import Connection
from tallystick.connections.pause import pause
from tallystick.connections.sweeps import SWEPT_EVERY
from tallystick.connections.trouble import BillingError, NotOpened
from tallystick.identity.idempotency import forget_old_keys
from tallystick.identity.throttle import forget_old_failures
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.jobs import SLOW_QUEUE, app, defer
from tallystick.kit.log import logger
from tallystick.ledger.rounds import end_abandoned
from tallystick.ledger.tally import fold_tally
from tallystick.sync import words
from tallystick.sync.due import due_lanes, longest_due, open_runs_without_work
from tallystick.sync.engine import Engine
from tallystick.sync.turn import drive
from tallystick.sync.verify import verify

log = logger("sync.jobs")

DRIVE = "tallystick.drive_lane"
VERIFY = "tallystick.verify_connection"
QUEUE = "lanes"
# Before all lanes that wait: what says which lane is due, and the longest lane of those.
FIRST, LONGEST = 2, 1

_engine: Callable[[], Engine] | None = None


def use_engine(make: Callable[[], Engine]) -> None:
    """The composition root says how this process makes its engine."""
    global _engine  # noqa: PLW0603 - one per process, set once at start
    _engine = make


def engine() -> Engine:
    if _engine is None:
        raise RuntimeError("this process was started without an engine")
    return _engine()


def wake_lanes(lane_ids: Sequence[int]) -> None:
    """Ask for a turn of each lane as soon as the transaction has committed."""
    for lane_id in lane_ids:
        defer(DRIVE, key=f"lane:{lane_id}", queue=QUEUE, lane_id=lane_id)


def wake_later(lane_id: int, at: datetime | None) -> None:
    """Ask for a turn at a moment; each second has its own key, so an earlier wake is not lost."""
    if at is None:
        wake_lanes([lane_id])
    else:
        key = f"lane:{lane_id}@{int(at.timestamp())}"
        defer(DRIVE, key=key, queue=QUEUE, at=at, lane_id=lane_id)


@app.task(name=DRIVE, queue=QUEUE)
def drive_lane(lane_id: int) -> None:
    close_old_connections()
    drive(engine(), lane_id)


@app.periodic(cron="* * * * * */10", periodic_id="due")
@app.task(name="tallystick.sweep_due", queue=SLOW_QUEUE, queueing_lock="sweep_due", priority=FIRST)
def sweep_due(timestamp: int) -> None:  # noqa: ARG001 - the job engine passes it
    """Every lane that is due and that nobody works on gets a nudge."""
    close_old_connections()
    nudge_due()


def nudge_due() -> None:
    """Also run once when a worker starts: what a dead one left is taken up at once."""
    now = engine().clock.now()
    # Its own key and before all that wait: it may have asked later than they, and takes longest.
    for lane_id in longest_due(now=now):
        defer(DRIVE, key=f"lane:{lane_id}:first", queue=QUEUE, priority=LONGEST, lane_id=lane_id)
    lanes = due_lanes(now=now)
    runs = open_runs_without_work(now=now, older_than=timedelta(minutes=2))
    wake_lanes(list(dict.fromkeys([*lanes, *runs])))


@app.periodic(cron="*/5 * * * *", periodic_id="connections")
@app.task(name="tallystick.watch_connections", queue=SLOW_QUEUE, queueing_lock="watch")
def watch_connections(timestamp: int) -> None:  # noqa: ARG001 - the job engine passes it
    """Ask which connection has not been looked at lately, never what hour it is."""
    close_old_connections()
    now = DatabaseClock().now()
    forget_old_minutes(now=now)
    forget_old_keys(now=now)
    end_abandoned(now=now)
    forget_old_failures(now=now)
    fold_tally()
    # A paused connection that was never looked at comes from a restored backup: looking is safe,
    # and the person who resumes it wants to see the differences.
    for connection in Connection.objects.filter(
        Q(paused_at__isnull=True) | Q(last_swept_at__isnull=True), deleted_at__isnull=True
    ):
        if connection.last_swept_at is None or now - connection.last_swept_at > SWEPT_EVERY:
            start_look(connection.pk, None)
        _read_threshold(connection.pk, now)


def _read_threshold(connection_id: int, now: datetime) -> None:
    try:
        threshold, used = engine().billing(connection_id).threshold()
    except NotOpened as error:
        # A connection on which nothing happens says so too, before its next change.
        pause(
            connection_id,
            because=words.not_opened(str(error)).words,
            resume_at=None,
            actor=SYSTEM,
            now=now,
            correlation_id=engine().correlation(),
        )
        return
    except BillingError as error:
        log.info("threshold not read", connection=connection_id, why=str(error))
        return
    note_threshold(connection_id, threshold=threshold, used=used, now=now)


def start_look(connection_id: int, lane_ids: Sequence[int] | None) -> None:
    """Compare these lanes, or all of a connection, as soon as the transaction has committed."""
    key = f"verify:{connection_id}"
    if lane_ids is None:
        defer(VERIFY, key=key, queue=SLOW_QUEUE, connection_id=connection_id)
        return
    ids = sorted(lane_ids)
    chosen = f"{key}:{hash(tuple(ids)):x}"  # of whole numbers: the same in every process
    defer(VERIFY, key=chosen, queue=SLOW_QUEUE, connection_id=connection_id, lane_ids=[*ids])


@app.task(name=VERIFY, queue=SLOW_QUEUE)
def verify_connection(connection_id: int, lane_ids: list[int] | None = None) -> None:
    close_old_connections()
    try:
        swept = verify(engine(), connection_id, lane_ids, whole=False)
    except BillingError as error:
        note_sweep_stopped(connection_id, because=str(error))
        log.warning("sweep stopped", connection=connection_id, why=str(error))
        return
    log.info("sweep", connection=connection_id, lines=swept.looked_at, drift=swept.different)


@app.periodic(cron="* * * * * */15", periodic_id="rescue")
@app.task(name="tallystick.rescue", queue=SLOW_QUEUE, queueing_lock="rescue", pass_context=True)
async def rescue(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - passed by the engine
    """Jobs of dead workers are put back, old finished ones are deleted."""
    manager = context.app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=10):
        await manager.retry_job(job)
    await manager.delete_old_jobs(nb_hours=1, include_failed=True)
