"""One hand edit is drift, a pattern is a second writer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tallystick.ledger.kinds import SightingKind
from tallystick.ledger.second_writer import (
    Sighted,
    UnitChange,
    changes_in_words,
    keeps_changing,
    second_writer,
)

NOW = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
BEFORE, CHANGED, OURS = (
    SightingKind.BEFORE_MAPPING,
    SightingKind.CHANGED,
    SightingKind.OUR_CHANGE,
)


def seen(kind: SightingKind, *, days_ago: int = 1, dealt_with: bool = False) -> Sighted:
    at = NOW - timedelta(days=days_ago)
    return Sighted(kind, UnitChange(at.date(), 10, 12), at, dealt_with)


@pytest.mark.parametrize(
    "sightings",
    [
        [],
        [seen(CHANGED)],
        [seen(BEFORE), seen(BEFORE), seen(BEFORE)],
        [seen(CHANGED, dealt_with=True), seen(OURS, dealt_with=True)],
        [seen(CHANGED, days_ago=91), seen(CHANGED)],
        [seen(BEFORE, days_ago=91), seen(CHANGED)],
        [seen(OURS, days_ago=91)],
    ],
)
def test_no_second_writer(sightings: list[Sighted]) -> None:
    assert second_writer(sightings, now=NOW) is None


@pytest.mark.parametrize(
    "sightings",
    [
        [seen(OURS)],
        [seen(CHANGED), seen(CHANGED)],
        [seen(CHANGED, days_ago=90), seen(CHANGED)],
        [seen(BEFORE), seen(CHANGED)],
        [seen(CHANGED, dealt_with=True), seen(CHANGED)],
    ],
)
def test_a_second_writer(sightings: list[Sighted]) -> None:
    assert second_writer(sightings, now=NOW) is not None


def test_it_says_what_was_seen_and_not_what_was_dealt_with() -> None:
    dealt = seen(CHANGED, days_ago=9, dealt_with=True)
    found = second_writer([dealt, seen(BEFORE, days_ago=8), seen(CHANGED, days_ago=2)], now=NOW)
    assert found is not None
    assert found.since == NOW - timedelta(days=2), "what was before it was mapped is no beginning"
    assert [one.kind for one in found.seen] == [BEFORE, CHANGED]
    assert found.in_words() == (
        "Somebody else changes this line too: 10 to 12 from 2 May 2026, 10 to 12 from 8 May 2026. "
        "The same change may be billed twice. Stop the other tool's sync for this contract, or "
        "agree who changes it; then say here that it is dealt with."
    )


def test_of_many_changes_the_last_are_named() -> None:
    many = [UnitChange(date(2026, 5, day), day, day + 1) for day in (1, 2, 3, 4)]
    assert changes_in_words(many) == (
        "2 to 3 from 2 May 2026, 3 to 4 from 3 May 2026, 4 to 5 from 4 May 2026 and 1 more"
    )
    assert [keeps_changing(many[:count]) for count in (0, 1, 2)] == [False, False, True]
    assert len({kind.label for kind in SightingKind}) == len(SightingKind)
