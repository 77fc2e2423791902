"""P3: sent again only after a definite refusal, or after proof that the first did not land."""

from contextlib import suppress
from datetime import date

import pytest

from checks import check_promises
from harness import Killed, Line, World, at, dies_at
from tallystick.sync.engine import Milestone
from tallystick.sync.turn import drive


def test_an_answer_that_got_lost_is_found_by_reading(world: World) -> None:
    line = world.line(units=10)
    line.strike("lose_answer")
    line.quantity(12)
    world.work()

    assert line.badge == "synced"
    assert line.changes() == [2]
    check_promises(line)


def test_a_call_lost_before_autotask_is_sent_again_only_after_proof(world: World) -> None:
    line = world.line(units=10)
    line.strike("cut_request")
    line.quantity(12)
    world.work()
    world.wait(300)
    assert line.badge == "checking", "the settle window is not over"
    assert line.effects() == []

    world.wait(125)

    first, again = line.attempts()
    assert again.resend_of_id == first.pk
    assert (again.body, again.effective_on) == (first.body, first.effective_on)
    assert line.changes() == [2]
    assert line.badge == "synced"
    check_promises(line)


def test_what_arrives_late_within_the_window_is_not_sent_twice(world: World) -> None:
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12)
    world.work()
    world.wait(200)
    assert line.badge == "checking"

    world.simulator.release()
    world.wait(61)

    assert line.badge == "synced"
    assert line.changes() == [2]


def test_what_arrives_between_the_two_readings_after_the_window_is_not_sent_twice(
    world: World,
) -> None:
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12)
    world.work()
    world.wait(320)
    assert line.badge == "checking"

    world.simulator.release()
    world.wait(120)

    assert line.badge == "synced"
    assert line.changes() == [2]


def test_a_resend_takes_the_same_companions_with_it(world: World) -> None:
    world.simulator.set_knobs(same_day="add")
    line = world.line(units=10)
    line.strike("cut_request")
    line.quantity(12)
    line.quantity(13)
    world.work()
    line.quantity(20)  # recorded while the first two are being checked
    world.wait(500)

    assert line.changes() == [3, 7]
    assert line.badge == "synced"
    check_promises(line)


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("html_502", "ContractServiceUnits"),
        ("throttle", "ContractServiceUnits"),
        ("throttle", "ServiceAdjustments"),
        ("forbidden", "ServiceAdjustments"),
    ],
)
def test_a_resend_that_was_put_off_is_still_the_same_call(
    world: World, kind: str, path: str
) -> None:
    world.simulator.set_knobs(same_day="add")
    line = world.line(units=10)
    line.strike("cut_request")
    line.quantity(12)
    world.work()
    world.wait(340)
    line.quantity(20)
    # The second reading after the window shows it is not there; then the next call fails.
    skip = 1 if path == "ContractServiceUnits" else 0
    more = {"status": 401, "times": 2} if kind == "forbidden" else {}
    world.simulator.add_fault(kind, path=path, skip=skip, **more)
    world.wait(90)
    world.resume()
    world.wait(90)

    first, *resends, last = line.attempts()
    assert {one.body["unit_change"] for one in (first, *resends)} == {2}
    assert resends and all(one.resend_of_id is not None for one in resends)
    assert last.body["unit_change"] == 8
    assert line.changes() == [2, 8]
    check_promises(line)


def test_a_yes_is_never_sent_again(world: World) -> None:
    world.simulator.set_knobs(units_delay_seconds=100_000)
    line = world.line(units=10)
    line.quantity(12)
    world.work()
    assert "said yes, and does not show it yet" in line.cause
    world.wait(3600)

    assert line.badge == "out_of_sync"
    assert "A yes is never sent again" in line.cause
    assert line.changes() == [2]

    # Sync looks again, and by now Autotask shows it.
    world.simulator.release()
    line.sync()
    assert line.badge == "synced"
    assert line.changes() == [2]


def test_a_change_that_is_there_twice_is_named_and_nothing_more_is_sent(world: World) -> None:
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12)
    world.work()
    line.hand_edit(14, on=date(2026, 5, 10))
    world.wait(60)

    assert line.states()[-1] == "conflict"
    assert "Duplicate in Autotask: 14 units, expected 12" in line.cause
    assert line.effects() == []


def test_a_third_value_stops_the_lane(world: World) -> None:
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12)
    world.work()
    line.hand_edit(77)
    world.wait(60)

    assert line.states()[-1] == "conflict"
    assert "neither 12 units (after) nor 10 units (before)" in line.cause
    assert line.effects() == []


def test_a_line_whose_rows_vanished_after_the_send_stops_the_lane(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    world.engine.reached = at(
        Milestone.ANSWERED,
        lambda: world.simulator.edit_contract(line.contract_id, end_date=date(2026, 5, 1)),
    )
    world.work()

    assert line.states()[-1] == "conflict"
    assert "Autotask shows no units at all" in line.cause
    assert line.changes() == [2]


@pytest.mark.parametrize("milestone", list(Milestone))
def test_a_process_killed_at_any_step_never_sends_twice(world: World, milestone: Milestone) -> None:
    line = world.line(units=10)
    line.quantity(12)
    line.quantity(15, date(2026, 5, 12))
    dying = world.another_worker(reached=dies_at(milestone))
    with suppress(Killed):
        drive(dying, line.lane_id)

    world.work()
    world.wait(600)

    assert line.badge == "synced"
    assert line.changes() == [2, 3]
    check_promises(line)


@pytest.mark.parametrize("milestone", [Milestone.ANSWERED, Milestone.ANSWER_STORED])
def test_a_process_killed_again_while_recovering(world: World, milestone: Milestone) -> None:
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12)
    for step in (milestone, Milestone.READ_BACK, Milestone.SETTLED, Milestone.READ_BACK):
        with suppress(Killed):
            drive(world.another_worker(reached=dies_at(step)), line.lane_id)
    assert line.badge == "checking"

    world.simulator.release()
    world.wait(1100)  # after three deaths in a row it is put aside for a quarter of an hour

    assert line.badge == "synced"
    assert line.changes() == [2]


def test_a_line_of_its_own_is_created_once_although_the_answer_got_lost(world: World) -> None:
    line = world.own_line(quantity=10)
    world.simulator.add_fault("lose_answer", method="POST", path="/Services$")
    world.work()

    assert line.badge == "synced", line.cause
    assert len(line.own_lines()) == 1


def test_a_line_of_its_own_is_created_again_only_after_proof(world: World) -> None:
    line = world.own_line(quantity=10)
    world.simulator.add_fault("cut_request", method="POST", path="/Services$")
    world.work()
    assert line.badge == "checking"
    world.wait(500)

    assert line.badge == "synced", line.cause
    assert len(line.own_lines()) == 1


def test_a_line_of_its_own_that_is_there_twice_stops_the_lane(world: World) -> None:
    line = world.own_line(quantity=10)
    world.simulator.add_fault("lose_answer", method="POST", path="/Services$")
    world.engine.reached = at(Milestone.ANSWERED, lambda: somebody_copies(line))
    world.work()

    assert line.states()[-1] == "conflict"
    assert "2 lines carry this subscription's reference" in line.cause
    assert len(line.own_lines()) == 2


def test_a_created_line_that_never_shows_stops_the_lane(world: World) -> None:
    line = world.own_line(quantity=10)
    world.engine.reached = at(Milestone.ANSWERED, lambda: somebody_renames(line))
    world.work()
    assert line.badge == "checking"
    world.wait(400)

    assert line.states()[-1] == "conflict"
    assert "A yes is never sent again" in line.cause
    assert len(line.own_lines()) == 1


def somebody_copies(line: Line) -> None:
    """The line is copied in Autotask, our reference included."""
    simulator = line.world.simulator
    (made,) = line.own_lines()
    with simulator.lock:
        record = dict(simulator.world.table("ContractServices").get(made))
    simulator.load(
        lines=[
            {
                "contract": line.contract_id,
                "service": record["serviceID"],
                "internal_description": record["internalDescription"],
                "units": 0,
            }
        ]
    )


def somebody_renames(line: Line) -> None:
    """Our reference is overwritten in Autotask."""
    (made,) = line.own_lines()
    with line.world.simulator.lock:
        table = line.world.simulator.world.table("ContractServices")
        table.update(made, {"internalDescription": "M365 for the branch"})
