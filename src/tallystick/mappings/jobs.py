"""What a worker does for the mapping pages: read the directory anew, and look for likenesses."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import close_old_connections

from tallystick.audit.events import Event
from tallystick.audit.record import Subject, record
from tallystick.connections.models import Connection
from tallystick.connections.queries import get_connection
from tallystick.connections.trouble import BillingError, Misconfigured
from tallystick.directory.kinds import Kind
from tallystick.directory.port import DirectoryFor
from tallystick.directory.queries import age
from tallystick.directory.refresh import ask_for, note_failure, refresh
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.jobs import SLOW_QUEUE, app, defer
from tallystick.kit.log import logger
from tallystick.mappings.suggest import suggest_companies

log = logger("mappings.jobs")

REFRESH = "tallystick.refresh_directory"
OLD_AFTER = timedelta(hours=20)
LOST_AFTER = timedelta(minutes=10)

_directory: DirectoryFor | None = None


def use_directory(make: DirectoryFor) -> None:
    """The composition root says how this process finds a connection's directory."""
    global _directory  # noqa: PLW0603 - one per process, set once at start
    _directory = make


def request_refresh(
    connection_id: int, *, context: Context, now: datetime, correlation_id: str
) -> bool:
    """Ask a worker to read the directory anew. False when it is being read already.

    Raises NotFound, NotAllowed.
    """
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    if not ask_for(connection.id, now=now):
        return False
    record(
        Event.REFRESH_DIRECTORY,
        actor=context.actor,
        now=now,
        subject=Subject(
            tenant_id=connection.tenant_id,
            reseller_id=connection.reseller_id,
            connection_id=connection.id,
            connection_name=connection.name,
        ),
        correlation_id=correlation_id,
        summary="Companies, services, contracts and their lines are read anew",
    )
    _wake(connection.id)
    return True


def _wake(connection_id: int) -> None:
    defer(
        REFRESH,
        key=f"directory:{connection_id}",
        queue=SLOW_QUEUE,
        connection_id=connection_id,
    )


@app.task(name=REFRESH, queue=SLOW_QUEUE)
def refresh_directory(connection_id: int) -> None:
    close_old_connections()
    if _directory is None:
        raise RuntimeError("this process was started without a directory")
    clock = DatabaseClock()
    try:
        directory = _directory(connection_id)
    except Misconfigured as error:
        # Its credentials do not open: nobody was asked anything, and whoever waits is told.
        note_failure(connection_id, next(iter(Kind)), str(error), now=clock.now())
        log.warning("directory not read", connection=connection_id, why=str(error))
        return
    try:
        refresh(connection_id, directory, clock=clock)
    except BillingError as error:
        log.warning("directory not read", connection=connection_id, why=str(error))
    # Also after half a reading: what was read is there.
    looked = suggest_companies(connection_id, now=clock.now())
    log.info("directory read", connection=connection_id, customers=looked)


@app.periodic(cron="*/5 * * * *", periodic_id="directories")
@app.task(name="tallystick.watch_directories", queue=SLOW_QUEUE, queueing_lock="directories")
def watch_directories(timestamp: int) -> None:  # noqa: ARG001 - the job engine passes it
    """Once a day by itself, and again when somebody waits for a reading that was lost."""
    close_old_connections()
    now = DatabaseClock().now()
    for connection_id in Connection.objects.filter(
        paused_at__isnull=True, deleted_at__isnull=True
    ).values_list("pk", flat=True):
        known = age(connection_id)
        lost = known.asked_at is not None and now - known.asked_at > LOST_AFTER
        last = max(filter(None, [known.read_at, known.failed_at]), default=None)
        old = known.asked_at is None and (last is None or now - last > OLD_AFTER)
        if old:
            ask_for(connection_id, now=now)
        if old or lost:
            _wake(connection_id)
