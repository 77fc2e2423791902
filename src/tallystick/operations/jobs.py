"""What takes effect by itself when its day has come. Idempotent; losing a nudge is harmless."""

from __future__ import annotations

from django.db import close_old_connections

from tallystick.catalog.price_runs import unfinished_runs
from tallystick.kit.clock import DatabaseClock
from tallystick.kit.jobs import SLOW_QUEUE, app
from tallystick.kit.log import logger
from tallystick.kit.problem import Problem
from tallystick.ledger.wake import Wake
from tallystick.mappings.leave import close_left
from tallystick.operations.apply_prices import APPLY, apply_part, wake_run
from tallystick.operations.carry_out import carry_out_due
from tallystick.operations.end_promotions import end_promotions_due
from tallystick.operations.expire_due import expire_due
from tallystick.operations.gaps import GapsOf
from tallystick.operations.take_over import due_to_take_over, take_over

log = logger("operations.jobs")

_wake: Wake | None = None
_gaps: GapsOf | None = None


def use_wake(wake: Wake) -> None:
    """The composition root says how this process wakes a lane."""
    global _wake  # noqa: PLW0603 - one per process, set once at start
    _wake = wake


def use_gaps(gaps: GapsOf) -> None:
    """The composition root says how this process looks ahead."""
    global _gaps  # noqa: PLW0603 - one per process, set once at start
    _gaps = gaps


@app.periodic(cron="* * * * * */10", periodic_id="take_over")
@app.task(name="tallystick.take_over", queue=SLOW_QUEUE, queueing_lock="take_over")
def take_over_due(timestamp: int) -> None:  # noqa: ARG001 - the job engine passes it
    """Every subscription whose next contract's day has come goes one step on."""
    close_old_connections()
    if _wake is None:
        raise RuntimeError("this process was started without a way to wake lanes")
    now = DatabaseClock().now()
    close_left()
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
    """What was to end with its term, and has, ends; what was scheduled takes effect; a promotion
    whose benefit is over ends."""
    close_old_connections()
    if _wake is None:
        raise RuntimeError("this process was started without a way to wake lanes")
    now = DatabaseClock().now()
    # First: what the others record counts from a later day.
    promotions = end_promotions_due(now=now, wake=_wake)
    ended = expire_due(now=now, wake=_wake)
    carried_out = carry_out_due(now=now, wake=_wake)
    if ended or carried_out or promotions:
        log.info(
            "terms have ended",
            subscriptions=ended,
            carried_out=carried_out,
            promotions=promotions,
        )


@app.task(name=APPLY, queue=SLOW_QUEUE)
def apply_prices(run_id: int) -> None:
    """All parts that are left of a margin rule or price list that is being applied."""
    close_old_connections()
    if _wake is None:
        raise RuntimeError("this process was started without a way to wake lanes")
    clock = DatabaseClock()
    while apply_part(run_id, now=clock.now(), wake=_wake, gaps=_gaps):
        pass
    log.info("prices applied", run=run_id)


@app.periodic(cron="* * * * * */30", periodic_id="price_runs")
@app.task(name="tallystick.resume_price_runs", queue=SLOW_QUEUE, queueing_lock="price_runs")
def resume_price_runs(timestamp: int) -> None:  # noqa: ARG001 - the job engine passes it
    """What is not finished goes on: its job, or the worker that had it, may be gone."""
    close_old_connections()
    for run_id in unfinished_runs():
        wake_run(run_id)
