"""Equal, in every form Autotask shows amounts; different otherwise."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import row

from tallystick.kit.days import add_months
from tallystick.sync.compare import Match, Periods, amount_is, match, same_values, snapshot
from tallystick.sync.port import UnitRow

MONTHLY = Periods(date(2026, 1, 1), 1)
UNKNOWN = Periods(None, None)


def matched(rows: list[UnitRow], units: int = 10, price: str | None = "15.20") -> Match:
    rate = None if price is None else Decimal(price)
    return match(rows, units=units, unit_price=rate, unit_cost=None, periods=MONTHLY)


def test_no_rows_prove_nothing() -> None:
    assert matched([]) is Match.NO_ROWS
    assert matched([], units=0) is Match.NO_ROWS


def test_every_row_counts() -> None:
    assert matched([row(), row()]) is Match.SAME
    assert matched([row(), row(11)]) is Match.UNITS_DIFFER
    assert matched([row(), row(price="1.00")]) is Match.AMOUNT_DIFFERS


def test_at_no_units_there_is_no_price_to_read() -> None:
    assert matched([row(0, price=None)], units=0) is Match.SAME


def test_a_hidden_price_is_not_equal_and_not_different() -> None:
    assert matched([row(price=None)]) is Match.AMOUNT_HIDDEN
    assert matched([row(price=None), row(price="1.00")]) is Match.AMOUNT_DIFFERS
    assert matched([row(price=None)], price=None) is Match.SAME


@pytest.mark.parametrize(
    ("shown", "found"),
    [(None, Match.SAME), ("121.00", Match.SAME), ("120.00", Match.AMOUNT_DIFFERS)],
)
def test_a_cost_is_compared_when_it_is_shown(shown: str | None, found: Match) -> None:
    rows = [row(cost=shown)]
    rate = Decimal("12.10")
    assert match(rows, units=10, unit_price=None, unit_cost=rate, periods=MONTHLY) is found


@pytest.mark.parametrize(
    ("amount", "equal"),
    [
        ("152.0000", True),  # full
        ("107.8710", True),  # 22 of 31 days, four decimals
        ("107.87", True),  # and two
        ("107.88", False),
        ("107.8711", False),
        ("152.0001", False),
        ("151.00", False),
    ],
)
def test_a_split_row_is_shown_in_full_or_by_the_day(amount: str, equal: bool) -> None:
    split = row(starts=date(2026, 5, 10), until=date(2026, 6, 1), price=amount)
    assert amount_is(Decimal(amount), split, Decimal("15.20"), MONTHLY) is equal


def test_without_a_known_period_only_the_full_amount_is_equal() -> None:
    split = row(starts=date(2026, 5, 10), price="107.8710")
    assert not amount_is(Decimal("107.8710"), split, Decimal("15.20"), UNKNOWN)
    assert amount_is(Decimal("152"), split, Decimal("15.20"), UNKNOWN)


@pytest.mark.parametrize("rounded", ["1.33", "1.34"])
def test_either_way_of_rounding_a_half_to_two_decimals_is_equal(rounded: str) -> None:
    assert amount_is(Decimal(rounded), row(1), Decimal("1.335"), MONTHLY)


def test_a_whole_row_is_not_prorated() -> None:
    assert not amount_is(Decimal("147.10"), row(), Decimal("15.20"), MONTHLY)


def test_the_period_of_a_day() -> None:
    assert MONTHLY.around(date(2026, 5, 10)) == (date(2026, 5, 1), date(2026, 6, 1))
    assert MONTHLY.around(date(2025, 12, 31)) is None
    assert UNKNOWN.around(date(2026, 5, 10)) is None
    ends_short = Periods(date(2026, 1, 31), 1)
    assert ends_short.around(date(2026, 2, 28)) == (date(2026, 2, 28), date(2026, 3, 31))


@given(
    start=st.dates(date(2020, 1, 1), date(2026, 12, 31)),
    months=st.sampled_from([1, 3, 6, 12]),
    days=st.integers(0, 4000),
)
def test_every_day_lies_in_exactly_one_period(start: date, months: int, days: int) -> None:
    day = date.fromordinal(start.toordinal() + days)
    found = Periods(start, months).around(day)
    assert found is not None
    begins, ends = found
    assert begins <= day < ends
    steps = [add_months(start, n * months) for n in range(4000 // 28 + 2)]
    assert begins in steps
    assert ends in steps


def test_rows_kept_as_evidence_are_text_and_compare_by_what_is_billed() -> None:
    kept = snapshot([row(cost="1.10"), row(price=None)])
    assert kept[0] == {
        "from": "2026-05-01",
        "until": "2026-06-01",
        "units": 10,
        "price": "152.00",
        "cost": "1.10",
    }
    assert kept[1]["price"] is None
    assert same_values([row(cost="9.99"), row(price=None)], kept)
    assert not same_values([row()], kept)
    assert not same_values([row(11), row(price=None)], kept)
