"""What sources do by themselves. Idempotent; losing a nudge is harmless."""

from __future__ import annotations

from django.db import close_old_connections

from tallystick.kit.clock import DatabaseClock
from tallystick.kit.ids import correlation_id
from tallystick.kit.jobs import SLOW_QUEUE, app
from tallystick.ledger.wake import Wake
from tallystick.sources.intake.take_up import take_up_what_waited

_wake: Wake | None = None


def use_wake(wake: Wake) -> None:
    """The composition root says how this process wakes a lane."""
    global _wake  # noqa: PLW0603 - one per process, set once at start
    _wake = wake


@app.periodic(cron="* * * * *", periodic_id="sources_waiting")
@app.task(name="tallystick.sources_waiting", queue=SLOW_QUEUE, queueing_lock="sources_waiting")
def take_up(timestamp: int) -> None:  # noqa: ARG001 - the job engine passes it
    """Events that waited long enough, or whose subscription is known by now, have their turn."""
    close_old_connections()
    if _wake is None:
        raise RuntimeError("this process was started without a way to wake lanes")
    take_up_what_waited(now=DatabaseClock().now(), wake=_wake, correlation_id=correlation_id())
