"""The delay grows, and a day holds few guesses."""

from __future__ import annotations

from datetime import timedelta

from tallystick.identity.throttle import FREE_OF_A_NAME, LONGEST_WAIT, wait_after


def test_the_first_failures_cost_nothing_and_then_it_doubles() -> None:
    waits = [wait_after(n, FREE_OF_A_NAME).total_seconds() for n in range(1, 10)]
    assert waits == [0, 0, 0, 0, 0, 2, 4, 8, 16]
    assert wait_after(10_000, FREE_OF_A_NAME) == LONGEST_WAIT


def test_a_day_of_guessing_one_name_is_at_most_a_hundred_guesses() -> None:
    spent, guesses = timedelta(), 0
    while spent < timedelta(days=1):
        guesses += 1
        spent += wait_after(guesses, FREE_OF_A_NAME)
    assert guesses <= 100
