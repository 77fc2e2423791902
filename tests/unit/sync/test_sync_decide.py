"""The next step of a lane: only the head may move, and only when nothing holds it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from making import NOW, due

from tallystick.ledger.state import State
from tallystick.sync.decide import Begin, Compare, Look, Recover, Rest, Step, next_step
from tallystick.sync.target import Due

LATER = NOW + timedelta(seconds=30)


def step(*lane: Due, **more: Any) -> Step:
    values: dict[str, Any] = {
        "now": NOW,
        "paused": False,
        "resume_at": None,
        "quiet_seconds": 0,
        "sync_asked": False,
        "look_asked": False,
    }
    return next_step(list(lane), **{**values, **more})


def test_an_empty_lane_rests() -> None:
    assert step() == Rest(None)


def test_an_empty_lane_is_read_when_somebody_asks() -> None:
    assert step(look_asked=True) == Compare()
    assert step(due(state=State.FAILED), look_asked=True) == Rest(None)


@pytest.mark.parametrize("state", [State.FAILED, State.CONFLICT])
def test_a_stopped_head_stops_the_lane(state: State) -> None:
    assert step(due(state=state), due()) == Rest(None)


def test_what_a_dead_process_was_sending_is_looked_at_first_even_when_paused() -> None:
    assert step(due(state=State.SENDING), paused=True) == Recover()


def test_what_is_being_checked_is_read_when_it_is_time() -> None:
    checking = due(state=State.CHECKING, retry_at=LATER)
    assert step(checking) == Rest(LATER, run_is_over=False)
    assert step(checking, now=LATER) == Look()
    assert step(checking, now=LATER, paused=True) == Rest(None, run_is_over=False)
    assert step(due(state=State.CHECKING)) == Look()


def test_a_pause_holds_what_waits_until_it_is_resumed() -> None:
    assert step(due(), paused=True, resume_at=LATER) == Rest(LATER)


def test_a_wait_is_waited_for() -> None:
    waiting = due(retry_at=LATER, tries=1)
    assert step(waiting) == Rest(LATER)
    assert step(waiting, now=LATER) == Begin()


@pytest.mark.parametrize(
    ("more", "asked", "rests"),
    [
        ({}, False, True),
        ({}, True, False),
        ({"tries": 1}, False, False),
        ({"cause_code": "refused"}, False, False),
    ],
)
def test_a_quiet_time_is_for_the_first_send_only(
    more: dict[str, Any], asked: bool, rests: bool
) -> None:
    head = due(**more)
    found = step(head, quiet_seconds=60, sync_asked=asked)
    assert found == (Rest(quiet_end(head.recorded_at)) if rests else Begin())
    assert step(head, quiet_seconds=60, now=quiet_end(NOW)) == Begin()


def quiet_end(recorded_at: datetime) -> datetime:
    return recorded_at + timedelta(seconds=60)


def test_what_is_held_for_review_rests_until_somebody_approves_it() -> None:
    held = due(awaits_approval=True)
    assert step(held) == Rest(None)
    assert step(held, sync_asked=True, look_asked=True) == Rest(None)
    assert step(held, paused=True, resume_at=LATER) == Rest(None)
    # What was approved goes; what is held behind it stays.
    assert step(due(), due(awaits_approval=True)) == Begin()
