"""What is billed differently, and what the days before a later day would have come to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from making import row

from tallystick.sync.days import Frame
from tallystick.sync.estimate import effects, gap, stretch
from tallystick.sync.port import UnitRow

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)
MONTHS = Frame(date(2026, 4, 1), date(2026, 12, 31), 1)
UNKNOWN = Frame(None, None, None)


def of(units: int = 10, price: str | None = "152.00", *, posted: bool = False) -> list[UnitRow]:
    """May and June."""
    return [
        row(units, price=price, approved=posted),
        row(units, starts=JUNE, until=JULY, price=price),
    ]


def test_a_rate_counts_with_the_units_there_were() -> None:
    after = [of()[0], row(10, starts=JUNE, until=JULY, price="164.00")]
    assert gap(of(), after, since=date(2026, 5, 20), until=JUNE, frame=MONTHS) == (
        round(Decimal(12) * 12 / 31, 4)
    )


def test_units_count_at_the_rate_there_was() -> None:
    after = [of()[0], row(12, starts=JUNE, until=JULY, price="182.40")]
    assert gap(of(), after, since=MAY, until=JUNE, frame=MONTHS) == Decimal("30.4000")
    none = [of()[0], row(0, starts=JUNE, until=JULY, price="0")]
    assert gap(of(), none, since=MAY, until=JUNE, frame=MONTHS) == Decimal("-152.0000")
    first = [of(0, "0")[0], row(2, starts=JUNE, until=JULY, price="30.40")]
    assert gap(of(0, "0"), first, since=MAY, until=JUNE, frame=MONTHS) == Decimal("30.4000")
    assert gap(of(0, "0"), of(0, "0"), since=MAY, until=JUNE, frame=MONTHS) == 0


def test_what_is_not_known_is_not_guessed() -> None:
    known = of()
    assert gap([], known, since=MAY, until=JUNE, frame=MONTHS) is None
    assert gap(known, [], since=MAY, until=JUNE, frame=MONTHS) is None
    assert gap(known, known, since=MAY, until=JUNE, frame=UNKNOWN) is None
    assert gap(of(10, None), known, since=MAY, until=JUNE, frame=MONTHS) is None
    assert gap(known, of(10, None), since=MAY, until=JUNE, frame=MONTHS) is None


def test_the_periods_around_with_those_before_as_far_as_there_are() -> None:
    rows = [row(starts=date(2026, 4, 1), until=MAY, approved=True), *of()]
    found = stretch(rows, first=date(2026, 5, 9), last=JUNE, before=2, frame=MONTHS)
    assert [(one.starts_on, one.posted) for one in found] == [
        (date(2026, 4, 1), True),
        (MAY, False),
        (JUNE, False),
    ]
    assert stretch(of(), first=MAY, last=MAY, before=1, frame=MONTHS)[0].starts_on == MAY
    assert stretch(rows, first=MAY, last=JUNE, before=2, frame=UNKNOWN) == []
    beyond = stretch(rows, first=date(2026, 12, 9), last=date(2027, 2, 1), before=0, frame=MONTHS)
    assert beyond == []


def test_an_amount_that_is_hidden_makes_no_difference_known() -> None:
    [may, _] = effects(of(), of(10, None), since=MAY, frame=MONTHS, periods=2)
    assert (may.before, may.after, may.difference) == (Decimal("152.0000"), None, None)
    assert effects(of(), of(), since=MAY, frame=UNKNOWN, periods=2) == []
