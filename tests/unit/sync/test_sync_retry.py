"""When to try again and when to look again."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import NOW

from tallystick.sync.retry import backoff, next_look

WINDOW = NOW + timedelta(seconds=300)


@pytest.mark.parametrize(("tries", "seconds"), [(0, 5), (1, 10), (2, 20), (8, 900), (99, 900)])
def test_twice_as_long_each_time_and_never_longer_than_a_quarter_of_an_hour(
    tries: int, seconds: int
) -> None:
    assert backoff(tries, jitter=0.0) == timedelta(seconds=seconds)
    assert backoff(tries, jitter=1.0) == timedelta(seconds=0.8 * seconds)


def look_after(readings: int, *, seconds: float = 0.0) -> float:
    now = NOW + timedelta(seconds=seconds)
    at = next_look(now=now, readings=readings, window_ends_at=WINDOW, recheck_seconds=60.0)
    return (at - now).total_seconds()


def test_soon_at_first_then_slower() -> None:
    assert [look_after(n) for n in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_once_at_the_windows_end_and_then_at_the_recheck_distance() -> None:
    assert look_after(20, seconds=290) == 10
    assert look_after(20, seconds=300) == 60


@given(readings=st.integers(0, 10_000), seconds=st.floats(0, 1000))
def test_the_next_look_lies_ahead(readings: int, seconds: float) -> None:
    assert 0 < look_after(readings, seconds=seconds) <= 60
