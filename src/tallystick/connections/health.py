"""Is a connection well, and who must do what? Pure, from what is stored at the moment it is asked.

The order of the questions is the order in which a person has to act.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Health(StrEnum):
    WORKING = "working"
    PAUSED = "paused"
    NO_WORKER = "no_worker"
    TEST_FAILED = "test_failed"
    NOT_TESTED = "not_tested"

    @property
    def label(self) -> str:
        return {
            Health.WORKING: "Working",
            Health.PAUSED: "Paused",
            Health.NO_WORKER: "Nobody works",
            Health.TEST_FAILED: "Does not work",
            Health.NOT_TESTED: "Not tested",
        }[self]

    @property
    def tone(self) -> str:
        return {
            Health.WORKING: "green",
            Health.PAUSED: "red",
            Health.NO_WORKER: "red",
            Health.TEST_FAILED: "red",
            Health.NOT_TESTED: "yellow",
        }[self]

    @property
    def icon(self) -> str:
        return {
            Health.WORKING: "check",
            Health.PAUSED: "player-pause",
            Health.NO_WORKER: "alert-triangle",
            Health.TEST_FAILED: "alert-triangle",
            Health.NOT_TESTED: "info-circle",
        }[self]


@dataclass(frozen=True, slots=True)
class Signs:
    """What the health of a connection is judged by. ``test_said``: what its last test found."""

    is_paused: bool
    paused_at: datetime | None
    paused_because: str
    resume_at: datetime | None
    worker_is_there: bool
    worker_seen_at: datetime | None
    tested_at: datetime | None
    test_passed: bool
    test_said: str
    last_read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """``words``: what is so. ``todo``: who must do what, empty when nobody must. ``until``: when
    it goes on by itself."""

    health: Health
    words: str
    todo: str = ""
    since: datetime | None = None
    until: datetime | None = None


def judge(signs: Signs) -> Verdict:
    if signs.is_paused:
        return _paused(signs)
    if not signs.worker_is_there:
        seen = "" if signs.worker_seen_at is None else " any more"
        return Verdict(
            Health.NO_WORKER,
            f"No worker is seen{seen}: nothing is read from Autotask or sent to it. What is "
            "recorded waits.",
            "Whoever runs this server starts a worker: tallystick up, or tallystick worker.",
            since=signs.worker_seen_at,
        )
    if signs.tested_at is None:
        if signs.last_read_at is not None:
            return Verdict(Health.WORKING, "Autotask is read and answers.")
        return Verdict(
            Health.NOT_TESTED,
            "It was never tested: nobody knows yet whether Autotask lets it in.",
            "An administrator tests it before anything is mapped.",
        )
    # A test that failed is history once Autotask has been read after it.
    healed = signs.last_read_at is not None and signs.last_read_at > signs.tested_at
    if not signs.test_passed and not healed:
        return Verdict(
            Health.TEST_FAILED,
            f"The last test did not pass. {_sentence(signs.test_said)}",
            "An administrator mends that and tests again.",
            since=signs.tested_at,
        )
    return Verdict(Health.WORKING, "Autotask lets it in, and a worker is there to send.")


def _paused(signs: Signs) -> Verdict:
    words = _sentence(signs.paused_because) or "Nobody said why."
    if signs.resume_at is not None:
        return Verdict(Health.PAUSED, words, since=signs.paused_at, until=signs.resume_at)
    return Verdict(
        Health.PAUSED,
        words,
        "An administrator resumes it. What is recorded meanwhile waits, in order.",
        since=signs.paused_at,
    )


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text.endswith((".", "!", "?")) else text + "."
