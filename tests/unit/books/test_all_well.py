"""Do I need to do anything? Green is the last thing that is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tallystick.books.all_well import Now, SweepOf, Tone, headline
from tallystick.connections.sweeps import SweepState

WELL = Now(
    worker_is_there=True,
    sweeps=(SweepOf("Autotask", SweepState.DONE),),
    troubled=(),
    mapped=412,
    proved=412,
    left=0,
    stopped=0,
    waits=0,
    drifted=0,
    to_approve=0,
    under_way=0,
    not_mapped=0,
)


def swept(state: SweepState, because: str = "") -> dict[str, Any]:
    return {"sweeps": (SweepOf("Autotask", state, because),)}


def test_green_when_the_look_happened_and_every_line_was_proved() -> None:
    said = headline(WELL)
    assert said.all_well
    assert not said.needs_you
    assert said.words == "Nothing needs you. 412 of 412 lines proved."


def test_what_is_left_as_it_is_by_choice_does_not_keep_it_from_green() -> None:
    said = headline(replace(WELL, proved=410, left=2))
    assert said.all_well
    assert said.words.endswith("410 of 412 lines proved, 2 left as they are.")
    assert headline(replace(WELL, proved=411, left=1)).words.endswith("1 left as it is.")


TABLE = [
    # what is so, tone, the sentence
    (
        {"worker_is_there": False},
        Tone.RED,
        "No worker is there: nothing is read from Autotask or sent to it.",
    ),
    (
        swept(SweepState.STOPPED, "Autotask did not answer"),
        Tone.RED,
        "The look at every line of Autotask stopped: Autotask did not answer.",
    ),
    (
        swept(SweepState.NOT_ENDED),
        Tone.RED,
        "The look at every line of Autotask was begun and did not end.",
    ),
    (
        swept(SweepState.LATE),
        Tone.RED,
        "Nobody has looked at every line of Autotask since yesterday.",
    ),
    ({"not_recorded": 1}, Tone.RED, "1 change that a source told waits for a decision."),
    ({"not_recorded": 3}, Tone.RED, "3 changes that a source told wait for a decision."),
    ({"troubled": ("EU",)}, Tone.RED, "EU needs attention."),
    ({"troubled": ("EU", "US")}, Tone.RED, "EU and US need attention."),
    (
        {"stopped": 3, "waits": 7, "proved": 409},
        Tone.RED,
        "3 subscriptions are out of sync and 7 operations wait behind them.",
    ),
    (
        {"stopped": 1, "waits": 1, "proved": 411},
        Tone.RED,
        "1 subscription is out of sync and 1 operation waits behind it.",
    ),
    ({"stopped": 1, "proved": 411}, Tone.RED, "1 subscription is out of sync."),
    (
        {"drifted": 1, "proved": 411},
        Tone.RED,
        "1 subscription is out of sync, because Autotask shows something else.",
    ),
    (
        {"stopped": 1, "drifted": 2, "waits": 4, "proved": 409},
        Tone.RED,
        "3 subscriptions are out of sync, 2 of them because Autotask shows something else, "
        "and 4 operations wait behind them.",
    ),
    ({"to_approve": 2}, Tone.YELLOW, "2 subscriptions wait for approval."),
    ({"to_approve": 1}, Tone.YELLOW, "1 subscription waits for approval."),
    ({"not_mapped": 5}, Tone.YELLOW, "5 active subscriptions are not mapped."),
    ({"not_mapped": 1, "mapped": 0, "proved": 0}, Tone.YELLOW, "1 active subscription is not"),
    (
        {"under_way": 3, "proved": 409},
        Tone.BLUE,
        "Nothing needs you. 3 subscriptions are on the way. 409 of 412 lines proved.",
    ),
    ({"proved": 411}, Tone.BLUE, "Nothing needs you. 411 of 412 lines proved."),
    (
        swept(SweepState.NOT_YET),
        Tone.BLUE,
        "Nothing needs you. Not every line was looked at yet: Autotask.",
    ),
    (swept(SweepState.RUNNING), Tone.BLUE, "Not every line was looked at yet: Autotask."),
    (
        {"mapped": 0, "proved": 0, "sweeps": ()},
        Tone.SECONDARY,
        "Nothing is mapped yet, so nothing is billed.",
    ),
]


@pytest.mark.parametrize(("changes", "tone", "words"), TABLE)
def test_each_thing_by_itself(changes: dict[str, Any], tone: Tone, words: str) -> None:
    said = headline(replace(WELL, **changes))
    assert said.tone is tone
    assert words in said.words
    assert said.needs_you == (tone in {Tone.RED, Tone.YELLOW})
    assert said.tone.icon


def test_what_did_not_run_is_said_before_what_needs_you() -> None:
    said = headline(
        replace(WELL, worker_is_there=False, stopped=1, not_mapped=2, **swept(SweepState.LATE))
    )
    assert said.words.startswith("No worker is there")
    assert len(said.first) == 2
    assert len(said.needs) == 2
