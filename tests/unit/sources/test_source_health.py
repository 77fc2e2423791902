"""How a source stands and what of it is not matched, as tables: nothing needs a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tallystick.sources.health import LATE_AFTER, Facts, SourceHealth, health_of
from tallystick.sources.unread import MOST_KEPT, NotMatched, Unread, from_settings, not_matched
from tallystick.sources.unread import stored as as_stored

NOW = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
FINE = Facts(False, "", 0, NOW - timedelta(minutes=5), NOW + timedelta(minutes=10))
TOLD = Facts(True, "", 0, None, None)
LATE = NOW - LATE_AFTER


@pytest.mark.parametrize(
    ("facts", "health", "cause"),
    [
        (FINE, SourceHealth.WORKS, ""),
        (TOLD, SourceHealth.WORKS, ""),
        (replace(FINE, last_read_at=None), SourceHealth.NOT_READ_YET, "within a minute"),
        (replace(FINE, needs_a_person=1), SourceHealth.NEEDS_A_PERSON, "1 change was not recorded"),
        (replace(TOLD, needs_a_person=2), SourceHealth.NEEDS_A_PERSON, "2 changes were not"),
        (replace(FINE, next_read_at=LATE), SourceHealth.WORKS, ""),
        (
            replace(FINE, next_read_at=LATE - timedelta(seconds=1), needs_a_person=2),
            SourceHealth.OVERDUE,
            "whether a worker is there",
        ),
        (replace(FINE, trouble="No.", next_read_at=LATE), SourceHealth.NOT_READ, "No."),
    ],
)
def test_what_is_worst_is_said_first(facts: Facts, health: SourceHealth, cause: str) -> None:
    found, why = health_of(facts, now=NOW)
    assert found is health
    assert cause in why
    assert bool(why) is bool(cause)


def _those(*subjects: str) -> tuple[Unread, ...]:
    return tuple(Unread(one, f"why {one}") for one in subjects)


def test_a_look_at_some_forgets_nothing_of_the_others() -> None:
    before = NotMatched(3, _those("a", "b", "c"))
    now = not_matched(before, _those("d", "a"), {"b", "e"}, everything=False)
    assert [one.subject for one in now.first] == ["d", "a", "c"]
    assert now.number == 3
    whole = not_matched(now, _those("x"), {"a"}, everything=True)
    assert (whole.number, whole.first) == (1, _those("x"))


def test_more_than_are_kept_are_counted_all_the_same() -> None:
    many = _those(*(f"s-{n}" for n in range(MOST_KEPT + 50)))
    kept = not_matched(NotMatched(), many, set(), everything=True)
    assert (kept.number, len(kept.first)) == (MOST_KEPT + 50, MOST_KEPT)
    assert from_settings(as_stored(kept)) == kept
    fewer = not_matched(kept, [], {"s-0", "s-1"}, everything=False)
    assert fewer.number == MOST_KEPT + 48


def test_what_an_earlier_version_kept_is_read() -> None:
    assert from_settings({"unmatched": [{"id": "a", "why": "b"}]}).number == 1
    assert from_settings({}) == NotMatched()
