"""Each way past a stopped operation: a named person's decision, with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from checks import check_promises
from factories import sibling
from harness import Line, World
from tallystick.audit.models import AuditLog
from tallystick.bootstrap.stopped import WayAhead, look_at_way, take_way, what_waits
from tallystick.identity.roles import Role
from tallystick.kit.problem import Conflicting, InvalidInput, NotAllowed, NotFound
from tallystick.ledger.models import Lane
from tallystick.sync.by_hand import read_by_hand
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
        "believed": True,
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


class TestDoneByHand:
    """It settles when a reading agrees; else only when a person says it is to be believed."""

    def take(self, line: Line, **more: Any) -> None:
        values: dict[str, Any] = {"how": "done_by_hand", "reason": "typed in", "believed": False}
        world = line.world
        take_way(
            line.head().operation_id,
            world.connection_id,
            line.lane_id,
            context=more.pop("context", world.tenancy.context),
            now=world.clock.now(),
            wake=lambda _: None,
            correlation_id="decided",
            billing=world.engine.billing,
            **{**values, **more},
        )

    def test_a_reading_that_agrees_proves_it_at_once(self, refused: Line) -> None:
        refused.hand_edit(12, on=date(2026, 5, 11))
        self.take(refused)
        done = refused.deliveries()[-2]
        assert (done.state, done.cause_code) == ("resolved", "done_by_hand")
        assert "read back, and equal. Autotask shows 12 units" in done.cause
        assert refused.lane().proved_at == refused.world.clock.now()
        refused.world.work()
        assert (refused.badge, refused.changes()) == ("synced", [3])
        check_promises(refused, hand_edited=True)

    def test_what_is_not_there_is_not_settled(self, refused: Line) -> None:
        with pytest.raises(Conflicting, match="Autotask shows 10 units"):
            self.take(refused)
        assert refused.states()[1:] == ["failed", "pending"]

    def test_what_cannot_be_read_is_not_settled(self, refused: Line) -> None:
        refused.world.simulator.add_fault("html_502", path="ContractServiceUnits/query")
        with pytest.raises(Conflicting, match="could not be read"):
            self.take(refused)

    def test_what_is_believed_says_so(self, refused: Line) -> None:
        self.take(refused, believed=True)
        done = refused.deliveries()[-2]
        assert (done.state, done.cause_code) == ("resolved", "believed")
        assert done.cause == "Done by hand: believed, no reading agreed"
        log = AuditLog.objects.filter(event="subscription.resolve_operation").latest("pk")
        assert log.details["read"] == "believed"
        assert "Autotask shows 10 units" in log.details["shown"]

    def test_a_price_that_was_set_by_hand(self, world: World) -> None:
        line = world.line(units=10)
        line.strike("refuse")
        line.price("17.00", date(2026, 5, 1))
        world.work()
        line.hand_edit(price="17.00", on=date(2026, 5, 1))
        self.take(line)
        assert line.lane().expected_unit_price == Decimal("17.00")
        world.sweep()
        assert line.badge == "synced", line.cause

    def test_a_line_that_is_not_there_yet(self, world: World) -> None:
        line = world.own_line()
        with pytest.raises(Conflicting, match="no line that could be read"):
            self.take(line)

    def test_a_cancellation_after_the_contracts_end(self, world: World) -> None:
        line = world.line(units=10, ends=date(2026, 5, 31))
        line.strike("refuse", times=2)
        line.cancel(date(2026, 5, 20))
        world.work()
        line.hand_edit(0, on=date(2026, 5, 20))
        self.take(line)
        assert line.lane().expected_units == 0
        assert line.badge == "synced"

    def test_believing_is_a_right_of_its_own(self, refused: Line) -> None:
        operator = replace(refused.world.tenancy.context, role=Role.OPERATOR)
        with pytest.raises(NotAllowed):
            self.take(refused, believed=True, context=operator)
        refused.hand_edit(12, on=date(2026, 5, 11))
        self.take(refused, context=operator)
        assert refused.states()[1] == "resolved"


@pytest.mark.parametrize("how", ["skip", "adopt", "push_ours"])
def test_an_operator_takes_each_way_and_a_reader_none(edited: Line, how: str) -> None:
    of = edited.world.tenancy.context
    for role in (Role.VIEWER, Role.AUDITOR):
        with pytest.raises(NotAllowed):
            decided(edited, how=how, context=replace(of, role=role))
    assert edited.states()[-1] == "conflict"
    decided(edited, how=how, context=replace(of, role=Role.OPERATOR))
    assert edited.states()[-1] != "conflict"


class TestALookAtAWay:
    """It says what deciding would do, and stores nothing."""

    def look(self, line: Line, how: str, *, believed: bool = True) -> WayAhead:
        found = look_at_way(
            line.head().operation_id,
            line.world.connection_id,
            line.lane_id,
            how=how,
            believed=believed,
            context=line.world.tenancy.context,
            now=line.world.clock.now(),
            correlation_id="looked",
            billing=line.world.engine.billing,
        )
        assert line.states()[1] in {"failed", "conflict"}, "nothing was stored"
        return found

    def test_skipping(self, refused: Line) -> None:
        found = self.look(refused, "skip")
        assert found.expects == "10 units"
        assert [(one.summary, list(one.calls)) for one in found.then] == [
            ("Update quantity 12 to 15", ["+5 units from 12 May 2026"])
        ]

    def test_pushing_ours(self, refused: Line) -> None:
        found = self.look(refused, "push_ours")
        assert [list(one.calls) for one in found.then] == [
            ["+2 units from 11 May 2026"],
            ["+3 units from 12 May 2026"],
        ]

    def test_adopting(self, edited: Line) -> None:
        assert self.look(edited, "adopt").expects == "11 units"

    def test_what_is_not_so_is_said_as_deciding_would(self, refused: Line) -> None:
        with pytest.raises(Conflicting, match="Autotask shows 10 units"):
            self.look(refused, "done_by_hand", believed=False)

    def test_what_waits_if_it_is_asked_again(self, edited: Line) -> None:
        edited.quantity(15, date(2026, 5, 12))
        found = what_waits(
            edited.row(), now=edited.world.clock.now(), billing=edited.world.engine.billing
        )
        first, second = found.then
        assert "Somebody changed it there" in first.stops
        assert second.in_words == "It would stop: what is before it stops first."

    def test_without_a_reading_it_follows_from_what_was_proved(self, refused: Line) -> None:
        refused.world.simulator.add_fault("html_502", path="ContractServiceUnits/query")
        found = self.look(refused, "skip")
        assert "502" in found.unread
        assert [list(one.calls) for one in found.then] == [["+5 units from 12 May 2026"]]


def test_by_hand_behind_the_contracts_end_nothing_can_be_read(world: World) -> None:
    line = world.line(units=10, ends=date(2026, 5, 31))
    line.quantity(12, date(2026, 6, 5))
    world.work()
    found = read_by_hand(line.lane_id, now=world.clock.now(), billing_of=world.engine.billing)
    assert found is not None
    assert (found.agrees, found.shown) == (False, "Autotask shows nothing from that day on.")


def test_by_hand_nothing_waits(world: World) -> None:
    line = world.line(units=10)
    now = world.clock.now()
    assert read_by_hand(line.lane_id, now=now, billing_of=world.engine.billing) is None
