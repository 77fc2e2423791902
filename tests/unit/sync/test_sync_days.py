"""For which day a change is sent: the policies, and what keeps its day."""

from datetime import date
from typing import Any

import pytest
from making import DAY, due, expected, rules

from tallystick.connections.policies import ChangeDay, PriceDay
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.state import State
from tallystick.sync.days import Frame, dated, day_rule
from tallystick.sync.plan import Move
from tallystick.sync.target import NOT_LANDED

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
FRAME = Frame(date(2026, 1, 1), date(2026, 12, 31), 1)
PRICE = {"unit_price": "16.40"}


def ruled(frame: Frame = FRAME, *, on: date = DAY, after: Any = None, **more: Any) -> Move | None:
    kind = OperationKind.UPDATE_PRICE_MARGIN if after else OperationKind.UPDATE_QUANTITY
    one = due(effective_on=on, kind=kind, **({"after": after} if after else {}))
    return day_rule(one, expected=expected(), rules=rules(**more), frame=frame)


@pytest.mark.parametrize(
    ("policy", "on", "to"),
    [
        (ChangeDay.OWN_DAY, DAY, None),
        (ChangeDay.PERIOD_START, DAY, MAY),
        (ChangeDay.PERIOD_START, MAY, None),
        (ChangeDay.NEXT_PERIOD, DAY, JUNE),
        (ChangeDay.NEXT_PERIOD, MAY, None),
    ],
)
def test_the_day_of_more_units(policy: ChangeDay, on: date, to: date | None) -> None:
    move = ruled(on=on, increase_day=policy)
    assert (move.to if move else None) == to


@pytest.mark.parametrize(
    ("policy", "on", "to"),
    [
        (PriceDay.OWN_DAY, DAY, None),
        (PriceDay.PERIOD_START, DAY, MAY),
        (PriceDay.PERIOD_START, MAY, None),
        (PriceDay.NEXT_PERIOD, DAY, JUNE),
        (PriceDay.NEXT_PERIOD, MAY, None),
    ],
)
def test_the_day_of_a_price(policy: PriceDay, on: date, to: date | None) -> None:
    move = ruled(on=on, after=PRICE, price_day=policy)
    assert (move.to if move else None) == to


@pytest.mark.parametrize("after", [None, PRICE])
@pytest.mark.parametrize("on", [date(2025, 12, 31), date(2027, 1, 1), date(2027, 1, 9)])
def test_a_day_outside_the_contract_is_not_moved_into_it(on: date, after: Any) -> None:
    start = {"increase_day": ChangeDay.PERIOD_START, "price_day": PriceDay.PERIOD_START}
    assert ruled(on=on, after=after, **start) is None


def test_what_is_sent_again_keeps_its_day_and_its_companions() -> None:
    again = due(12, cause_code=NOT_LANDED, attempt_id=7)
    other = due(13, delivery_id=2, effective_on=date(2026, 5, 12))
    found = dated(
        [again, other],
        expected=expected(),
        rules=rules(increase_day=ChangeDay.PERIOD_START),
        frame=FRAME,
    )
    assert (list(found.batch), list(found.moves)) == ([again], [])


def test_what_has_stopped_and_what_is_behind_it_is_not_taken_along() -> None:
    head, stopped = due(12), due(13, delivery_id=2, state=State.FAILED)
    behind = due(14, delivery_id=3)
    found = dated([head, stopped, behind], expected=expected(), rules=rules(), frame=FRAME)
    assert list(found.batch) == [head]
