"""The arithmetic of periods and unit rows, for any contract and any changes."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.simulator.periods import (
    DayChange,
    Window,
    add_months,
    row_on,
    rows_of,
)

DAY = timedelta(days=1)
starts = st.dates(date(2020, 1, 1), date(2028, 12, 31))
windows = st.builds(
    lambda start, days, months: Window(start, start + timedelta(days=days), months),
    starts,
    st.integers(0, 1200),
    st.sampled_from([1, 3, 6, 12]),
)
rates = st.one_of(st.none(), st.decimals("-5", "500", places=2))


@st.composite
def lines(draw: st.DrawFn) -> tuple[Window, dict[date, DayChange]]:
    window = draw(windows)
    length = (window.until - window.starts_on).days
    offsets = draw(st.lists(st.integers(0, length - 1), max_size=12, unique=True))
    order = draw(st.permutations(range(1, len(offsets) + 1)))
    changes = {}
    for offset, number in zip(offsets, order, strict=True):
        on = window.starts_on + timedelta(days=offset)
        reach = draw(st.one_of(st.none(), st.integers(1, 60)))
        changes[on] = DayChange(
            on=on,
            units=draw(st.integers(-50, 50)),
            unit_price=draw(rates),
            order=number,
            rate_until=None if reach is None else on + timedelta(days=reach),
        )
    return window, changes


def build(window: Window, changes: dict[date, DayChange]) -> list:  # type: ignore[type-arg]
    return rows_of(window, unit_price=Decimal(22), unit_cost=None, changes=changes)


@settings(max_examples=300, deadline=None)
@given(lines())
def test_rows_cover_the_contract_without_gap_or_overlap(
    line: tuple[Window, dict[date, DayChange]],
) -> None:
    window, changes = line
    rows = build(window, changes)
    assert rows[0].starts_on == window.starts_on
    assert rows[-1].until == window.until
    assert all(row.starts_on < row.until for row in rows)
    assert all(a.until == b.starts_on for a, b in pairwise(rows))
    assert all(row.period_start <= row.starts_on < row.until <= row.period_until for row in rows)


@settings(max_examples=300, deadline=None)
@given(lines())
def test_a_row_starts_on_every_period_and_every_change_and_nowhere_else(
    line: tuple[Window, dict[date, DayChange]],
) -> None:
    window, changes = line
    rows = build(window, changes)
    assert {row.starts_on for row in rows} == set(window.period_starts()) | set(changes)


@settings(max_examples=300, deadline=None)
@given(lines())
def test_units_of_a_day_are_the_sum_of_all_changes_up_to_it(
    line: tuple[Window, dict[date, DayChange]],
) -> None:
    window, changes = line
    rows = build(window, changes)
    for row in rows:
        expected = sum(change.units for day, change in changes.items() if day <= row.starts_on)
        assert row.units == expected
    last = max(changes, default=window.starts_on)
    assert len({row.units for row in rows if row.starts_on >= last}) == 1


@settings(max_examples=300, deadline=None)
@given(lines())
def test_the_rate_of_a_row_is_the_one_made_last_of_those_that_reach_it(
    line: tuple[Window, dict[date, DayChange]],
) -> None:
    window, changes = line
    for row in build(window, changes):
        reaching = [
            change
            for change in changes.values()
            if change.unit_price is not None
            and change.on <= row.starts_on
            and (change.rate_until is None or row.starts_on < change.rate_until)
        ]
        expected = max(reaching, key=lambda change: change.order, default=None)
        assert row.unit_price == (Decimal(22) if expected is None else expected.unit_price)


@settings(max_examples=300, deadline=None)
@given(lines(), st.integers(0, 1200), st.integers(-9, 9))
def test_one_more_change_leaves_earlier_days_alone_and_moves_all_later_ones_equally(
    line: tuple[Window, dict[date, DayChange]], offset: int, units: int
) -> None:
    window, changes = line
    for change in changes.values():
        change.rate_until = None  # where a row ends is decided when the rate is set
    on = window.starts_on + timedelta(days=offset % (window.until - window.starts_on).days)
    if on in changes:
        return
    before = build(window, changes)
    after = build(window, {**changes, on: DayChange(on=on, units=units)})
    day = window.starts_on
    while day < window.until:
        old, new = row_on(before, day), row_on(after, day)
        assert old is not None
        assert new is not None
        assert new.units - old.units == (units if day >= on else 0)
        assert new.unit_price == old.unit_price
        day += timedelta(days=11)
    assert row_on(after, window.until) is None


@settings(max_examples=300, deadline=None)
@given(windows)
def test_periods_step_from_the_contracts_start_and_clamp_to_the_months_end(window: Window) -> None:
    for number, (first, until) in enumerate(window.periods()):
        months = window.starts_on.month - 1 + number * window.months
        year, month = window.starts_on.year + months // 12, months % 12 + 1
        last_of_month = calendar.monthrange(year, month)[1]
        assert first == date(year, month, min(window.starts_on.day, last_of_month))
        assert first < until <= window.until


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2025, 12, 15), 1, date(2026, 1, 15)),
    ],
)
def test_months_are_added_by_the_calendar(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def test_a_start_on_the_31st_returns_to_the_31st() -> None:
    window = Window(date(2026, 1, 31), date(2026, 6, 15), 1)
    assert [first.isoformat() for first in window.period_starts()] == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
    ]
