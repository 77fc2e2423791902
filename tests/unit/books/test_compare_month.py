"""A month of one line: what was ordered beside what Autotask shows, by the day and in money."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tallystick.books.compare_month import Change, Line, MonthOutcome, compare_month
from tallystick.ledger.profile import Step
from tallystick.sync.compare import Periods
from tallystick.sync.port import UnitRow

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
PRICE = Decimal("15.00")
MONTHLY = Periods(date(2026, 1, 1), 1, date(2026, 12, 31))


def day(number: int) -> date:
    return date(2026, 4, number)


def step(units: int, starts: date, until: date | None = None, price: Decimal = PRICE) -> Step:
    return Step(starts, until, units, price, None)


def row(units: int, starts: date, until: date, price: str | None = None) -> UnitRow:
    amount = units * PRICE if price is None else Decimal(price)
    return UnitRow(starts, until, units, amount, None, False)


WELL = Line(
    proved=[step(10, date(2026, 1, 1))],
    first_on=date(2026, 1, 1),
    waiting=[],
    rows=[row(10, APRIL, MAY), row(10, MAY, date(2026, 6, 1))],
    periods=MONTHLY,
)


def test_equal_with_both_amounts() -> None:
    found = compare_month(WELL, APRIL)
    assert (found.outcome, found.why) == (MonthOutcome.EQUAL, "")
    assert found.ordered_amount == found.shown_amount == Decimal("150.00")
    assert found.difference == 0
    assert [(one.units, one.starts_on, one.until) for one in found.shown] == [(10, APRIL, MAY)]


def test_a_change_in_the_month_is_counted_by_the_day() -> None:
    line = replace(
        WELL,
        proved=[step(10, date(2026, 1, 1), day(16)), step(12, day(16))],
        rows=[row(10, APRIL, day(16)), row(12, day(16), MAY)],
    )
    found = compare_month(line, APRIL)
    assert found.outcome is MonthOutcome.EQUAL
    assert found.ordered_amount == found.shown_amount == Decimal("165.00")


def test_a_tenant_that_shows_amounts_by_the_day_comes_to_the_same() -> None:
    line = replace(
        WELL,
        proved=[step(10, date(2026, 1, 1), day(16)), step(12, day(16))],
        rows=[row(10, APRIL, day(16), "75.00"), row(12, day(16), MAY, "90.00")],
    )
    found = compare_month(line, APRIL)
    assert (found.outcome, found.shown_amount) == (MonthOutcome.EQUAL, Decimal("165.00"))


def test_what_somebody_changed_there_is_told_with_its_days_and_money() -> None:
    line = replace(WELL, rows=[row(10, APRIL, day(11)), row(13, day(11), MAY)])
    found = compare_month(line, APRIL)
    assert found.outcome is MonthOutcome.DIFFERENT
    assert found.why == "1 Apr 2026 to 30 Apr 2026: ordered 10, Autotask shows 10, 13."
    assert found.difference == Decimal("30.00"), "3 units for 20 of 30 days"


@pytest.mark.parametrize(
    ("rows", "words", "difference"),
    [
        ([], "Autotask shows no units.", Decimal("-150.00")),
        ([row(10, APRIL, MAY, "152.00")], "at another amount.", Decimal("2.00")),
        (
            [replace(row(10, APRIL, MAY), price=None)],
            "Autotask does not show the amounts.",
            None,
        ),
    ],
)
def test_each_way_to_differ(rows: list[UnitRow], words: str, difference: Decimal | None) -> None:
    found = compare_month(replace(WELL, rows=rows), APRIL)
    assert found.outcome is MonthOutcome.DIFFERENT
    assert words in found.why
    assert found.difference == difference


def test_what_is_ordered_and_not_settled_counts_as_ordered() -> None:
    change = Change(day(16), 12, None, "Operation 4 is not settled.")
    found = compare_month(replace(WELL, waiting=[change]), APRIL)
    assert found.outcome is MonthOutcome.DIFFERENT
    assert "ordered 12, Autotask shows 10" in found.why
    assert "Operation 4 is not settled." in found.why
    assert found.difference == Decimal("-15.00")


def test_what_is_not_settled_and_is_there_all_the_same_is_equal_and_told() -> None:
    change = Change(day(16), 12, None, "Operation 4 is not settled.")
    rows = [row(10, APRIL, day(16)), row(12, day(16), MAY)]
    found = compare_month(replace(WELL, waiting=[change], rows=rows), APRIL)
    assert (found.outcome, found.why) == (MonthOutcome.EQUAL, "Operation 4 is not settled.")


def test_what_is_dated_after_the_month_does_not_matter() -> None:
    change = Change(MAY, 12, None, "Operation 4 is not settled.")
    found = compare_month(replace(WELL, waiting=[change]), APRIL)
    assert (found.outcome, found.why) == (MonthOutcome.EQUAL, "")


def test_a_price_that_waits_is_ordered_at_the_new_rate() -> None:
    change = Change(APRIL, None, Decimal("16.00"), "Operation 4 is not settled.")
    found = compare_month(replace(WELL, waiting=[change]), APRIL)
    assert found.difference == Decimal("-10.00")


def test_a_first_sync_that_waits_is_ordered_from_its_day() -> None:
    change = Change(day(16), 10, PRICE, "Operation 1 is not settled.")
    found = compare_month(replace(WELL, proved=[], first_on=None, waiting=[change], rows=[]), APRIL)
    assert found.outcome is MonthOutcome.DIFFERENT
    assert found.ordered_amount == Decimal("75.00")
    assert found.shown_amount == 0


def test_days_before_our_first_one_are_not_ours() -> None:
    line = replace(WELL, first_on=day(16), rows=[row(99, APRIL, day(16)), row(10, day(16), MAY)])
    found = compare_month(line, APRIL)
    assert (found.outcome, found.ordered_amount) == (MonthOutcome.EQUAL, Decimal("75.00"))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (replace(WELL, proved=[]), "It is left as it is"),
        (replace(WELL, first_on=MAY), "It was not billed by us in this month."),
    ],
)
def test_nothing_to_compare_is_never_equal(line: Line, words: str) -> None:
    found = compare_month(line, APRIL)
    assert found.outcome is MonthOutcome.NOTHING
    assert words in found.why
    assert found.difference is None


def test_zero_units_of_a_line_without_rows_is_equal() -> None:
    line = replace(WELL, proved=[step(0, date(2026, 1, 1))], rows=[])
    found = compare_month(line, APRIL)
    assert (found.outcome, found.ordered_amount) == (MonthOutcome.EQUAL, Decimal(0))


def test_a_yearly_contract_has_its_share_of_the_month() -> None:
    yearly = Periods(date(2026, 1, 1), 12, date(2026, 12, 31))
    whole = row(10, date(2026, 1, 1), date(2027, 1, 1))
    found = compare_month(replace(WELL, periods=yearly, rows=[whole]), APRIL)
    assert found.outcome is MonthOutcome.EQUAL
    assert found.ordered_amount == found.shown_amount == Decimal("12.33"), "150 x 30 / 365"


def test_without_known_periods_a_month_is_the_measure() -> None:
    found = compare_month(replace(WELL, periods=Periods(None, None)), APRIL)
    assert found.ordered_amount == Decimal("150.00")


def test_a_price_that_is_not_compared_makes_no_sum() -> None:
    line = replace(WELL, proved=[Step(date(2026, 1, 1), None, 10, None, None)])
    found = compare_month(line, APRIL)
    assert (found.outcome, found.ordered_amount) == (MonthOutcome.EQUAL, None)


def test_every_outcome_has_a_label_and_a_tone() -> None:
    assert all(one.label and one.tone for one in MonthOutcome)
