"""The sentences: complete, with times of the connection's calendar, without double stops."""

import inspect
from datetime import date
from typing import Any

import pytest
from making import DAY, NOW

from tallystick.ledger.settle import Cause
from tallystick.sync import words, words_line, words_look

GIVEN: dict[str, Any] = {
    "reason": "The contract is locked",
    "what": "Sent, but the connection broke",
    "day": DAY,
    "proved_from": date(2026, 6, 1),
    "next_period": True,
    "starts_on": date(2026, 1, 1),
    "ends_on": date(2026, 5, 1),
    "until": NOW,
    "retry_at": NOW,
    "zone": "Europe/Berlin",
    "contract_id": 7,
    "line_id": 8,
    "name": "Cloud services",
    "correlation_id": "abc",
    "count": 2,
    "turns": 3,
    "may_wait": True,
    "contract": "Cloud services",
    "company": "Contoso",
    "service": "M365",
    "currency": "EUR",
    "period": "yearly",
    "months": 12,
    "why": "Two contracts fit.",
    "do": "Choose the line, then press Sync.",
    "others": "10 to 12 from 3 May 2026",
}
SENTENCES = [
    function
    for module in (words, words_line, words_look)
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if function.__module__ == module.__name__ and name not in {"clock_time", "stop"}
]


def said(function: Any) -> Cause:
    numbers = {words.duplicate, words.replaces, words.only_takes_back}
    given = {**GIVEN, "observed": 14, "target": 12, "base": 10, "expected": "12 units"}
    if function not in numbers:
        given |= {"observed": "14 units", "target": "12 units", "base": "10 units"}
    wanted = inspect.signature(function).parameters
    return function(**{name: given[name] for name in wanted})


@pytest.mark.parametrize("function", SENTENCES, ids=lambda function: function.__name__)
def test_a_sentence_is_whole(function: Any) -> None:
    cause = said(function)
    assert cause.code
    assert cause.words.endswith(".")
    assert ".." not in cause.words
    assert "  " not in cause.words
    assert "None" not in cause.words


@pytest.mark.parametrize("function", SENTENCES, ids=lambda function: function.__name__)
def test_times_are_of_the_connections_calendar(function: Any) -> None:
    if {"retry_at", "until"} & set(inspect.signature(function).parameters):
        assert "11:00:00" in said(function).words


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 6, 1), "after the contract's end (1 May 2026)"),
        (date(2025, 6, 1), "before the contract's start (1 Jan 2026)"),
        (date(2026, 2, 1), "outside the contract"),
    ],
)
def test_outside_the_contract_says_on_which_side(day: date, said: str) -> None:
    cause = words.outside_contract(day, date(2026, 1, 1), date(2026, 5, 1))
    assert said in cause.words


def test_outside_a_contract_without_dates() -> None:
    assert "outside the contract" in words.outside_contract(DAY, None, None).words


@pytest.mark.parametrize("reason", ["It is locked", "It is locked.", "It is locked. "])
def test_a_foreign_sentence_gets_exactly_one_stop(reason: str) -> None:
    assert "refused it: It is locked. Nothing" in words.refused(reason).words
