"""May I post? Every reason by itself, in order, and what is no yes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tallystick.books.may_post import MayPostAnswer, State, Why, azure_month, may_post, usual_day

DAY = date(2026, 5, 31)
WELL = State(
    day=DAY,
    lines=412,
    worker_is_there=True,
    not_settled=0,
    to_approve=0,
    drifted=0,
    not_read=0,
    not_mapped=0,
    azure_plans_without_amounts=0,
    not_looked_at=(),
    sent_since=(),
)
EVERY = {
    Why.NO_WORKER: ({"worker_is_there": False}, 1, "no worker is there"),
    Why.NOT_SETTLED: ({"not_settled": 3}, 3, "3 operations dated up to 31 May 2026 are not"),
    Why.TO_APPROVE: ({"to_approve": 2}, 2, "2 operations dated up to 31 May 2026 wait for"),
    Why.DRIFT: ({"drifted": 2}, 2, "2 lines show something else in Autotask"),
    Why.NOT_READ: ({"not_read": 4}, 4, "4 lines were not read back yet"),
    Why.NOT_MAPPED: ({"not_mapped": 5}, 5, "5 active subscriptions are not mapped"),
    Why.AZURE_AMOUNTS: (
        {"azure_plans_without_amounts": 2},
        2,
        "the amounts of 2026-05 are not in, or not final, for 2 Azure plans",
    ),
    Why.NOT_LOOKED_AT: (
        {"not_looked_at": ("EU",), "sent_since": ("US",)},
        2,
        "not every line was looked at yet: EU; a change was sent after the last look at every line "
        "had begun: US",
    ),
    Why.NOT_RECORDED: ({"not_recorded": 2}, 2, "2 changes that a source told are neither recorded"),
    Why.UNDECIDED: ({"undecided": 2}, 2, "2 subscriptions wait for a word on what happens now"),
}
ONE = {
    "not_settled": "1 operation dated up to 31 May 2026 is not settled",
    "to_approve": "1 operation dated up to 31 May 2026 waits for approval",
    "drifted": "1 line shows something else in Autotask than expected",
    "not_read": "1 line was not read back yet",
    "not_mapped": "1 active subscription is not mapped, so nothing bills it",
    "not_recorded": "1 change that a source told is neither recorded nor ignored",
    "undecided": "1 subscription waits for a word on what happens now, under Renewals",
    "azure_plans_without_amounts": "not final, for 1 Azure plan",
}


def test_every_reason_is_in_the_table() -> None:
    assert set(EVERY) == set(Why)


def test_yes_when_nothing_is_in_the_way() -> None:
    said = may_post(WELL)
    assert (said.answer, said.reasons) == (MayPostAnswer.YES, ())
    assert said.words == "Safe to Approve & Post in Autotask up to 31 May 2026: yes."
    assert said.answer.tone == "green"


@pytest.mark.parametrize("why", Why)
def test_each_is_enough_for_not_yet(why: Why) -> None:
    changes, number, words = EVERY[why]
    said = may_post(replace(WELL, **changes))
    assert said.answer is MayPostAnswer.NOT_YET
    (reason,) = said.reasons
    assert (reason.why, reason.number) == (why, number)
    assert words in reason.words
    assert said.words.endswith("31 May 2026: not yet.")


@pytest.mark.parametrize("field", ONE)
def test_one_is_told_in_the_singular(field: str) -> None:
    (reason,) = may_post(replace(WELL, **{field: 1})).reasons
    assert ONE[field] in reason.words


def test_all_of_them_stand_in_the_order_in_which_one_deals_with_them() -> None:
    changes = {name: value for one, _, _ in EVERY.values() for name, value in one.items()}
    assert [reason.why for reason in may_post(replace(WELL, **changes)).reasons] == list(Why)


def test_nothing_mapped_is_no_yes() -> None:
    assert may_post(replace(WELL, lines=0)).answer is MayPostAnswer.NOTHING
    assert may_post(replace(WELL, lines=0, worker_is_there=False)).answer is MayPostAnswer.NOTHING
    assert may_post(replace(WELL, lines=0, not_mapped=1)).answer is MayPostAnswer.NOT_YET


@pytest.mark.parametrize(
    ("day", "month"),
    [
        (date(2026, 5, 31), date(2026, 5, 1)),
        (date(2026, 5, 30), date(2026, 4, 1)),
        (date(2026, 1, 1), date(2025, 12, 1)),
        (date(2028, 2, 29), date(2028, 2, 1)),
        (date(2027, 2, 28), date(2027, 2, 1)),
    ],
)
def test_the_azure_month_is_the_last_that_has_ended(day: date, month: date) -> None:
    assert azure_month(day) == month


@pytest.mark.parametrize(
    ("today", "day"),
    [
        (date(2026, 6, 1), date(2026, 5, 31)),
        (date(2026, 6, 15), date(2026, 5, 31)),
        (date(2026, 6, 16), date(2026, 6, 30)),
        (date(2026, 12, 31), date(2026, 12, 31)),
        (date(2026, 1, 2), date(2025, 12, 31)),
    ],
)
def test_the_usual_day_is_a_months_last(today: date, day: date) -> None:
    assert usual_day(today) == day
