"""The five steps of connecting: where one is, and which can be gone to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

TITLES = {
    "begin": "Before you begin",
    "credentials": "Credentials",
    "test": "Test",
    "defaults": "Defaults",
    "done": "Done",
}


@dataclass(frozen=True, slots=True)
class Step:
    """``address``: the name of its page for this connection, empty while there is none."""

    number: int
    title: str
    address: str
    here: bool
    done: bool


def steps(at: str, *, exists: bool, tested: bool) -> Sequence[Step]:
    """``exists``: the connection is stored. ``tested``: its last test passed."""
    done = {"begin": exists or at == "credentials", "credentials": exists, "test": tested}
    return [
        Step(
            number=number,
            title=title,
            address=f"connect-{key}" if exists and key != "begin" else "",
            here=key == at,
            done=done.get(key, False) and key != at,
        )
        for number, (key, title) in enumerate(TITLES.items(), start=1)
    ]
