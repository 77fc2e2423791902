"""What a batch wants: targets, never deltas; the last value wins."""

from datetime import date
from decimal import Decimal

import pytest
from making import DAY, due, rules

from tallystick.connections.policies import CancelRule
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.state import State
from tallystick.sync.target import NOT_LANDED, Target, batch_of, target_of

PRICE_ZERO = CancelRule.PRICE_ZERO


def test_the_last_quantity_wins() -> None:
    batch = [due(12), due(7), due(15)]
    assert target_of(batch, rules=rules()) == Target(15)


@pytest.mark.parametrize("kind", [OperationKind.MAP, OperationKind.PURCHASE])
def test_a_first_sync_brings_quantity_price_and_cost(kind: OperationKind) -> None:
    first = due(kind=kind, after={"quantity": 3, "unit_price": "15.20", "unit_cost": None})
    wanted = target_of([first], rules=rules())
    assert wanted == Target(3, Decimal("15.20"), None)


def test_a_change_behind_a_first_sync_keeps_its_price() -> None:
    first = due(kind=OperationKind.MAP, after={"quantity": 3, "unit_price": "15.20"})
    wanted = target_of([first, due(4)], rules=rules())
    assert wanted == Target(4, Decimal("15.20"), None)


def test_a_cancellation_takes_the_units_or_the_price() -> None:
    cancel = due(kind=OperationKind.CANCEL, after={"quantity": 0})
    assert target_of([cancel], rules=rules()) == Target(0)
    assert target_of([cancel], rules=rules(cancel_rule=PRICE_ZERO)) == Target(None, Decimal(0))


def test_what_the_others_on_its_line_have_is_wanted_too() -> None:
    assert target_of([due(12, others=5)], rules=rules()) == Target(17)
    assert target_of([due(12, others=5), due(7, others=12)], rules=rules()) == Target(19)
    price = due(kind=OperationKind.UPDATE_PRICE_MARGIN, after={"unit_price": "16"}, others=5)
    assert target_of([price], rules=rules()) == Target(None, Decimal(16))


@pytest.mark.parametrize("kind", [OperationKind.CANCEL, OperationKind.END, OperationKind.EXPIRE])
@pytest.mark.parametrize("cancel_rule", CancelRule)
def test_one_that_ends_leaves_what_the_others_have(
    kind: OperationKind, cancel_rule: CancelRule
) -> None:
    ends = due(kind=kind, after={"quantity": 0}, others=5)
    assert target_of([ends], rules=rules(cancel_rule=cancel_rule)) == Target(5)


def test_a_line_is_put_back_to_its_own_units_whoever_it_bills() -> None:
    after = {"target": {"units": 15, "unit_price": None, "unit_cost": None}}
    put_back = due(kind=OperationKind.RESTORE, after=after, others=5)
    assert target_of([put_back], rules=rules()) == Target(15)


@pytest.mark.parametrize(
    "target",
    [
        Target(0),
        Target(None, Decimal(0)),
        Target(7, Decimal("15.2000"), None),
        Target(7, None, Decimal("1.5")),
    ],
)
def test_a_stored_target_is_read_back_the_same(target: Target) -> None:
    assert Target.from_json(target.as_json()) == target


def test_a_batch_is_the_head_and_the_waiting_ones_of_its_day() -> None:
    head, rider = due(delivery_id=1), due(delivery_id=2)
    later = due(delivery_id=3, effective_on=date(2026, 5, 11))
    behind = due(delivery_id=4)
    assert batch_of([head, rider, later, behind]) == [head, rider]
    assert head.effective_on == DAY


def test_a_stopped_one_is_not_taken_along() -> None:
    head, stopped = due(delivery_id=1), due(delivery_id=2, state=State.FAILED)
    assert batch_of([head, stopped]) == [head]


def test_what_is_sent_again_travels_with_the_same_companions() -> None:
    head = due(delivery_id=1, cause_code=NOT_LANDED, attempt_id=7)
    rider = due(delivery_id=2, attempt_id=7)
    newer = due(delivery_id=3)
    assert batch_of([head, rider, newer]) == [head, rider]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target(12, Decimal("16.40")), "12 units"),
        (Target(None, Decimal("16.40"), Decimal("13.00")), "a unit price of 16.40"),
        (Target(None, None, Decimal("13.00")), "a unit cost of 13.00"),
        (Target(None), "a unit cost of 0"),
    ],
)
def test_a_target_in_words(target: Target, words: str) -> None:
    assert target.in_words() == words


@pytest.mark.parametrize(
    "kind",
    [
        OperationKind.RENAME,
        OperationKind.SET_PURCHASE_ORDER,
        OperationKind.SET_END_OF_TERM,
        OperationKind.SCHEDULE_CHANGE,
    ],
)
def test_what_is_not_applicable_wants_nothing(kind: OperationKind) -> None:
    assert target_of([due(kind=kind, after={"value": "x"})], rules=rules()) == Target(None)


@pytest.mark.parametrize(
    "kind", [OperationKind.CANCEL, OperationKind.EXPIRE, OperationKind.DELETE, OperationKind.END]
)
def test_whatever_ends_it_takes_the_units_or_the_price(kind: OperationKind) -> None:
    ends = due(kind=kind, after={"quantity": 0})
    assert target_of([due(12), ends], rules=rules()) == Target(0)
    assert target_of([due(12), ends], rules=rules(cancel_rule=PRICE_ZERO)) == Target(12, Decimal(0))


def test_a_suspended_one_keeps_its_quantity_and_has_no_units() -> None:
    suspended = due(kind=OperationKind.SUSPEND, after={"status": "suspended", "units": 0})
    again = due(kind=OperationKind.REACTIVATE, after={"units": 10, "unit_price": "15.20"})
    assert target_of([suspended], rules=rules()) == Target(0)
    assert target_of([suspended, again], rules=rules()) == Target(10, Decimal("15.20"))


def test_what_is_held_for_review_travels_with_nobody() -> None:
    held = due(delivery_id=2, sequence=2, awaits_approval=True)
    behind = due(delivery_id=3, sequence=3)
    assert batch_of([due(), held, behind]) == [due()]
    assert not held.may_go
    assert not due(state=State.FAILED).may_go


@pytest.mark.parametrize(
    ("kind", "after", "stands"),
    [
        (OperationKind.RESTORE, {"units": 10}, True),
        (OperationKind.RESTORE, {"line_units": 10}, True),
        (OperationKind.CORRECT, {"units": 10}, True),
        (OperationKind.CORRECT, {"line_units": 10, "line_price": "15.20"}, False),
        (OperationKind.UPDATE_PRICE_MARGIN, {"unit_price": "15.20"}, False),
    ],
)
def test_a_price_taken_back_stands_on_what_was_proved(
    kind: OperationKind, after: dict[str, object], stands: bool
) -> None:
    assert due(kind=kind, after=after).stands_on_what_was_seen is stands
