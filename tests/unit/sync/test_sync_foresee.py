"""What would be sent, in cases no simulator shows."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from making import DAY, LINE, due, expected, row, rules

from tallystick.connections.policies import ChangeDay, SameDay, SameDayPolicy
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.profile import Step
from tallystick.sync import foresee as module
from tallystick.sync.compare import Periods
from tallystick.sync.days import Frame
from tallystick.sync.foresee import applied, foresee, in_full
from tallystick.sync.port import Adjustment, UnitRow

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)
FRAME = Frame(date(2026, 1, 1), date(2026, 12, 31), 1)


def adjusted(rows: list[UnitRow], change: int, on: date = DAY, **more: Any) -> tuple[UnitRow, ...]:
    return applied(rows, Adjustment(LINE, on, change, **more), FRAME, expected(None))


def test_a_row_without_units_has_no_rate_to_go_on_with() -> None:
    [empty] = adjusted([row(0, starts=DAY, price="0")], 3)
    assert (empty.units, empty.price) == (3, None)
    [none] = adjusted([row(0, starts=DAY, price="0")], 0)
    assert none.price == 0
    [hidden] = adjusted([row(3, starts=DAY, price=None)], 1)
    assert hidden.price is None
    [said] = adjusted([row(0, starts=DAY, price="0")], 3, unit_price=Decimal("2.50"))
    assert said.price == Decimal("7.50")


def test_a_row_without_units_goes_on_with_the_rate_of_the_line_before_it() -> None:
    rows = [row(10, starts=MAY, until=DAY, price="152"), row(0, starts=DAY, price="0")]
    before, back = adjusted(rows, 10)
    assert (before.units, before.price) == (10, Decimal(152))
    assert (back.units, back.price) == (10, Decimal(152))


def test_a_row_without_units_goes_on_with_the_rate_that_was_proved_of_its_day() -> None:
    """A price that begins later is nothing that the row before could say."""
    rows = [
        row(10, starts=MAY, until=DAY, price="152"),
        row(0, starts=DAY, until=JULY, price="0"),
        row(0, starts=JULY, until=date(2026, 8, 1), price="0"),
    ]
    price, cost = Decimal("15.20"), Decimal("12.10")
    known = replace(
        expected(0),
        steps=(Step(DAY, JULY, 0, price, None), Step(JULY, None, 0, Decimal("16.70"), cost)),
    )
    back = applied(rows, Adjustment(LINE, JUNE, 10), FRAME, known)
    assert [(one.starts_on, one.units, one.price) for one in back] == [
        (MAY, 10, Decimal(152)),
        (DAY, 0, Decimal(0)),
        (JUNE, 10, Decimal(152)),
        (JULY, 10, Decimal(167)),
    ]
    assert [one.cost for one in back[2:]] == [None, Decimal(121)]


def test_only_what_a_policy_moves_is_moved() -> None:
    later = date(2026, 5, 20)
    price = due(
        delivery_id=2,
        kind=OperationKind.UPDATE_PRICE_MARGIN,
        after={"unit_price": "16.40", "price_from": "own_day"},
        effective_on=later,
    )
    found = foresee(
        [due(12), price],
        [row(10)],
        line=LINE,
        expected=expected(),
        rules=rules(increase_day=ChangeDay.PERIOD_START),
        frame=FRAME,
        today=DAY,
    )
    assert [(one.delivery_id, one.sent_on, len(one.moved)) for one in found] == [
        (1, MAY, 1),
        (2, later, 0),
    ]


def test_a_batch_that_never_ends_is_said_and_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_CALLS", 1)
    with pytest.raises(RuntimeError, match="never comes to an end"):
        foresee(
            [due(12)],
            [row(10)],
            line=LINE,
            expected=expected(),
            rules=rules(),
            frame=FRAME,
            today=DAY,
        )


def test_a_day_that_is_used_up_moves_it_to_the_next() -> None:
    [found] = foresee(
        [due(12)],
        [row(7, until=DAY), row(10, starts=DAY)],
        line=LINE,
        expected=expected(),
        rules=rules(same_day=SameDay.REFUSES, same_day_policy=SameDayPolicy.NEXT_DAY),
        frame=FRAME,
        today=DAY,
    )
    assert (found.asked_on, found.sent_on) == (DAY, date(2026, 5, 11))
    assert [call.unit_change for call in found.calls] == [2]
    assert len(found.moved) == 1


def test_where_the_days_first_change_is_replaced_the_rows_move_by_the_rest() -> None:
    [found] = foresee(
        [due(12)],
        [row(7, until=DAY, price="106.40"), row(10, starts=DAY)],
        line=LINE,
        expected=expected(),
        rules=rules(same_day=SameDay.REPLACES),
        frame=FRAME,
        today=DAY,
    )
    assert [call.unit_change for call in found.calls] == [5]
    assert [one.units for one in found.after] == [7, 12]


def a_split(first: str | None, second: str | None) -> list[UnitRow]:
    """May in two rows: 9 days of 10 units, 22 days of 1."""
    return [
        row(10, until=DAY, price=first, cost=None),
        row(1, starts=DAY, until=JUNE, price=second),
    ]


def shown_in_full(rows: list[UnitRow], periods: Periods = FRAME.periods) -> list[Decimal | None]:
    known = replace(
        expected(), steps=(Step(DAY, None, 1, Decimal("15.20"), Decimal("12.10")),), units=1
    )
    return [one.price for one in in_full(rows, known, periods)]


def test_a_row_of_an_unknown_rate_is_shown_as_the_others_are() -> None:
    by_day = f"{round(Decimal('15.20') * 22 / 31, 4)}"
    first, second = shown_in_full(a_split("44.1290", by_day))
    assert (round(first or 0, 2), second) == (Decimal("152.00"), Decimal("15.20"))
    assert shown_in_full(a_split(None, by_day)) == [None, Decimal("15.20")]


def test_amounts_in_full_stay_as_they_are() -> None:
    assert shown_in_full(a_split("152.00", "15.20")) == [Decimal("152.00"), Decimal("15.20")]
    assert shown_in_full(a_split("152.00", None)) == [Decimal("152.00"), None]
    unknown = shown_in_full(a_split("44.1290", "10.7871"), Periods(None, None))
    assert unknown == [Decimal("44.1290"), Decimal("10.7871")]


def test_a_row_outside_the_periods_is_left_alone() -> None:
    by_day = f"{round(Decimal('15.20') * 22 / 31, 4)}"
    before = row(10, starts=date(2025, 12, 1), until=date(2025, 12, 20), price="93.16")
    assert shown_in_full([before, *a_split("44.1290", by_day)])[0] == Decimal("93.16")
