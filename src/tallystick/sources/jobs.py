"""What sources do by themselves. Idempotent; losing a nudge is harmless."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import close_old_connections

from tallystick.kit.clock import DatabaseClock
from tallystick.kit.ids import correlation_id
from tallystick.kit.jobs import SLOW_QUEUE, app, defer
from tallystick.kit.log import logger
from tallystick.kit.problem import Problem
from tallystick.kit.secrets import CannotOpen
from tallystick.ledger.wake import Wake
from tallystick.sources.intake.take_up import take_up_what_waited
from tallystick.sources.read_prices import (
    PriceReading,
    SheetsOf,
    claim_prices,
    prices_due,
    read_prices_by_itself,
)
from tallystick.sources.read_sources import ReaderOf, Reading, claim, due_sources, read_source
from tallystick.sources.watch_not_seen import watch_not_seen
from tallystick.sources.wire import SourceTrouble

log = logger("sources.jobs")

READ_SOON: Final = "tallystick.sources_hinted"

_wake: Wake | None = None
_reader_of: ReaderOf | None = None
_sheets_of: SheetsOf | None = None


def use_readers(reader_of: ReaderOf) -> None:
    """The composition root says how a source is reached."""
    global _reader_of  # noqa: PLW0603 - one per process, set once at start
    _reader_of = reader_of


def use_price_sheets(sheets_of: SheetsOf) -> None:
    """The composition root says how a source's price sheets are reached."""
    global _sheets_of  # noqa: PLW0603 - one per process, set once at start
    _sheets_of = sheets_of


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


@app.periodic(cron="* * * * *", periodic_id="sources_due")
@app.task(name="tallystick.sources_due", queue=SLOW_QUEUE, queueing_lock="sources_due")
def read_due(timestamp: int) -> None:  # noqa: ARG001 - the job engine passes it
    """Every source whose time has come; one that cannot be read does not stop the others."""
    _read_due()


@app.task(name=READ_SOON, queue=SLOW_QUEUE, queueing_lock=READ_SOON)
def read_what_was_hinted() -> None:
    """The same, because a webhook called: without waiting for the next minute."""
    _read_due()


def read_soon(at: datetime) -> None:
    """In the caller's transaction; of many one is enough."""
    defer(READ_SOON, key=READ_SOON, queue=SLOW_QUEUE, at=at)


def _read_due() -> None:
    close_old_connections()
    if _wake is None or _reader_of is None:
        raise RuntimeError("this process was started without a way to read sources")
    now = DatabaseClock().now()
    for source_id in due_sources(now=now):
        if not claim(source_id, now=now):
            continue
        try:
            read = read_source(source_id, Reading(_reader_of, now, _wake, correlation_id()))
        except SourceTrouble as trouble:
            log.warning("source not read", source=source_id, why=str(trouble))
        else:
            log.info("source read", source=source_id, differences=read.differences)


@app.periodic(cron="*/10 * * * *", periodic_id="sources_prices")
@app.task(name="tallystick.sources_prices", queue=SLOW_QUEUE, queueing_lock="sources_prices")
def read_price_sheets(timestamp: int) -> None:  # noqa: ARG001 - the job engine passes it
    """Each once a month; one that cannot be read does not stop the others."""
    close_old_connections()
    if _sheets_of is None:
        raise RuntimeError("this process was started without a way to read price sheets")
    now = DatabaseClock().now()
    for source_id in prices_due(now=now):
        if not claim_prices(source_id, now=now):
            continue
        try:
            done = read_prices_by_itself(source_id, PriceReading(_sheets_of, now, correlation_id()))
        except (SourceTrouble, CannotOpen, Problem) as trouble:
            log.warning("price sheet not read", source=source_id, why=str(trouble)[:500])
        else:
            if done is not None:
                log.info("price sheet read", source=source_id, added=done.added)


@app.periodic(cron="*/5 * * * *", periodic_id="sources_not_seen")
@app.task(name="tallystick.sources_not_seen", queue=SLOW_QUEUE, queueing_lock="sources_not_seen")
def look_for_not_seen(timestamp: int) -> None:  # noqa: ARG001 - the job engine passes it
    """What people recorded and their source does not show, for Home."""
    close_old_connections()
    watch_not_seen(now=DatabaseClock().now())
