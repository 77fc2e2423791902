"""What a line is expected to show, day by day, when changes are proved before their day."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from tallystick.ledger.expected import expect, expect_steps, steps
from tallystick.ledger.models import Lane
from tallystick.ledger.profile import Step

NOW = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
TODAY, JULY, AUGUST = date(2026, 5, 10), date(2026, 7, 1), date(2026, 8, 1)
PRICE = Decimal("15.20")


def shown(
    lane: Lane, units: int, day: date, *, now: datetime = NOW, price: Decimal = PRICE
) -> None:
    expect(lane, units=units, unit_price=price, unit_cost=None, day=day, now=now)


def in_short(lane: Lane, today: date = TODAY) -> list[tuple[date, date | None, int]]:
    return [(step.starts_on, step.until, step.units) for step in steps(lane, today=today)]


def test_nothing_is_known_before_the_first_proof() -> None:
    with pytest.raises(ValueError, match="nothing has been proved"):
        steps(Lane(), today=TODAY)


def test_the_first_proof_counts_from_today() -> None:
    lane = Lane()
    shown(lane, 10, date(2026, 1, 1))
    assert steps(lane, today=TODAY) == (Step(TODAY, None, 10, PRICE, None),)
    assert lane.expected_from is None


def test_a_first_proof_of_a_later_day_says_nothing_of_the_days_before() -> None:
    lane = Lane()
    shown(lane, 10, JULY)
    assert in_short(lane) == [(JULY, None, 10)]


def test_later_changes_leave_the_days_before_them_as_they_were() -> None:
    lane = Lane()
    shown(lane, 10, TODAY)
    shown(lane, 12, JULY)
    shown(lane, 15, AUGUST)
    assert in_short(lane) == [(TODAY, JULY, 10), (JULY, AUGUST, 12), (AUGUST, None, 15)]
    assert steps(lane, today=TODAY)[0].unit_price == PRICE


def test_days_that_have_passed_are_skipped_and_then_forgotten() -> None:
    lane = Lane()
    shown(lane, 10, TODAY)
    shown(lane, 12, JULY)
    shown(lane, 15, AUGUST)
    assert in_short(lane, date(2026, 7, 1)) == [(JULY, AUGUST, 12), (AUGUST, None, 15)]
    assert in_short(lane, AUGUST) == [(AUGUST, None, 15)]

    next_year = date(2027, 9, 20)
    shown(lane, 16, date(2027, 10, 1), now=datetime(2027, 9, 20, tzinfo=UTC))
    assert in_short(lane, next_year) == [
        (next_year, date(2027, 10, 1), 15),
        (date(2027, 10, 1), None, 16),
    ]
    assert len(lane.earlier) == 1


def test_a_second_change_of_one_day_replaces_the_first() -> None:
    lane = Lane()
    shown(lane, 10, TODAY)
    shown(lane, 12, JULY)
    shown(lane, 13, JULY)
    assert in_short(lane) == [(TODAY, JULY, 10), (JULY, None, 13)]


def test_the_same_again_from_a_later_day_is_no_step() -> None:
    lane = Lane()
    shown(lane, 10, TODAY)
    shown(lane, 12, JULY)
    shown(lane, 12, AUGUST)
    assert in_short(lane) == [(TODAY, JULY, 10), (JULY, None, 12)]


def test_another_price_is_a_step() -> None:
    lane = Lane()
    shown(lane, 10, TODAY)
    shown(lane, 10, JULY, price=Decimal("16.00"))
    assert [step.unit_price for step in steps(lane, today=TODAY)] == [PRICE, Decimal("16.00")]


def test_a_rate_from_an_earlier_day_reaches_every_later_step() -> None:
    lane = Lane()
    shown(lane, 10, TODAY)
    shown(lane, 12, JULY)
    new = Decimal("16.00")
    later = [Step(date(2026, 6, 1), JULY, 10, new, None), Step(JULY, None, 12, new, None)]
    expect_steps(lane, later, now=NOW, moves_units=False)
    assert [(step.starts_on, step.units, step.unit_price) for step in steps(lane, today=TODAY)] == [
        (TODAY, 10, PRICE),
        (date(2026, 6, 1), 10, new),
        (JULY, 12, new),
    ]
    assert lane.expected_from == JULY, "units may change again from there, not from the rate's day"


def test_our_first_day_on_the_line_is_kept() -> None:
    lane = Lane()
    shown(lane, 10, date(2026, 1, 1))
    shown(lane, 12, JULY)
    assert lane.first_on == date(2026, 1, 1)
