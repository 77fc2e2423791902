"""A look at every line: did it run, did it end, is it newer than what was sent?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tallystick.connections.sweeps import ENDS_WITHIN, LATE_AFTER, NOTED_EVERY, Sweep, SweepState

NOW = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def ago(span: timedelta) -> datetime:
    return NOW - span


@pytest.mark.parametrize(
    ("begun", "ended", "because", "state"),
    [
        (None, None, "", SweepState.NOT_YET),
        (None, ago(HOUR), "", SweepState.DONE),
        (ago(2 * HOUR), ago(HOUR), "", SweepState.DONE),
        (ago(HOUR), ago(HOUR), "", SweepState.DONE),
        (ago(MINUTE), None, "", SweepState.RUNNING),
        (ago(MINUTE), ago(HOUR), "", SweepState.RUNNING),
        (ago(MINUTE), ago(HOUR), "No answer.", SweepState.STOPPED),
        (ago(MINUTE), None, "No answer.", SweepState.STOPPED),
        (ago(ENDS_WITHIN), ago(3 * HOUR), "", SweepState.RUNNING),
        (ago(ENDS_WITHIN + MINUTE), ago(3 * HOUR), "", SweepState.NOT_ENDED),
        (None, ago(LATE_AFTER), "", SweepState.DONE),
        (None, ago(LATE_AFTER + MINUTE), "", SweepState.LATE),
        (ago(MINUTE), ago(LATE_AFTER + HOUR), "", SweepState.LATE),
    ],
)
def test_how_it_stands(
    begun: datetime | None, ended: datetime | None, because: str, state: SweepState
) -> None:
    found = Sweep(begun, ended, because, None).state(NOW)
    assert found is state
    assert found.is_wrong == (state in {"stopped", "not_ended", "late"})


@pytest.mark.parametrize(
    ("begun", "ended", "written", "newer"),
    [
        (None, None, None, False),
        (ago(HOUR), ago(MINUTE), None, True),
        (ago(HOUR), None, None, False),
        (ago(MINUTE), ago(HOUR), None, False),
        (ago(HOUR), ago(MINUTE), ago(2 * HOUR), True),
        # Sent while it was looking: perhaps behind its back.
        (ago(HOUR), ago(MINUTE), ago(2 * MINUTE), False),
        # The last write may be a little younger than it is noted.
        (ago(HOUR), ago(MINUTE), ago(HOUR) - NOTED_EVERY, False),
        (ago(HOUR), ago(MINUTE), ago(HOUR) - NOTED_EVERY - MINUTE, True),
        # Of a look before an upgrade only the end is known.
        (None, ago(MINUTE), ago(HOUR), True),
        (None, ago(HOUR), ago(MINUTE), False),
    ],
)
def test_is_it_newer_than_the_last_write(
    begun: datetime | None, ended: datetime | None, written: datetime | None, newer: bool
) -> None:
    assert Sweep(begun, ended, "", written).is_newer_than_the_last_write() is newer
