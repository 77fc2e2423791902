"""What takes effect by itself when its day has come. Idempotent; losing a nudge is harmless."""

from __future__ import annotations

from django.db import close_old_connections

from tallystick.kit.clock import DatabaseClock
from tallystick.kit.jobs import SLOW_QUEUE, app
from tallystick.kit.log import logger
from tallystick.kit.problem import Problem
from tallystick.ledger.wake import Wake
from tallystick.operations.expire_due import expire_due
from tallystick.operations.take_over import due_to_take_over, take_over

log = logger("operations.jobs")

_wake: Wake | None = None


def use_wake(wake: Wake) -> None:
    """The composition root says how this process wakes a lane."""
    global _wake  # noqa: PLW0603 - one per process, set once at start
    _wake = wake


@app.periodic(cron="* * * * * */10", periodic_id="take_over")
@app.task(name="tallystick.take_over", queue=SLOW_QUEUE, queueing_lock="take_over")
def take_over_due(timestamp: int) -> None:  # noqa: ARG001 - the job engine passes it
    """Every subscription whose next contract's day has come goes one step on."""
    close_old_connections()
    if _wake is None:
        raise RuntimeError("this process was started without a way to wake lanes")
    now = DatabaseClock().now()
    for next_place_id in due_to_take_over(now=now):
        try:
            if take_over(next_place_id, now=now, wake=_wake):
                log.info("another contract has taken over", next_place=next_place_id)
        except Problem as problem:
            # Its lane says what stops it; the others go on.
            log.warning("not taken over", next_place=next_place_id, why=str(problem))


@app.periodic(cron="*/10 * * * *", periodic_id="terms")
@app.task(name="tallystick.end_terms", queue=SLOW_QUEUE, queueing_lock="end_terms")
def end_terms(timestamp: int) -> None:  # noqa: ARG001 - the job engine passes it
    """What was to end with its term, and has, ends."""
    close_old_connections()
    if _wake is None:
        raise RuntimeError("this process was started without a way to wake lanes")
    ended = expire_due(now=DatabaseClock().now(), wake=_wake)
    if ended:
        log.info("terms have ended", subscriptions=ended)
