"""P2: effects reach Autotask strictly in operation order; nothing overtakes an unsettled one."""

from datetime import date

import pytest

from checks import check_promises
from factories import TODAY
from harness import World
from tallystick.connections.policies import BackDated, CancelRule, SameDay, SameDayPolicy
from tallystick.ledger.state import State

TOMORROW = date(2026, 5, 11)


def test_three_changes_of_three_days_arrive_one_after_another(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12, date(2026, 5, 11))
    line.quantity(9, date(2026, 5, 12))
    line.quantity(15, date(2026, 5, 14))

    world.work()

    assert [effect["unit_change"] for effect in line.effects()] == [2, -3, 6]
    assert line.units(date(2026, 5, 20)) == 15
    assert line.badge == "synced"


def test_changes_of_one_day_travel_in_one_call_and_the_last_value_wins(world: World) -> None:
    line = world.line(units=10)
    for quantity in (12, 7, 15):
        line.quantity(quantity)

    world.work()

    assert line.changes() == [5]
    assert line.states() == ["synced"] * 4
    check_promises(line)


def test_five_to_seven_to_five_on_one_day_sends_nothing(world: World) -> None:
    line = world.line(units=5)
    line.quantity(7)
    line.quantity(5)

    world.work()

    assert line.effects() == []
    assert line.states() == ["synced"] * 3
    check_promises(line)


def test_nothing_overtakes_a_failed_one(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse", message="The contract is locked.")
    line.quantity(12, date(2026, 5, 11))
    line.quantity(9, date(2026, 5, 12))
    world.work()
    world.wait(3600)

    assert line.states() == ["synced", "failed", "pending"]
    assert line.effects() == []

    line.sync()
    assert line.changes() == [2, -3]
    check_promises(line)


def test_nothing_overtakes_one_that_is_being_checked(world: World) -> None:
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12, date(2026, 5, 11))
    line.quantity(9, date(2026, 5, 12))
    world.work()
    world.wait(120)
    assert line.states() == ["synced", "checking", "pending"]

    world.simulator.release()
    world.wait(60)

    assert line.changes() == [2, -3]
    check_promises(line)


def test_when_a_batch_is_refused_its_first_fails_and_the_others_wait(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse", message="The contract is locked.")
    line.quantity(12)
    line.quantity(13)

    world.work()

    assert line.states() == ["synced", "failed", "pending"]
    line.sync()
    assert line.changes() == [3]
    check_promises(line)


def test_a_change_behind_a_skipped_one_says_the_whole_quantity(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse", message="The contract is locked.")
    line.quantity(12, date(2026, 5, 11))
    line.quantity(15, date(2026, 5, 12))
    world.work()

    line.decide("skip")
    world.work()

    assert line.changes() == [5]
    assert line.states() == ["synced", "resolved", "synced"]


def test_a_back_dated_change_is_held_with_a_cause(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12, date(2026, 5, 12))
    world.work()
    line.quantity(9, date(2026, 5, 11))
    world.work()

    assert line.states()[-1] == "failed"
    assert "before the change of" in line.cause
    assert line.changes() == [2]


def test_a_back_dated_change_is_moved_when_the_connection_says_so(world: World) -> None:
    world.policy(back_dated=BackDated.MOVE)
    world.simulator.set_knobs(same_day="add")
    line = world.line(units=10)
    line.quantity(12, date(2026, 5, 12))
    world.work()
    line.quantity(9, date(2026, 5, 11))
    world.work()

    moved = line.deliveries()[-1]
    assert moved.effective_on == date(2026, 5, 12)
    assert "dated before" in moved.moved_because
    assert line.changes() == [2, -3]
    check_promises(line)


class TestASecondChangeForADayAlreadyProved:
    """The property of a tenant nobody has documented: unknown until it was seen."""

    def test_refused_and_held(self, world: World) -> None:
        line = world.line(units=10)
        line.quantity(12)
        world.work()
        line.quantity(15)
        world.work()

        assert line.states()[-1] == "failed"
        assert "already has a change of this line" in line.cause
        assert world.connection().same_day == SameDay.REFUSES.value

        # From now on it is known, and a lane is stopped without asking Autotask again.
        other = world.line(units=10)
        other.quantity(12)
        world.work()
        sent = len(world.simulator.requests())
        other.quantity(15)
        world.work()
        assert other.states()[-1] == "failed"
        assert "Not sent" in other.cause
        assert all(
            "Adjustments" not in request["path"] for request in world.simulator.requests()[sent:]
        )

    def test_refused_and_sent_for_the_next_day(self, world: World) -> None:
        world.policy(same_day_policy=SameDayPolicy.NEXT_DAY)
        line = world.line(units=10)
        line.quantity(12)
        world.work()
        line.quantity(15)
        world.work()

        assert line.badge == "synced"
        assert [(e["effective_on"], e["unit_change"]) for e in line.effects()] == [
            (TODAY.isoformat(), 2),
            (TOMORROW.isoformat(), 3),
        ]
        moved = line.deliveries()[-1]
        assert moved.effective_on == TOMORROW
        assert "refuses a second change on one day" in moved.moved_because

        # Known by now: the next one moves on before anything is sent.
        line.quantity(16, TOMORROW)
        world.work()
        assert line.deliveries()[-1].effective_on == date(2026, 5, 12)
        assert line.changes() == [2, 3, 1]
        check_promises(line)

    def test_added(self, world: World) -> None:
        world.simulator.set_knobs(same_day="add")
        line = world.line(units=10)
        line.quantity(12)
        world.work()
        line.quantity(15)
        world.work()

        assert line.changes() == [2, 3]
        assert world.connection().same_day == SameDay.ADDS.value
        check_promises(line)

    def test_replaced_is_confirmed_once_and_then_put_right(self, world: World) -> None:
        world.simulator.set_knobs(same_day="replace")
        line = world.line(units=10)
        line.quantity(12)
        world.work()
        line.quantity(15)
        world.work()
        assert line.states()[-1] == "conflict"
        assert "replaced the change" in line.cause
        assert line.units() == 13

        line.sync()
        assert line.states()[-1] == "conflict", "asking again without confirming sends nothing"
        assert len(line.effects()) == 2

        world.policy(same_day=SameDay.REPLACES)
        line.sync()
        assert line.badge == "synced"
        assert line.units() == 15

        line.quantity(11)
        world.work()
        assert line.units() == 11
        assert line.badge == "synced"

    def test_replaced_and_the_day_before_cannot_be_seen(self, world: World) -> None:
        world.simulator.set_knobs(same_day="replace", first_day_of_period="allow")
        world.policy(same_day=SameDay.REPLACES)
        line = world.line(units=10, starts=TODAY)
        line.quantity(12, TODAY)
        world.work()
        line.quantity(15, TODAY)
        world.work()

        assert line.states()[-1] == "failed"
        assert "cannot be seen" in line.cause
        assert line.changes() == [2]

    def test_replaced_on_a_day_that_a_person_only_said_was_used(self, world: World) -> None:
        """Marked as done by hand, but Autotask has no change on that day: one row covers it."""
        world.simulator.set_knobs(same_day="replace")
        world.policy(same_day=SameDay.REPLACES)
        line = world.line(units=10)
        line.quantity(12)
        line.decide("done_by_hand")
        line.quantity(15)
        world.work()
        assert line.badge == "out_of_sync", "Autotask does not have the 12 that a person spoke of"
        line.decide("push_ours")
        world.work()

        assert line.changes() == [5]
        assert line.units() == 15
        assert line.badge == "synced"

    def test_a_day_somebody_else_used(self, world: World) -> None:
        line = world.line(units=10)
        line.hand_edit(11)
        line.hand_edit(10)
        line.quantity(15)
        world.work()

        assert line.states()[-1] == "failed"
        assert "Autotask refused it" in line.cause
        assert world.connection().same_day == SameDay.UNKNOWN.value, "it was not our own change"
        assert line.effects() == []


def test_several_waiting_days_move_on_together_when_the_day_is_taken(world: World) -> None:
    world.policy(same_day_policy=SameDayPolicy.NEXT_DAY)
    line = world.line(units=10)
    line.quantity(12)
    world.work()
    line.quantity(13)
    line.quantity(14)
    line.quantity(20, TOMORROW)
    world.work()

    assert line.units(TOMORROW) == 20
    assert line.badge == "synced"
    check_promises(line)


@pytest.mark.parametrize("zero_units", ["allow", "refuse"])
def test_a_cancellation_may_leave_the_units_and_take_the_price(
    world: World, zero_units: str
) -> None:
    world.simulator.set_knobs(zero_units=zero_units)
    world.policy(cancel_rule=CancelRule.PRICE_ZERO)
    line = world.line(units=10)
    line.cancel(TODAY)
    world.work()

    assert line.badge == "synced"
    assert line.units() == 10
    assert line.effects()[-1]["unit_price"] == 0
    assert State(line.states()[-1]) is State.SYNCED
    check_promises(line)


def test_with_zero_refused_a_cancellation_stops_until_a_person_chose_the_other_rule(
    world: World,
) -> None:
    world.simulator.set_knobs(zero_units="refuse")
    line = world.line(units=10)
    line.cancel(TODAY)
    world.work()
    assert line.badge == "out_of_sync"
    assert line.effects() == []

    world.policy(cancel_rule=CancelRule.PRICE_ZERO)
    line.sync()

    assert line.badge == "synced"
    check_promises(line)
