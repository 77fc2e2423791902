"""What a message says, in the words of the screens. Pure.

What happened, to which operation, whether anything was sent, what happens next, what you can do:
a cause (``sync/words``) says the last four of its operation; the rest is said here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tallystick.kit.days import in_words
from tallystick.notify.decide import Say
from tallystick.notify.links import (
    CONNECTORS,
    NOTIFICATIONS,
    to_connection,
)

# Named in one message; of more the number is said.
MOST_NAMED = 10
LONGEST_SUBJECT = 150
LONGEST_CAUSE = 1500


@dataclass(frozen=True, slots=True)
class Letter:
    """``kind`` is for programs; ``lines`` are paragraphs; ``path`` is a page of ours."""

    kind: str
    subject: str
    lines: Sequence[str]
    path: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Paused:
    """A connection that waits until a person resumes it; ``because`` empty: it goes on."""

    connection_id: int
    name: str
    because: str = ""
    since: datetime | None = None


def about_connections(
    say: Say, them: Sequence[Paused], left: Sequence[Paused], *, zone: str
) -> Letter:
    began = say in (Say.BEGAN, Say.MANY_BEGAN, Say.STILL)
    names = ", ".join(one_line(one.name) for one in them[:MOST_NAMED])
    if len(them) > MOST_NAMED:
        names += f" and {len(them) - MOST_NAMED} more"
    still = "Still paused" if say is Say.STILL else "Paused"
    lines = []
    if began:
        for one in them[:MOST_NAMED]:
            because = _sentence(one_line(one.because)[:LONGEST_CAUSE])
            lines.append(f"{one_line(one.name)} is paused{since_words(one.since, zone)}. {because}")
        lines.append(
            "Nothing is sent there until an administrator resumes it. What is recorded meanwhile "
            "waits, in order."
        )
    else:
        lines.append(f"{names}: resumed. Work goes on where it stopped.")
        lines += [f"{one_line(one.name)} is still paused." for one in left[:MOST_NAMED]]
    return Letter(
        "connection.paused" if began else "connection.resumed",
        f"{still if began else 'Resumed'}: {names}",
        lines,
        to_connection(them[0].connection_id) if len(them) == 1 else CONNECTORS,
        {
            "connections": [
                {"connection_id": one.connection_id, "connection": one.name} for one in them
            ]
        },
    )


def nobody_works(since: datetime, *, still: bool, zone: str) -> Letter:
    words = "There is still no worker" if still else "No worker is there"
    return Letter(
        "worker.away",
        "Still nobody works" if still else "Nobody works",
        [
            f"{words}{since_words(since, zone)}. Nothing is read from Autotask or sent to it. "
            "What is recorded waits, in order, and nothing is lost.",
            "Whoever runs this server starts a worker: tallystick up, or tallystick worker.",
        ],
        CONNECTORS,
        {"since": since.isoformat()},
    )


def works_again(away: tuple[datetime, datetime] | None, *, zone: str) -> Letter:
    """``away``: from when to when nobody worked, where that has not been told."""
    went = "" if away is None else f" from {at(away[0], zone)} to {at(away[1], zone)}"
    words = "A worker is there again." if away is None else f"No worker was there{went}."
    facts = {} if away is None else {"since": away[0].isoformat(), "until": away[1].isoformat()}
    return Letter(
        "worker.back",
        "A worker is back",
        [
            f"{words} What was recorded meanwhile is sent now, oldest first; what was being sent "
            "is looked at before anything is sent again."
        ],
        CONNECTORS,
        facts,
    )


def a_test(name: str, *, zone: str, now: datetime) -> Letter:
    return Letter(
        "test",
        "A test of Tallystick's notifications",
        [
            f"This is a test for {one_line(name)}, asked for at {at(now, zone)}. Nothing is wrong, "
            "and nothing was sent to Autotask."
        ],
        NOTIFICATIONS,
    )


def an_invitation(made_by: str, place: str, role: str, until: datetime, *, zone: str) -> Letter:
    """The link that opens it is no part of the letter: it is a secret."""
    who, where = one_line(made_by), one_line(place)
    return Letter(
        "user.invited",
        f"{where} invites you to Tallystick",
        [
            f"{who} invites you to work for {where} in Tallystick, as {role}.",
            f"Open this link and choose a password. It works once, until {at(until, zone)}.",
        ],
        "",
    )


def at(moment: datetime, zone: str) -> str:
    """``10:02 on 26 Nov 2026``."""
    here = moment.astimezone(ZoneInfo(zone))
    return f"{here.strftime('%H:%M')} on {in_words(here.date())}"


def one_line(text: str) -> str:
    """Without line ends, and without what turns or hides what is read."""
    shown = (
        " " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} else letter
        for letter in text
        if unicodedata.category(letter) not in {"Cf", "Cs"}
    )
    return " ".join("".join(shown).split())


def since_words(moment: datetime | None, zone: str) -> str:
    return "" if moment is None else f" since {at(moment, zone)}"


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else text + "."
