"""P6: one audit record per performed operation, also when several went out as one call."""

from datetime import date

from checks import check_promises
from harness import Line, World
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog


def records(line: Line) -> list[AuditLog]:
    found = AuditLog.objects.filter(
        subscription_id=line.subscription_id,
        event=Event.UPDATE_SUBSCRIPTION_ON_CONNECTION.value,
    )
    return list(found.order_by("id"))


def test_three_changes_in_one_call_are_three_records(world: World) -> None:
    line = world.line(units=10)
    before = len(records(line))
    for quantity in (12, 7, 15):
        line.quantity(quantity)
    world.work()

    said = records(line)[before:]
    assert [one.details["after"]["quantity"] for one in said] == [12, 7, 15]
    assert {one.details["attempt"] for one in said} == {1}
    assert {one.summary for one in said} == {"Sent to Autotask once. Read back and equal."}
    assert all(one.details["proved"]["verdict"] == "landed" for one in said)
    check_promises(line)


def test_a_change_that_was_already_so_says_that_nothing_was_sent(world: World) -> None:
    line = world.line(units=10)
    line.quantity(7)
    line.quantity(10)
    world.work()

    assert {one.summary for one in records(line)} == {
        "Autotask already showed this: nothing was sent. Read back and equal."
    }
    assert all(one.details["sent"] is None for one in records(line))


def test_a_failure_has_a_record_with_autotasks_words_and_so_has_the_later_success(
    world: World,
) -> None:
    line = world.line(units=10)
    line.strike("refuse", message="The contract is locked.")
    line.quantity(12)
    world.work()
    line.sync()

    failed, succeeded = records(line)[1:]
    assert (failed.status, succeeded.status) == ("failed", "succeeded")
    assert failed.details["answered"][0]["reason"] == "The contract is locked."
    assert (failed.details["attempt"], succeeded.details["attempt"]) == (1, 2)


def test_the_record_names_who_pressed_sync_and_who_recorded_the_change(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    line.sync()

    said = records(line)[-1]
    assert said.actor == "Ada Admin"
    assert said.details["recorded_by"] == "Ada Admin"
    line.quantity(13, date(2026, 5, 12))
    world.work()
    assert records(line)[-1].actor == "Tallystick"


def test_a_decision_of_a_person_is_recorded_with_its_reason(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse")
    line.quantity(12)
    world.work()
    line.decide("skip", reason="agreed with the customer")

    (said,) = AuditLog.objects.filter(
        subscription_id=line.subscription_id, event=Event.RESOLVE_OPERATION.value
    )
    assert said.summary == "Skipped: agreed with the customer"
    assert said.details["was"] == "failed"
    assert said.actor == "Ada Admin"
