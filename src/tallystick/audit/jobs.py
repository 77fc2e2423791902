"""Once an hour, by a worker: the ends of all chains, signed, to where the database is not."""

from __future__ import annotations

from collections.abc import Callable

from django.db import close_old_connections

from tallystick.audit.heads import WrongHeads
from tallystick.kit.jobs import SLOW_QUEUE, app
from tallystick.kit.log import logger

log = logger("audit.jobs")

_write: Callable[[], int] | None = None


def use_heads(write: Callable[[], int]) -> None:
    """The composition root says where to and with which key."""
    global _write  # noqa: PLW0603 - one per process, set once at start
    _write = write


@app.periodic(cron="23 * * * *", periodic_id="audit_heads")
@app.task(name="tallystick.audit_heads", queue=SLOW_QUEUE, queueing_lock="audit_heads")
def write_audit_heads(timestamp: int) -> None:  # noqa: ARG001 - the job engine passes it
    """What cannot be written is said in the log, and written the next hour."""
    close_old_connections()
    if _write is None:
        raise RuntimeError("this process was started without a place for audit heads")
    try:
        written = _write()
    except (OSError, WrongHeads) as error:
        log.error("audit heads not written", why=str(error))
        return
    log.info("audit heads written", heads=written)
