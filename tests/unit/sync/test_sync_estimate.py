"""What is estimated, and what is not guessed at."""

from datetime import date
from decimal import Decimal

from making import DAY, row

from tallystick.sync.days import Frame
from tallystick.sync.estimate import Effect, bill_of, effects

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)
FRAME = Frame(date(2026, 1, 1), date(2026, 6, 30), 1)


def test_a_row_in_the_middle_counts_for_its_days() -> None:
    rows = [row(10, until=DAY), row(12, starts=DAY, until=JUNE, price="182.40")]
    bill = bill_of(rows, DAY, FRAME)
    assert bill is not None
    assert bill.price == Decimal("152.00") + round(Decimal("30.40") * 22 / 31, 4)


def test_an_amount_that_is_not_shown_makes_no_sum_and_no_difference() -> None:
    hidden = [row(10, until=DAY, price=None), row(12, starts=DAY, until=JUNE)]
    bill = bill_of(hidden, DAY, FRAME)
    assert bill is not None
    assert (bill.price, bill.posted) == (None, False)
    assert Effect(MAY, JUNE, Decimal(1), None, False).difference is None
    assert Effect(MAY, JUNE, None, Decimal(1), False).difference is None
    assert Effect(MAY, JUNE, Decimal(1), Decimal(3), False).difference == 2


def test_nothing_is_said_of_days_without_a_period_or_a_row() -> None:
    assert bill_of([row(10)], DAY, Frame(None, None, None)) is None
    assert bill_of([row(10)], JULY, FRAME) is None
    assert bill_of([row(10)], JUNE, FRAME) is None


def test_effects_end_with_the_contract() -> None:
    before = [row(10), row(10, starts=JUNE, until=JULY)]
    after = [row(10), row(12, starts=JUNE, until=JULY, price="182.40")]
    found = effects(before, after, since=DAY, frame=FRAME, periods=5)
    assert [(one.starts_on, one.difference) for one in found] == [
        (MAY, Decimal(0)),
        (JUNE, Decimal("30.40")),
    ]
    # A line that begins now had nothing before.
    assert effects([], after, since=JUNE, frame=FRAME, periods=1)[0].before == 0
