"""Was every line of a connection looked at, when it should have been? Pure.

A sweep that did not run, or did not end, is news: what nobody has looked at is not proved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SWEPT_EVERY = timedelta(hours=20)
# It is asked for every five minutes once it is due, and waits for its place among slow jobs.
LATE_AFTER = SWEPT_EVERY + timedelta(hours=1)
# Readings and writings are noted this often: the last one may be so much younger than it says.
NOTED_EVERY = timedelta(seconds=5)
# Pages of 500 lines: even 100,000 are read in less.
ENDS_WITHIN = timedelta(hours=1)


class SweepState(StrEnum):
    DONE = "done"
    RUNNING = "running"
    NOT_YET = "not_yet"
    STOPPED = "stopped"
    NOT_ENDED = "not_ended"
    LATE = "late"

    @property
    def is_wrong(self) -> bool:
        """A person must know."""
        return self in (SweepState.STOPPED, SweepState.NOT_ENDED, SweepState.LATE)


@dataclass(frozen=True, slots=True)
class Sweep:
    """What is known of the looks at every line of one connection."""

    begun_at: datetime | None
    ended_at: datetime | None
    stopped_because: str
    last_write_at: datetime | None

    def state(self, now: datetime) -> SweepState:
        """The order of the questions is the order of urgency."""
        if self._is_under_way:
            if self.stopped_because:
                return SweepState.STOPPED
            assert self.begun_at is not None  # noqa: S101 - that is what under way means
            if now - self.begun_at > ENDS_WITHIN:
                return SweepState.NOT_ENDED
        if self.ended_at is not None and now - self.ended_at > LATE_AFTER:
            return SweepState.LATE
        if self._is_under_way:
            return SweepState.RUNNING
        return SweepState.NOT_YET if self.ended_at is None else SweepState.DONE

    def is_newer_than_the_last_write(self) -> bool:
        """Whether it began after the last change that was sent, and has ended."""
        if self.ended_at is None or not self.has_ended:
            return False
        # Of a sweep of an earlier version only its end is known.
        begun_at = self.begun_at or self.ended_at
        return self.last_write_at is None or begun_at > self.last_write_at + NOTED_EVERY

    @property
    def has_ended(self) -> bool:
        """The one that was begun last has got through."""
        return self.ended_at is not None and not self._is_under_way

    @property
    def is_overtaken(self) -> bool:
        """It has ended, and a change was sent after it had begun."""
        return self.has_ended and not self.is_newer_than_the_last_write()

    @property
    def _is_under_way(self) -> bool:
        """The one that was begun last has not got through."""
        return self.begun_at is not None and (
            self.ended_at is None or self.ended_at < self.begun_at
        )
