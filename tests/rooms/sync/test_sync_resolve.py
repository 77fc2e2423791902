"""Each way past a stopped operation: a named person's decision, with a reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import transaction

from checks import check_promises
from factories import sibling
from harness import Line, World
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.ledger.models import Lane
from tallystick.sync.resolve import WAYS, _carry_out, resolve


@pytest.fixture
def refused(world: World) -> Line:
    """A line of 10 whose change to 12 was refused; another change waits behind it."""
    line = world.line(units=10)
    line.strike("refuse", message="The contract is locked.")
    line.quantity(12, date(2026, 5, 11))
    line.quantity(15, date(2026, 5, 12))
    world.work()
    return line


@pytest.fixture
def edited(world: World) -> Line:
    """A line of 10 somebody set to 11 before our change to 12."""
    line = world.line(units=10)
    line.hand_edit(11)
    line.quantity(12, date(2026, 5, 11))
    world.work()
    return line


def decided(line: Line, operation_id: int | None = None, **more: Any) -> None:
    woken: list[int] = []
    values: dict[str, Any] = {
        "how": "skip",
        "reason": "agreed",
        "context": line.world.tenancy.context,
        "now": line.world.clock.now(),
        "wake": woken.extend,
        "correlation_id": "decided",
    }
    operation_id = line.head().operation_id if operation_id is None else operation_id
    resolve(operation_id, line.world.connection_id, **{**values, **more})
    assert woken == [line.lane_id]


def test_skipped_changes_nothing_that_is_expected(refused: Line) -> None:
    decided(refused)
    assert refused.states()[1:] == ["resolved", "pending"]
    assert refused.lane().expected_units == 10
    refused.world.work()
    assert refused.changes() == [5]
    check_promises(refused)


def test_done_by_hand_is_what_is_expected_from_here_on(refused: Line) -> None:
    refused.hand_edit(12, on=date(2026, 5, 11))
    decided(refused, how="done_by_hand")
    assert refused.lane().expected_units == 12
    refused.world.work()
    assert refused.changes() == [3]
    assert refused.badge == "synced"


def test_done_by_hand_for_a_later_day_is_not_drift_until_then(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse")
    line.quantity(12, date(2026, 6, 1))
    world.work()
    line.hand_edit(12, on=date(2026, 6, 1))
    decided(line, how="done_by_hand")

    world.sweep()
    assert line.badge == "synced", line.cause


def test_a_cancellation_done_by_hand_leaves_no_units(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse")
    line.cancel()
    world.work()
    line.hand_edit(0)
    decided(line, how="done_by_hand")
    assert line.lane().expected_units == 0
    world.sweep()
    assert line.badge == "synced"


def test_a_change_without_a_quantity_done_by_hand_leaves_what_was_expected(
    refused: Line,
) -> None:
    head = refused.head()
    head.operation.after = {}  # as of a change of price alone
    with transaction.atomic():
        lane = refused.lane()
        before = lane.expected_units, lane.expected_from
        _carry_out(lane, head, "done_by_hand", refused.world.clock.now())
    assert (refused.lane().expected_units, refused.lane().expected_from) == before


def test_autotasks_value_is_adopted(edited: Line) -> None:
    decided(edited, how="adopt")
    lane = edited.lane()
    assert (lane.expected_units, lane.drift_units, lane.expected_unit_price) == (11, None, None)
    edited.world.sweep()
    assert edited.badge == "synced"
    assert edited.effects() == []


def test_nothing_read_nothing_adopted(refused: Line) -> None:
    with pytest.raises(Conflicting, match="Nothing was read"):
        decided(refused, how="adopt")
    assert refused.states()[1] == "failed"


def test_ours_is_pushed_on_what_was_seen(edited: Line) -> None:
    decided(edited, how="push_ours")
    assert edited.head().accepted_units == 11
    edited.world.work()
    assert edited.changes() == [1]
    check_promises(edited, hand_edited=True)


def test_ours_is_pushed_again_after_a_refusal(refused: Line) -> None:
    decided(refused, how="push_ours")
    assert refused.head().accepted_units is None
    refused.world.work()
    assert refused.changes() == [2, 3]


def test_what_is_not_stopped_is_not_pushed(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    with pytest.raises(Conflicting, match="not stopped"):
        decided(line, how="push_ours")


@pytest.mark.parametrize("how", [*WAYS, "adopt"])
def test_only_the_oldest_can_be_taken_out_of_the_way(refused: Line, how: str) -> None:
    behind = refused.deliveries()[-1].operation_id
    with pytest.raises(Conflicting, match="oldest operation"):
        decided(refused, behind, how=how)
    assert refused.states()[1:] == ["failed", "pending"]


def test_nothing_is_left_to_decide(world: World) -> None:
    line = world.line(units=10)
    settled = line.deliveries()[0].operation_id
    with pytest.raises(Conflicting):
        decided(line, settled)


def test_what_is_being_checked_is_not_decided_by_hand(world: World) -> None:
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12)
    world.work()
    with pytest.raises(Conflicting, match="being checked"):
        decided(line)
    world.simulator.release()


def test_a_waiting_one_may_be_skipped(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    decided(line)
    assert line.states()[-1] == "resolved"


@pytest.mark.parametrize(
    ("more", "field"),
    [({"how": "forget"}, "how"), ({"reason": "  "}, "reason")],
)
def test_a_decision_needs_a_known_way_and_a_reason(
    refused: Line, more: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        decided(refused, **more)
    assert [error.field for error in raised.value.errors] == [field]


def stranger(line: Line) -> dict[str, Any]:
    return {"context": sibling(line.world.tenancy).context}


def unknown(_: Line) -> dict[str, Any]:
    return {"operation_id": 10**9}


def no_lane(line: Line) -> dict[str, Any]:
    other = line.world.line(units=10)
    return {"operation_id": other.deliveries()[0].operation_id}


@pytest.mark.parametrize("wrong", [stranger, unknown])
def test_nobody_decides_what_they_do_not_see(
    refused: Line, wrong: Callable[[Line], dict[str, Any]]
) -> None:
    with pytest.raises(NotFound):
        decided(refused, **wrong(refused))


def test_an_operation_that_was_never_meant_for_the_connection(world: World) -> None:
    line = world.line(units=10)
    elsewhere = world.tenancy.connection()
    with pytest.raises(NotFound, match="not mapped"):
        resolve(
            line.deliveries()[0].operation_id,
            elsewhere,
            how="skip",
            reason="agreed",
            context=world.tenancy.context,
            now=world.clock.now(),
            wake=lambda _: None,
            correlation_id="decided",
        )
    assert Lane.objects.filter(connection_id=elsewhere).count() == 0
