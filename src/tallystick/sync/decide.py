"""What a lane's next step is: pure. The first question that answers is the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tallystick.ledger.state import STOPPED, State
from tallystick.sync.target import Due


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do now; ``until`` says when again, ``run_is_over`` whether a Sync has ended."""

    until: datetime | None
    run_is_over: bool = True


@dataclass(frozen=True, slots=True)
class Recover:
    """A process died while this was being sent: nobody knows, so look."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was sent is not proved: read."""


@dataclass(frozen=True, slots=True)
class Compare:
    """Nothing is to be sent, and a person wants to know: read and compare."""


@dataclass(frozen=True, slots=True)
class Begin:
    """The head's turn has come: it and what travels with it."""


Step = Rest | Recover | Look | Compare | Begin


def next_step(
    due: Sequence[Due],
    *,
    now: datetime,
    paused: bool,
    resume_at: datetime | None,
    quiet_seconds: int,
    sync_asked: bool,
    look_asked: bool,
) -> Step:
    """``due`` are the unsettled ones in order; only the head may move.

    ``look_asked``: Sync was pressed when nothing was waiting, and has not been answered.
    """
    if not due:
        return Compare() if look_asked else Rest(None)
    head = due[0]
    if head.state in STOPPED:
        return Rest(None)
    if head.state is State.SENDING:
        return Recover()
    if head.state is State.CHECKING:
        if paused:
            return Rest(resume_at, run_is_over=False)
        if head.retry_at is not None and head.retry_at > now:
            return Rest(head.retry_at, run_is_over=False)
        return Look()
    if head.awaits_approval:
        return Rest(None)
    if paused:
        return Rest(resume_at)
    if head.retry_at is not None and head.retry_at > now:
        return Rest(head.retry_at)
    quiet_until = head.recorded_at + timedelta(seconds=quiet_seconds)
    first_time = head.tries == 0 and not head.cause_code
    # Recorded later than now: the clock was set back, and nobody waits for it to come round.
    if first_time and not sync_asked and head.recorded_at <= now < quiet_until:
        return Rest(quiet_until)
    return Begin()
