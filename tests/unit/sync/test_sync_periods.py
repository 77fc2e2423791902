"""Billing periods against a slow walk that was written without them, whatever the months."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.sync.compare import Periods

DAYS = st.dates(date(1999, 1, 1), date(2105, 12, 31))
MONTHS = st.sampled_from([1, 2, 3, 6, 12, 36])


def nth_start(starts: date, months: int, n: int) -> date:
    """The start, so many months on: the same number of the month, or its last day."""
    year, month = starts.year, starts.month
    for _ in range(n * months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    last = calendar.monthrange(year, month)[1]
    return date(year, month, starts.day if starts.day <= last else last)


def slowly(starts: date, months: int, day: date) -> tuple[date, date] | None:
    """Walk from the first period to the one that has the day."""
    if day < starts:
        return None
    n = 0
    while True:
        begins, ends = nth_start(starts, months, n), nth_start(starts, months, n + 1)
        if begins <= day < ends:
            return begins, ends
        n += 1


@settings(max_examples=400, deadline=None, database=None)
@given(starts=DAYS, months=MONTHS, after=st.integers(-40, 2500))
def test_the_period_around_a_day(starts: date, months: int, after: int) -> None:
    day = starts + timedelta(days=after)
    assert Periods(starts, months).around(day) == slowly(starts, months, day)


@settings(max_examples=400, deadline=None, database=None)
@given(starts=DAYS, months=MONTHS, lasts=st.integers(0, 1500), after=st.integers(-40, 1600))
def test_the_last_period_ends_with_the_contract(
    starts: date, months: int, lasts: int, after: int
) -> None:
    ends_on, day = starts + timedelta(days=lasts), starts + timedelta(days=after)
    wanted = slowly(starts, months, day)
    if wanted is not None:
        wanted = None if day > ends_on else (wanted[0], min(wanted[1], ends_on + timedelta(days=1)))
    assert Periods(starts, months, ends_on).billed(day) == wanted


@settings(max_examples=60, deadline=None, database=None)
@given(starts=DAYS, months=MONTHS)
def test_periods_have_no_gap_and_no_overlap(starts: date, months: int) -> None:
    day = starts
    for n in range(15):
        period = Periods(starts, months).around(day)
        assert period == (nth_start(starts, months, n), nth_start(starts, months, n + 1))
        assert period is not None
        assert Periods(starts, months).around(period[1] - timedelta(days=1)) == period
        day = period[1]


@pytest.mark.parametrize(
    ("starts", "months", "day", "period"),
    [
        ("2026-01-31", 1, "2026-02-28", ("2026-02-28", "2026-03-31")),
        ("2026-01-31", 1, "2026-03-30", ("2026-02-28", "2026-03-31")),
        ("2028-01-31", 1, "2028-02-29", ("2028-02-29", "2028-03-31")),
        ("2028-02-29", 12, "2029-02-27", ("2028-02-29", "2029-02-28")),
        ("2028-02-29", 12, "2029-02-28", ("2029-02-28", "2030-02-28")),
        ("2028-02-29", 12, "2032-02-28", ("2031-02-28", "2032-02-29")),
        ("2026-12-31", 3, "2027-03-30", ("2026-12-31", "2027-03-31")),
    ],
)
def test_the_ends_of_months(starts: str, months: int, day: str, period: tuple[str, str]) -> None:
    found = Periods(date.fromisoformat(starts), months).around(date.fromisoformat(day))
    assert found == tuple(date.fromisoformat(one) for one in period)


def test_what_is_not_known_is_not_stepped() -> None:
    day = date(2026, 5, 10)
    assert Periods(None, 1).around(day) is None
    assert Periods(day, None).billed(day) is None
