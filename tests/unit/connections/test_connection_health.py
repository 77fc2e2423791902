"""What is said of a connection's health, and whether two are of one Autotask. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tallystick.connections.health import Health, Signs, judge
from tallystick.connections.instance import Instance, is_same

NOW = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
WELL = Signs(
    is_paused=False,
    paused_at=None,
    paused_because="",
    resume_at=None,
    worker_is_there=True,
    worker_seen_at=NOW,
    tested_at=EARLIER,
    test_passed=True,
    test_said="Everything works",
    last_read_at=None,
)
FAILED = {"test_passed": False, "test_said": "User name and secret: refused"}
UNTESTED = {"tested_at": None, "test_passed": False, "test_said": ""}
PAUSED = {"is_paused": True, "paused_at": EARLIER, "paused_because": "Stock-taking"}


@pytest.mark.parametrize(
    ("signs", "health", "words", "somebody"),
    [
        ({}, Health.WORKING, "lets it in", False),
        (PAUSED, Health.PAUSED, "Stock-taking.", True),
        ({**PAUSED, "paused_because": ""}, Health.PAUSED, "Nobody said why.", True),
        ({**PAUSED, "resume_at": LATER}, Health.PAUSED, "Stock-taking.", False),
        ({**PAUSED, "worker_is_there": False}, Health.PAUSED, "Stock-taking.", True),
        ({"worker_is_there": False}, Health.NO_WORKER, "is seen any more:", True),
        (
            {"worker_is_there": False, "worker_seen_at": None},
            Health.NO_WORKER,
            "No worker is seen:",
            True,
        ),
        (FAILED, Health.TEST_FAILED, "User name and secret: refused.", True),
        ({**FAILED, "last_read_at": EARLIER}, Health.TEST_FAILED, "did not pass", True),
        ({**FAILED, "last_read_at": NOW}, Health.WORKING, "lets it in", False),
        (UNTESTED, Health.NOT_TESTED, "never tested", True),
        ({**UNTESTED, "last_read_at": NOW}, Health.WORKING, "is read", False),
    ],
)
def test_one_sentence_and_who_must_do_what(
    signs: dict[str, Any], health: Health, words: str, somebody: bool
) -> None:
    verdict = judge(replace(WELL, **signs))
    assert verdict.health is health
    assert words in verdict.words
    assert bool(verdict.todo) is somebody
    assert verdict.words.endswith(".")


def test_a_pause_that_ends_by_itself_says_when() -> None:
    verdict = judge(replace(WELL, **{**PAUSED, "resume_at": LATER}))
    assert (verdict.since, verdict.until) == (EARLIER, LATER)


HERE = Instance("k3j2@CONTOSO.com", "https://webservices2.example/ATServicesRest", "EUR")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({}, True),
        ({"user_name": "another@contoso.com"}, True),
        ({"zone": ""}, True),  # never tested: the company's domain is what is known
        ({"zone": "https://webservices6.example/ATServicesRest"}, False),
        ({"price_currency": "USD"}, False),
        ({"user_name": "k3j2@fabrikam.com"}, False),
        ({"user_name": "k3j2"}, False),
    ],
)
def test_the_same_instance_as_far_as_can_be_known(other: dict[str, Any], same: bool) -> None:
    assert is_same(HERE, replace(HERE, **other)) is same
    assert is_same(replace(HERE, **other), HERE) is same
