"""Both values day by day, what they come to, and what is there twice. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tallystick.ledger.difference import (
    DayRange,
    Shown,
    as_found,
    as_json,
    first_wrong,
    from_json,
    is_still,
    joined,
)
from tallystick.ledger.profile import Step
from tallystick.sync.compare import Periods
from tallystick.sync.differ import SentOnce, a_month, both_by_day, doubled
from tallystick.sync.port import UnitRow

MAY, TENTH, JUNE, JULY = date(2026, 5, 1), date(2026, 5, 10), date(2026, 6, 1), date(2026, 7, 1)
MONTHLY = Periods(date(2026, 1, 1), 1, date(2026, 12, 31))
RATE = Decimal("15.20")
EXPECTED = Step(TENTH, None, 10, RATE, None)


def row(
    starts_on: date, until: date, units: int, price: str | None = None, cost: str | None = None
) -> UnitRow:
    amount = None if price is None else Decimal(price)
    return UnitRow(
        starts_on, until, units, amount, None if cost is None else Decimal(cost), approved=False
    )


def test_where_units_differ_from_a_day_on() -> None:
    rows = [row(MAY, TENTH, 10, "152.00"), row(TENTH, JUNE, 13, "197.60")]
    (one,) = both_by_day(rows, [EXPECTED], MONTHLY)
    assert (one.starts_on, one.until, one.differs) == (TENTH, None, True)
    assert one.found == Shown(13, Decimal("197.60"), None, RATE, None)
    assert a_month(one, 1) == Decimal("45.60")
    assert a_month(one, 12) == Decimal("3.80")
    assert a_month(one, None) is None


def test_days_are_told_apart_where_they_say_something_else() -> None:
    rows = [row(MAY, JUNE, 10, "152.00"), row(JUNE, JULY, 12, "182.40"), row(JULY, date.max, 12)]
    days = both_by_day(rows, [EXPECTED], MONTHLY)
    assert [(one.starts_on, one.differs) for one in days] == [
        (TENTH, False),
        (JUNE, True),
        (JULY, True),
    ], "an amount that is not shown is no equal one"
    assert first_wrong(days).starts_on == JUNE
    assert as_found(days)[0] == Step(TENTH, JUNE, 10, RATE, None)
    assert as_json(from_json(as_json(days))) == as_json(days)


def test_what_no_row_speaks_of() -> None:
    (nothing,) = both_by_day([], [EXPECTED], MONTHLY)
    assert (nothing.found, nothing.differs) == (None, True)
    assert a_month(nothing, 1) == Decimal("-152.00")
    assert as_found([nothing]) == (Step(TENTH, None, 0, None, None),)
    over = Step(JULY, None, 0, None, None)
    days = both_by_day(
        [row(MAY, JULY, 10, "152.00")], [replace(EXPECTED, until=JULY), over], MONTHLY
    )
    assert [one.differs for one in days] == [False, False], "nothing is expected behind it"


@pytest.mark.parametrize(
    ("shown", "rate"),
    [
        (row(MAY, JUNE, 10, "190.00"), Decimal("19.0000")),  # a whole period tells its rate
        (row(TENTH, JUNE, 10, "190.00"), None),  # a part of one does not
        (row(MAY, JUNE, 3, "10.00"), Decimal("3.3333")),
        (row(MAY, JUNE, 0, "0.00"), None),
        (row(MAY, JUNE, 10), None),
    ],
)
def test_the_rate_an_amount_comes_to(shown: UnitRow, rate: Decimal | None) -> None:
    (one,) = both_by_day([shown], [EXPECTED], MONTHLY)
    assert one.found is not None
    assert one.found.unit_price == rate


def test_a_hidden_price_is_counted_at_ours_or_not_at_all() -> None:
    (one,) = both_by_day([row(MAY, JUNE, 12)], [EXPECTED], MONTHLY)
    assert a_month(one, 1) == Decimal("30.40")
    (one,) = both_by_day([row(MAY, JUNE, 12)], [replace(EXPECTED, unit_price=None)], MONTHLY)
    assert a_month(one, 1) is None
    (one,) = both_by_day([row(MAY, JUNE, 0)], [EXPECTED], MONTHLY)
    assert a_month(one, 1) == Decimal("-152.00")


def days(*found: Shown | None, differs: bool = True) -> tuple[DayRange, ...]:
    starts = [TENTH, JUNE, JULY][: len(found)]
    return tuple(
        DayRange(on, until, EXPECTED, one, differs)
        for on, until, one in zip(starts, [*starts[1:], None], found, strict=True)
    )


TWELVE = Shown(12, Decimal("182.40"), None, RATE, None)
HIDDEN = Shown(12, Decimal("100.00"), None, None, None)


@pytest.mark.parametrize(
    ("two", "one"),
    [
        (days(TWELVE, replace(TWELVE, price=Decimal(9))), True),  # its periods are unequal
        (days(HIDDEN, HIDDEN), True),
        (days(HIDDEN, replace(HIDDEN, price=Decimal(9))), False),
        (days(TWELVE, HIDDEN), False),
        (days(TWELVE, replace(TWELVE, units=13)), False),
        (days(TWELVE, replace(TWELVE, unit_price=Decimal(9))), False),
        (days(TWELVE, None), False),
        (days(None, None), True),
    ],
)
def test_neighbours_that_say_the_same_are_one(two: tuple[DayRange, ...], one: bool) -> None:
    assert (len(joined(two)) == 1) is one
    assert not two[0].says_the_same(replace(two[1], differs=False))
    other = replace(two[1], expected=replace(EXPECTED, units=1))
    assert not two[0].says_the_same(other)


def test_an_agreement_holds_while_nothing_else_is_seen() -> None:
    agreed = days(TWELVE)
    assert is_still(agreed, days(TWELVE))
    assert not is_still(agreed, days(replace(TWELVE, units=13)))
    past = [replace(agreed[0], until=JUNE)]
    assert is_still(past, [replace(days(HIDDEN)[0], starts_on=JUNE)]), "no day of both"


SENT = SentOnce(7, TENTH, 2)


@pytest.mark.parametrize(
    ("rows", "twice"),
    [
        ([row(MAY, TENTH, 10), row(TENTH, JUNE, 14)], True),
        ([row(TENTH, JUNE, 14), row(JUNE, JULY, 14)], True),
        ([row(JUNE, JULY, 14)], True),  # a period begins: what was before it is not shown
        ([row(date(2026, 5, 15), JUNE, 14)], False),  # a day of somebody else
        ([row(TENTH, JUNE, 14), row(JUNE, JULY, 15)], False),
        ([row(MAY, JUNE, 14)], False),  # it began before ours
        ([row(TENTH, JUNE, 13)], False),
    ],
)
def test_what_is_there_once_more(rows: list[UnitRow], twice: bool) -> None:
    steps = [Step(MAY, TENTH, 10, None, None), Step(TENTH, None, 12, None, None)]
    assert (doubled(rows, steps, [SENT], MONTHLY) == SENT) is twice


def test_nothing_sent_nothing_twice() -> None:
    rows, steps = [row(TENTH, JUNE, 14)], [Step(TENTH, None, 12, None, None)]
    assert doubled(rows, steps, [], MONTHLY) is None
    assert doubled(rows, steps, [SentOnce(7, TENTH, 0)], MONTHLY) is None
    assert doubled(rows, steps, [SENT], Periods(None, None)) == SENT
    elsewhere = [row(date(2026, 5, 15), JUNE, 14)]
    assert doubled(elsewhere, steps, [SENT], Periods(None, None)) is None
