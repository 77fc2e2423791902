"""What is told and when, as a table: nothing of it needs a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.notify.decide import Decided, Flooding, News, Note, Rule, Say, decide
from tallystick.notify.retry import next_try

START = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
RULE = Rule(remind_every=timedelta(days=1))
MANY = [str(n) for n in range(5000)]


class Told:
    """One recipient over time: ``at(seconds, wrong)`` is a look."""

    def __init__(self, rule: Rule = RULE) -> None:
        self.rule = rule
        self.known = Decided([], {}, None)
        self.said: list[tuple[float, Say, int, int]] = []

    def at(self, seconds: float, *wrong: str) -> list[Say]:
        now = START + timedelta(seconds=seconds)
        self.known = decide(wrong, self.known.notes, self.known.flooding, self.rule, now=now)
        self.said += [(seconds, n.say, len(n.refs), len(n.left)) for n in self.known.news]
        return [one.say for one in self.known.news]


Look = tuple[float, list[str], list[Say]]
TABLE: dict[str, list[Look]] = {
    "one turns red, and green": [
        (0, ["a"], []),
        (59, ["a"], []),
        (60, ["a"], [Say.BEGAN]),
        (600, ["a"], []),
        (700, [], []),
        (760, [], [Say.ENDED]),
        (900, [], []),
    ],
    "what heals at once is no news": [(0, ["a"], []), (30, [], []), (90, [], [])],
    "red again before its end was told: still the same": [
        (0, ["a"], []),
        (60, ["a"], [Say.BEGAN]),
        (100, [], []),
        (130, ["a"], []),
        (400, ["a"], []),
        (500, [], []),
        (560, [], [Say.ENDED]),
    ],
    "red again after its end was told: told again": [
        (0, ["a"], []),
        (60, ["a"], [Say.BEGAN]),
        (100, [], []),
        (160, [], [Say.ENDED]),
        (200, ["a"], []),
        (260, ["a"], [Say.BEGAN]),
    ],
    "a few are told one by one, when the first has waited": [
        (0, ["a"], []),
        (30, ["a", "b"], []),
        (60, ["a", "b", "c"], [Say.BEGAN] * 3),
        (90, ["a", "b", "c"], []),
    ],
    "one more than a few is one message": [
        (0, list("abcdef"), []),
        (60, list("abcdef"), [Say.MANY_BEGAN]),
        (90, list("abcdefgh"), []),
    ],
    "those told a moment ago count": [
        (0, list("abc"), []),
        (60, list("abc"), [Say.BEGAN] * 3),
        (90, list("abcdef"), []),
        (150, list("abcdef"), [Say.MANY_BEGAN]),
    ],
    "those told long ago do not": [
        (0, list("abc"), []),
        (60, list("abc"), [Say.BEGAN] * 3),
        (700, list("abcdef"), []),
        (760, list("abcdef"), [Say.BEGAN] * 3),
    ],
    "a flood, and its end": [
        (0, MANY, []),
        (60, MANY, [Say.MANY_BEGAN]),
        (120, [*MANY, "x"], []),
        (600, MANY[:6], []),
        (700, MANY[:5], []),
        (759, MANY[:5], []),
        (760, MANY[:5], [Say.FLOOD_OVER]),
        (800, MANY[:4], []),
        (860, MANY[:4], [Say.ENDED]),
        (900, [], []),
        (960, [], [Say.ENDED] * 4),
    ],
    "a flood that seemed to be over goes on": [
        (0, MANY, []),
        (60, MANY, [Say.MANY_BEGAN]),
        (100, [], []),
        (130, MANY, []),
        (200, [], []),
        (260, [], [Say.FLOOD_OVER]),
    ],
    "many heal together": [
        (0, list("abc"), []),
        (60, list("abc"), [Say.BEGAN] * 3),
        (700, list("abcdef"), []),
        (760, list("abcdef"), [Say.BEGAN] * 3),
        (800, [], []),
        (860, [], [Say.MANY_ENDED]),
    ],
    "reminded once a day, all in one": [
        (0, ["a"], []),
        (60, ["a"], [Say.BEGAN]),
        (7200, ["a", "b"], []),
        (7260, ["a", "b"], [Say.BEGAN]),
        (86_459, ["a", "b"], []),
        (86_460, ["a", "b"], [Say.STILL]),
        (93_660, ["a", "b"], []),
        (172_860, ["a", "b"], [Say.STILL]),
    ],
    "reminded of a flood too": [
        (0, MANY, []),
        (60, MANY, [Say.MANY_BEGAN]),
        (86_460, MANY, [Say.STILL]),
    ],
}


@pytest.mark.parametrize("looks", TABLE.values(), ids=TABLE.keys())
def test_what_is_told(looks: list[Look]) -> None:
    told = Told()
    for seconds, wrong, expected in looks:
        assert told.at(seconds, *wrong) == expected, (seconds, told.said)


def test_a_flood_is_two_messages_and_they_name_everything() -> None:
    told = Told()
    told.at(0, *MANY)
    told.at(60, *MANY)
    told.at(200, "1", "2")
    told.at(260, "1", "2")
    assert told.said == [(60, Say.MANY_BEGAN, 5000, 0), (260, Say.FLOOD_OVER, 4998, 2)]


def test_a_flood_that_comes_little_by_little_is_a_few_and_then_one() -> None:
    told = Told()
    for step in range(400):
        told.at(15 * step, *MANY[: step * 12])
    begun = [say for _, say, _, _ in told.said]
    assert begun.count(Say.MANY_BEGAN) == 1
    assert len(begun) == 1


def test_never_reminded_when_so_chosen() -> None:
    told = Told(Rule(remind_every=None))
    told.at(0, "a")
    assert told.at(60, "a") == [Say.BEGAN]
    assert told.at(10 * 86_400, "a") == []


@given(
    st.lists(st.tuples(st.integers(1, 200), st.sets(st.sampled_from("abcdefghij"))), max_size=40)
)
def test_whatever_happens_each_is_told_once_and_ended_once(
    looks: list[tuple[int, set[str]]],
) -> None:
    """Of each thing: red and green take turns, and at rest what is told is what is so."""
    known, told, clock = Decided([], {}, None), set[str](), 0
    wrong: set[str] = set()
    for wait, wrong in [*looks, *[(200, looks[-1][1] if looks else set())] * 4]:
        clock += wait
        now = START + timedelta(seconds=clock)
        known = decide(sorted(wrong), known.notes, known.flooding, RULE, now=now)
        for news in known.news:
            told = _heard(told, news)
    assert {ref for ref, note in known.notes.items() if note.told_at and not note.ended_at} == wrong
    assert told >= wrong if known.flooding is None else True


def _heard(told: set[str], news: News) -> set[str]:
    match news.say:
        case Say.BEGAN:
            assert not told & set(news.refs), "told twice"
            return told | set(news.refs)
        case Say.ENDED | Say.MANY_ENDED:
            assert set(news.refs) <= told, "ended, and never told"
            return told - set(news.refs)
        case Say.MANY_BEGAN:
            return told | set(news.refs)
        case Say.FLOOD_OVER:
            return (told - set(news.refs)) | set(news.left)
        case Say.STILL:
            return told


def test_a_note_knows_when_it_was_told_last() -> None:
    later = START + timedelta(hours=1)
    assert Note(START).last_told_at == START
    assert Note(START, later).last_told_at == later
    assert Flooding(START).calm_at is None


def test_tried_again_ever_slower_and_given_up_after_a_day() -> None:
    now, tries, waits = START, 0, []
    while True:
        tries += 1
        at = next_try(tries, created_at=START, now=now)
        if at is None:
            break
        waits.append((at - now).total_seconds())
        now = at
    assert waits[:5] == [10, 20, 40, 80, 160]
    assert max(waits) == 3600
    assert now == START + timedelta(days=1), "the last try is at the end of the day"
