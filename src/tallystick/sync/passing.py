"""A call that could not be made or answered: put the batch back, and say when again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tallystick.audit.record import SYSTEM
from tallystick.connections.pause import pause
from tallystick.connections.trouble import (
    BillingError,
    Misconfigured,
    NotOpened,
    Rejected,
    Throttled,
    Unavailable,
    Unclear,
)
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.settle import Act, Cause, stopped, waiting
from tallystick.ledger.state import State
from tallystick.sync import words, words_look
from tallystick.sync.engine import Engine
from tallystick.sync.load import Work
from tallystick.sync.retry import THREAD_LIMIT_PAUSE, backoff
from tallystick.sync.target import NOT_LANDED


@dataclass(frozen=True, slots=True)
class Passing:
    """Try again at ``retry_at`` (None: when the connection is resumed)."""

    cause: Cause
    retry_at: datetime | None
    counts_as_try: bool


def could_not_read(
    engine: Engine,
    lane: Lane,
    batch: Sequence[Delivery],
    error: BillingError,
    *,
    work: Work,
    act: Act,
) -> None:
    """Before anything was sent, a reading failed. In the caller's transaction."""
    zone = work.connection.time_zone
    again = act.now + backoff(batch[0].tries, jitter=engine.jitter())
    match error:
        case Unavailable():
            put_back(
                lane,
                batch,
                Passing(words.unreachable(str(error), again, zone), again, True),
                act=act,
            )
        case Unclear():
            put_back(
                lane,
                batch,
                Passing(words.unreadable(str(error), again, zone), again, True),
                act=act,
            )
        case Throttled():
            put_back(
                lane,
                batch,
                throttled(work, str(error), error.retry_after_seconds, act=act),
                act=act,
            )
        case Misconfigured():
            put_back(lane, batch, no_access(work, cause_of(error), act=act), act=act)
        case Rejected():
            stopped(lane, batch, State.FAILED, words.read_refused(str(error)), act=act)
        case _:
            raise error


def could_not_look(error: BillingError, *, work: Work, act: Act) -> str:
    """A reading that nothing waits for failed: what that means, in words."""
    match error:
        case Throttled():
            return throttled(work, str(error), error.retry_after_seconds, act=act).cause.words
        case Misconfigured():
            return no_access(work, cause_of(error), act=act).cause.words
        case _:
            return words_look.not_compared(str(error)).words


def put_back(lane: Lane, batch: Sequence[Delivery], passing: Passing, *, act: Act) -> None:
    """What was being sent again stays that call: the same companions, byte for byte."""
    resent = lane.open_attempt is not None and lane.open_attempt.resend_of_id is not None
    kept = resent or batch[0].cause_code == NOT_LANDED
    waiting(
        lane,
        batch,
        Cause(NOT_LANDED, passing.cause.words) if kept else passing.cause,
        now=act.now,
        retry_at=passing.retry_at,
        counts_as_try=passing.counts_as_try,
    )


def throttled(work: Work, reason: str, retry_after_seconds: float | None, *, act: Act) -> Passing:
    """The whole connection waits; no try is used up."""
    wait = THREAD_LIMIT_PAUSE if retry_after_seconds is None else retry_after_seconds
    resume_at = act.now + timedelta(seconds=wait)
    cause = words.throttled(reason, resume_at, work.connection.time_zone)
    pause(
        work.connection.id,
        because=cause.words,
        resume_at=resume_at,
        actor=SYSTEM,
        now=act.now,
        correlation_id=act.correlation_id,
    )
    return Passing(cause, resume_at, False)


def cause_of(error: Misconfigured) -> Cause:
    """Whether it was Autotask that refused, or we could not even ask."""
    if isinstance(error, NotOpened):
        return words.not_opened(str(error))
    return words.access_refused(str(error))


def no_access(work: Work, cause: Cause, *, act: Act) -> Passing:
    """One refused sign-in pauses the connection until a person resumes it: no hammering."""
    pause(
        work.connection.id,
        because=cause.words,
        resume_at=None,
        actor=SYSTEM,
        now=act.now,
        correlation_id=act.correlation_id,
    )
    return Passing(cause, None, False)
