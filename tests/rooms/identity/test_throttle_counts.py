"""Counting before looking: ten thousand guesses, many at once, and what is forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from crowd import CROWD, DONE, by_verb, crowd
from factories import START, number
from tallystick.identity.models import FailedSignIns
from tallystick.identity.throttle import (
    FREE_OF_A_NAME,
    Count,
    begin_try,
    forget_old_failures,
    it_was_right,
    of_name,
)
from tallystick.kit.problem import Conflicting

pytestmark = pytest.mark.usefixtures("db")


def a_name() -> Count:
    return of_name(f"target{number()}@example.com")


def test_guessing_all_day_long_is_at_most_a_hundred_guesses() -> None:
    count, looked_at = a_name(), 0
    for second in range(0, 24 * 3600, 9):  # 9,600 guesses
        looked_at += begin_try([count], now=START + timedelta(seconds=second)) is None
    assert looked_at <= 100


def test_twenty_at_once_are_twenty() -> None:
    count = a_name()

    def guess() -> None:
        if begin_try([count], now=START):
            raise Conflicting("wait")

    with crowd() as together:
        said = together.do([by_verb(guess)] * CROWD)
    assert said.count(DONE) == FREE_OF_A_NAME + 1


def test_what_waits_is_counted_nowhere() -> None:
    name, address = a_name(), Count(f"address/{number()}", 30)
    for _ in range(FREE_OF_A_NAME + 1):
        begin_try([name], now=START)
    until = begin_try([name, address], now=START)
    assert isinstance(until, datetime) and until > START
    assert not FailedSignIns.objects.filter(pk=address.key).exists()


def test_right_forgets_and_so_does_a_day() -> None:
    name = a_name()
    for _ in range(FREE_OF_A_NAME + 1):
        begin_try([name], now=START)
    it_was_right([name])
    assert begin_try([name], now=START) is None
    for _ in range(FREE_OF_A_NAME + 1):
        begin_try([name], now=START)
    tomorrow = START + timedelta(hours=25)
    assert begin_try([name], now=tomorrow) is None
    assert FailedSignIns.objects.get(pk=name.key).failures == 1
    assert forget_old_failures(now=tomorrow + timedelta(hours=25)) >= 1
