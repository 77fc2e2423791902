"""The drift desk: what differs is found, both values are told, and a named person decides."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from factories import TODAY
from harness import Line, World
from tallystick.connections.policies import SameDay
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.ledger.models import DriftDecision
from tallystick.mappings.drift_rows import AGREED, DriftRow, drift_history, get_drift, list_drifts
from tallystick.operations.agree_to_differ import agree_to_differ
from tallystick.operations.keep_autotasks import keep_autotasks
from tallystick.operations.restore_ours import restore_ours

REASON = "agreed with the customer"


def found(world: World, **more: Any) -> list[DriftRow]:
    return list(list_drifts(world.tenancy.context, now=world.clock.now(), **more).items)


def only(world: World, **more: Any) -> DriftRow:
    (one,) = found(world, **more)
    return one


@pytest.fixture
def edited(world: World) -> Line:
    """A line of 10 that somebody set to 13 on 4 May, found by the sweep of 10 May."""
    line = world.line(units=10)
    line.hand_edit(13, on=date(2026, 5, 4))
    world.sweep()
    return line


def test_what_differs_is_on_the_desk_with_both_values(world: World, edited: Line) -> None:
    drift = only(world)
    wrong = drift.wrong
    assert wrong.found is not None
    assert (wrong.expected.units, wrong.found.units) == (10, 13)
    assert (drift.began_on, drift.since) == (date(2026, 5, 4), world.clock.now())
    assert (drift.stake, drift.currency) == (Decimal("45.60"), "EUR"), "3 units of 15.20"
    assert (drift.kind.value, drift.row.subscription.id) == ("hand_edit", edited.subscription_id)
    assert edited.badge == "out_of_sync"


def test_keep_autotasks_it_is_what_is_expected_from_then_on(world: World, edited: Line) -> None:
    keep_autotasks(only(world).id, reason=REASON, asked=world.tenancy.asked())

    assert edited.badge == "synced"
    assert edited.lane().expected_units == 13
    assert edited.lane().expected_unit_price == Decimal("15.20"), "the price goes on being compared"
    assert edited.row().subscription.quantity == 10, "the subscription is not changed silently"
    assert found(world) == []
    world.sweep()
    assert edited.badge == "synced"
    assert edited.effects() == []


def test_what_was_kept_is_recorded_as_already_so(world: World, edited: Line) -> None:
    keep_autotasks(only(world).id, reason=REASON, asked=world.tenancy.asked())
    edited.quantity(13)
    world.work()

    assert edited.badge == "synced"
    assert edited.effects() == [], "nothing was to be sent"


def test_restore_ours_is_one_change_back_and_proved(world: World, edited: Line) -> None:
    restore_ours(only(world).id, reason=REASON, asked=world.tenancy.asked())
    assert edited.badge == "syncing"
    world.work()

    assert edited.badge == "synced", edited.cause
    assert edited.changes() == [-3]
    assert edited.units(date(2026, 5, 4)) == 13, "a second change of that day may be refused"
    assert edited.units(date(2026, 5, 5)) == 10
    assert edited.lane().expected_units == 10
    world.sweep()
    assert edited.badge == "synced"
    (kept,) = drift_history(world.tenancy.context, edited.subscription_id, now=world.clock.now())
    assert [one.how.value for one in kept.decisions] == ["restored"]
    assert kept.decisions[0].person == "Ada Admin"


def test_where_a_day_takes_two_changes_ours_is_restored_from_the_very_day(
    world: World, edited: Line
) -> None:
    world.policy(same_day=SameDay.ADDS)
    world.simulator.set_knobs(same_day="add")
    restore_ours(only(world).id, reason=REASON, asked=world.tenancy.asked())
    world.work()

    assert edited.badge == "synced", edited.cause
    assert edited.units(date(2026, 5, 4)) == 10


def test_a_price_that_was_changed_is_put_back(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(on=date(2026, 5, 1), price="19.00")
    world.sweep()
    drift = only(world)
    assert not drift.units_differ
    assert drift.stake == Decimal("38.00")
    restore_ours(drift.id, reason=REASON, asked=world.tenancy.asked())
    world.work()

    assert line.badge == "synced", line.cause
    assert line.changes() == [0]


def test_what_was_agreed_is_silent_until_it_changes(world: World, edited: Line) -> None:
    until = TODAY + timedelta(days=60)
    agree_to_differ(only(world).id, reason=REASON, until=until, asked=world.tenancy.asked())

    assert edited.badge == "agreed"
    assert "Ada Admin agreed to that until 9 Jul 2026" in edited.cause
    assert found(world) == []
    assert only(world, state=AGREED).agreed is not None
    world.tenancy.later(days=30)
    world.sweep()
    assert edited.badge == "agreed", "the same difference a month later"

    edited.hand_edit(14, on=world.tenancy.today())
    world.sweep()
    assert edited.badge == "out_of_sync"
    assert only(world).agreed is None


def test_what_was_agreed_is_red_again_when_its_day_comes(world: World, edited: Line) -> None:
    until = TODAY + timedelta(days=20)
    agree_to_differ(only(world).id, reason=REASON, until=until, asked=world.tenancy.asked())
    world.tenancy.later(days=20)

    assert edited.badge == "out_of_sync", "without a sweep"
    assert "What Ada Admin agreed to ended on 30 May 2026." in edited.cause
    drift = only(world)
    world.sweep()
    assert edited.badge == "out_of_sync"
    keep_autotasks(only(world).id, reason=REASON, asked=world.tenancy.asked())
    assert edited.badge == "synced"
    assert get_drift(world.tenancy.context, drift.id, now=world.clock.now()).id == drift.id


def test_what_is_gone_by_itself_is_kept_as_gone(world: World, edited: Line) -> None:
    drift = only(world)
    edited.hand_edit(10, on=date(2026, 5, 4))
    world.sweep()

    assert edited.badge == "synced"
    kept = get_drift(world.tenancy.context, drift.id, now=world.clock.now())
    assert not kept.is_open
    assert [(one.how.value, one.person) for one in kept.decisions] == [("gone", "Tallystick")]


def test_nothing_is_decided_on_what_has_changed_meanwhile(world: World, edited: Line) -> None:
    seen = only(world)
    edited.hand_edit(14, on=date(2026, 5, 6))
    world.sweep()
    for decide in (keep_autotasks, restore_ours):
        with pytest.raises(Conflicting, match="not what Autotask shows now"):
            decide(seen.id, reason=REASON, asked=world.tenancy.asked())
    assert DriftDecision.objects.filter(drift_id=seen.id).get().how == "changed"


def test_ours_is_not_restored_over_what_nobody_has_seen(world: World, edited: Line) -> None:
    restore_ours(only(world).id, reason=REASON, asked=world.tenancy.asked())
    edited.hand_edit(17, on=date(2026, 5, 6))
    world.work()

    assert edited.changes() == []
    assert edited.badge == "out_of_sync"
    assert "not any more what was decided on" in edited.cause


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 1001}, "reason"),
        ({"until": ""}, "until"),
        ({"until": "soon"}, "until"),
        ({"until": TODAY}, "until"),
        ({"until": TODAY + timedelta(days=400)}, "until"),
    ],
)
def test_an_agreement_has_a_reason_and_an_end(
    world: World, edited: Line, given: dict[str, Any], field: str
) -> None:
    values = {"reason": REASON, "until": TODAY + timedelta(days=5), **given}
    with pytest.raises(InvalidInput) as raised:
        agree_to_differ(only(world).id, asked=world.tenancy.asked(), **values)
    assert [one.field for one in raised.value.errors] == [field]
    assert edited.badge == "out_of_sync"


def test_what_one_change_cannot_put_back_stops_and_says_so(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(13, on=date(2026, 5, 4))
    line.hand_edit(10, on=date(2026, 5, 20))
    world.sweep()
    restore_ours(only(world).id, reason=REASON, asked=world.tenancy.asked())
    world.work()

    assert line.effects() == []
    assert "one change cannot put that back" in line.cause
    line.decide("skip")
    world.sweep()
    assert line.badge == "out_of_sync"
    assert only(world).wrong.expected.units == 10


def test_what_is_put_back_travels_alone(world: World) -> None:
    world.policy(same_day=SameDay.ADDS)
    world.simulator.set_knobs(same_day="add")
    line = world.line(units=10)
    line.hand_edit(13)
    world.sweep()
    restore_ours(only(world).id, reason=REASON, asked=world.tenancy.asked())
    line.quantity(12)
    world.work()

    assert (line.badge, line.changes()) == ("synced", [-3, 2])


def test_a_difference_of_days_ahead_keeps_what_is_expected_behind_it(world: World) -> None:
    """A line whose next change is proved already is put back day by day, not flattened."""
    line = world.line(units=10)
    line.quantity(12, date(2026, 6, 1))
    world.work()
    line.hand_edit(13, on=date(2026, 6, 15))
    world.sweep()
    drift = only(world)
    assert [one.differs for one in drift.by_day] == [False, False, True]
    restore_ours(drift.id, reason=REASON, asked=world.tenancy.asked())
    world.work()

    assert line.badge == "synced", line.cause
    assert [line.units(day) for day in (TODAY, date(2026, 6, 2), date(2026, 6, 16))] == [10, 12, 12]
