"""Somebody else writes to our line: seen when it is so, and never when it was ourselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from factories import TODAY
from harness import Line as Mapped
from harness import Milestone, World, at
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.connections.policies import SameDayPolicy
from tallystick.identity.context import Context
from tallystick.identity.roles import Role
from tallystick.kit.clock import monotonic
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import Conflicting, InvalidInput, NotAllowed, NotFound
from tallystick.ledger.kinds import SightingKind
from tallystick.ledger.models import DealtWith, Sighting
from tallystick.ledger.second_writer import UnitChange
from tallystick.ledger.sightings import keep_what_was_before
from tallystick.mappings.map_subscription import unmap_subscription
from tallystick.sync.deal_with import LONGEST, deal_with
from tallystick.sync.port import Adjustment, Applied, Line

CHANGED, OURS = SightingKind.CHANGED.value, SightingKind.OUR_CHANGE.value
NEXT_DAY = TODAY + timedelta(days=1)


@dataclass
class Rival:
    """Another client of the same Autotask, that sends its own adjustments to a line of ours."""

    world: World

    def adds(self, line: Mapped, units: int, on: date = TODAY) -> None:
        answer = self.world.engine.billing(self.world.connection_id).adjust(
            Adjustment(Line(line.contract_id, line.line_id), on, units), deadline=monotonic() + 5
        )
        assert isinstance(answer, Applied), answer


@pytest.fixture
def rival(world: World) -> Rival:
    return Rival(world)


def later(world: World, days: int = 1) -> None:
    world.clock.advance(days * 86400)


def seen(line: Mapped) -> list[tuple[str, int, int]]:
    found = Sighting.objects.filter(lane_id=line.lane_id).order_by("pk")
    return [(one.kind, one.units_before, one.units_after) for one in found]


def events(line: Mapped, event: Event) -> list[AuditLog]:
    found = AuditLog.objects.filter(subscription_id=line.subscription_id, event=event.value)
    return list(found.order_by("pk"))


def deal(line: Mapped, reason: str = "The old tool is off.", **more: Any) -> None:
    world = line.world
    deal_with(
        line.subscription_id,
        more.get("connection_id", world.connection_id),
        reason=reason,
        context=more.get("context", world.tenancy.context),
        now=world.clock.now(),
        correlation_id=correlation_id(),
    )


# What is seen.


def test_one_hand_edit_is_drift_and_two_are_a_second_writer(world: World, rival: Rival) -> None:
    line = world.line()
    later(world)
    rival.adds(line, 2)
    assert world.sweep().different == 1
    assert seen(line) == [(CHANGED, 10, 12)]
    assert line.row().second_writer is None
    assert "somebody changed it there" in line.cause
    later(world)
    rival.adds(line, 3, NEXT_DAY)
    world.sweep()
    assert seen(line) == [(CHANGED, 10, 12), (CHANGED, 12, 15)]
    writer = line.row().second_writer
    assert writer is not None
    assert "10 to 12 from 10 May 2026, 12 to 15 from 11 May 2026" in writer.in_words()
    (told,) = events(line, Event.SECOND_WRITER_SEEN)
    assert told.summary == writer.in_words()
    assert told.details["seen"][1]["units_after"] == 15
    assert (told.details["line_id"], told.status) == (line.line_id, "failed")
    assert line.effects()[-1]["unit_change"] == 3, "nothing of ours was sent"


def test_the_same_difference_is_seen_once_however_often_it_is_read(world: World) -> None:
    line = world.line()
    later(world)
    line.hand_edit(12)
    for _ in range(3):
        world.sweep()
        later(world, days=15)  # over two ends of a billing period
    line.sync()
    assert seen(line) == [(CHANGED, 10, 12)]
    # Proved again, the same units are a new change.
    line.hand_edit(10, on=date(2026, 6, 20))
    world.sweep()
    assert line.badge == "synced"
    later(world)
    line.hand_edit(12, on=date(2026, 6, 26))
    world.sweep()
    assert seen(line) == [(CHANGED, 10, 12), (CHANGED, 10, 12)]
    assert line.row().second_writer is not None


def test_our_very_change_made_by_somebody_else_is_told_at_once(world: World, rival: Rival) -> None:
    line = world.line()
    later(world)
    rival.adds(line, 2, NEXT_DAY)
    line.quantity(12, on=NEXT_DAY)
    world.work()
    assert line.states()[-1] == "synced", "it is so already: nothing is sent"
    assert line.changes() == [2]
    assert line.badge == "synced"
    assert seen(line) == [(OURS, 10, 12)]
    assert line.row().second_writer is not None
    assert len(events(line, Event.SECOND_WRITER_SEEN)) == 1


def test_the_change_of_another_day_is_not_ours(world: World, rival: Rival) -> None:
    line = world.line()
    later(world, days=2)
    rival.adds(line, 2, NEXT_DAY)
    line.quantity(12, on=TODAY + timedelta(days=2))
    world.work()
    assert line.badge == "synced"
    assert seen(line) == [(CHANGED, 10, 12)]
    assert line.row().second_writer is None


def test_both_send_the_same_change_and_the_duplicate_names_who_is_likely(
    world: World, rival: Rival
) -> None:
    world.simulator.set_knobs(same_day="add")
    line = world.line()
    later(world)
    rival.adds(line, 2, NEXT_DAY)
    line.quantity(12, on=NEXT_DAY)
    world.work()
    later(world)
    line.quantity(13, on=NEXT_DAY + timedelta(days=1))
    world.engine.reached = at(
        Milestone.INTENT_STORED, lambda: rival.adds(line, 1, NEXT_DAY + timedelta(days=1))
    )
    world.work()
    assert line.states()[-1] == "conflict"
    assert line.cause.startswith("Duplicate in Autotask: 14 units, expected 13.")
    assert "Somebody else changes this line too (10 to 12 from 11 May 2026)" in line.cause
    assert "stop the other tool's sync for this contract first" in line.cause
    assert seen(line) == [(OURS, 10, 12), (CHANGED, 13, 14)]


def test_our_change_refused_because_somebody_just_made_it(world: World, rival: Rival) -> None:
    line = world.line()
    later(world)
    line.quantity(12)
    world.engine.reached = at(Milestone.INTENT_STORED, lambda: rival.adds(line, 2, NEXT_DAY))
    world.work()
    assert (line.badge, line.changes()) == ("synced", [2])
    assert seen(line) == [(OURS, 10, 12)]


def test_a_duplicate_alone_accuses_nobody(world: World, rival: Rival) -> None:
    world.simulator.set_knobs(same_day="add")
    line = world.line()
    later(world)
    line.quantity(12)
    world.engine.reached = at(Milestone.INTENT_STORED, lambda: rival.adds(line, 2, NEXT_DAY))
    world.work()
    assert line.states()[-1] == "conflict"
    assert "Somebody else" not in line.cause
    # Sent once, answered with yes, there twice: one sighting; asked again it is the same one.
    line.sync()
    assert seen(line) == [(CHANGED, 12, 14)]
    assert line.row().second_writer is None


def test_a_third_value_after_a_send_is_somebodys(world: World, rival: Rival) -> None:
    world.simulator.set_knobs(same_day="add")
    line = world.line()
    later(world)
    line.quantity(12)
    world.engine.reached = at(Milestone.INTENT_STORED, lambda: rival.adds(line, 7))
    world.work()
    assert line.states()[-1] == "conflict"
    line.sync()
    assert seen(line) == [(CHANGED, 10, 19)]


def test_a_tool_that_sets_its_own_number_back_is_a_second_writer(
    world: World, rival: Rival
) -> None:
    world.simulator.set_knobs(same_day="add")
    line = world.line()
    for day in (1, 2):
        later(world)
        line.quantity(10 + day, on=TODAY + timedelta(days=day))
        world.work()
        assert line.badge == "synced", line.cause
        later(world)
        rival.adds(line, -day, TODAY + timedelta(days=day))
        world.sweep()
        line.hand_edit(10 + day, on=TODAY + timedelta(days=day))
        world.sweep()
    assert seen(line) == [(CHANGED, 11, 10), (CHANGED, 12, 10)]
    assert line.row().second_writer is not None


def test_what_waits_stops_at_a_change_of_others_as_it_always_did(
    world: World, rival: Rival
) -> None:
    line = world.line()
    later(world)
    rival.adds(line, 5)
    line.quantity(12, on=NEXT_DAY)
    world.work()
    assert (line.states()[-1], line.head().cause_code) == ("conflict", "hand_edit")
    assert seen(line) == [(CHANGED, 10, 15)]
    line.sync()
    line.decide("push_ours")
    world.work()
    assert line.units(NEXT_DAY) == 12
    assert seen(line) == [(CHANGED, 10, 15)]


def test_others_before_it_was_mapped_and_one_change_since(world: World, rival: Rival) -> None:
    line = world.line()
    keep_what_was_before(
        line.lane_id,
        [UnitChange(date(2026, 4, 2), 8, 10)],
        contract_id=line.contract_id,
        line_id=line.line_id,
        now=world.clock.now(),
    )
    assert line.row().second_writer is None
    later(world)
    rival.adds(line, 2)
    world.sweep()
    writer = line.row().second_writer
    assert writer is not None
    assert [one.kind.value for one in writer.seen] == ["before_mapping", CHANGED]


# What is ours, and no alarm.


def quiet(line: Mapped) -> None:
    assert seen(line) == []
    assert line.row().second_writer is None


def test_our_own_changes_are_no_sightings(world: World) -> None:
    """Several on one day, up and down, a later day, a price alone, ends of billing periods."""
    line = world.line()
    line.quantity(12)
    line.quantity(15)
    world.work()
    later(world)
    line.quantity(17, on=NEXT_DAY)
    line.quantity(15, on=NEXT_DAY)  # together nothing to send
    line.quantity(9, on=date(2026, 7, 14))
    world.work()
    for _ in range(6):
        assert world.sweep().different == 0
        later(world, days=16)
    line.hand_edit(price="9.99", on=date(2026, 8, 15))
    world.sweep()
    assert line.badge == "out_of_sync", "another price is drift"
    quiet(line)


@pytest.mark.parametrize("kind", ["lose_answer", "apply_late", "not_json", "lose_before"])
def test_a_lost_answer_is_no_sighting(world: World, kind: str) -> None:
    line = world.line()
    later(world)
    line.strike(kind, times=1)
    line.quantity(12)
    world.wait(60)
    world.simulator.release()
    world.wait(900)
    assert (line.badge, line.changes()) == ("synced", [2])
    world.sweep()
    quiet(line)


def test_a_send_that_lands_while_it_is_sent_again_is_no_sighting(world: World) -> None:
    world.simulator.set_knobs(same_day="add")
    line = world.line()
    later(world)
    _lost_and_sent_again_while_it_lands(line)
    assert line.changes() == [2, 2], "the one case nobody can rule out"
    assert line.states()[-1] == "conflict"
    line.sync()
    quiet(line)
    # Put right by hand, as the cause asks for.
    line.hand_edit(12, on=NEXT_DAY)
    line.sync()
    assert line.badge == "synced"
    quiet(line)


def test_a_late_landing_that_refuses_what_is_sent_again_is_no_sighting(world: World) -> None:
    line = world.line()
    later(world)
    _lost_and_sent_again_while_it_lands(line)
    assert (line.badge, line.changes()) == ("synced", [2])
    quiet(line)


def _lost_and_sent_again_while_it_lands(line: Mapped) -> None:
    world = line.world
    line.strike("apply_late", times=1, seconds=100_000)
    line.quantity(12)
    world.work()
    world.engine.reached = at(Milestone.INTENT_STORED, world.simulator.release)
    world.wait(900)


def test_a_late_landing_that_is_found_before_it_is_sent_again_is_no_sighting(
    world: World,
) -> None:
    line = world.line()
    later(world)
    line.strike("apply_late", times=1, seconds=100_000)
    line.quantity(12)

    def lands(milestone: Milestone) -> None:
        if milestone is Milestone.SETTLED and line.deliveries()[-1].cause_code == "not_landed":
            world.simulator.release()

    world.engine.reached = lands
    world.wait(900)
    assert (line.badge, line.changes()) == ("synced", [2])
    quiet(line)


def test_a_day_that_was_moved_is_no_sighting(world: World) -> None:
    world.simulator.set_knobs(same_day="refuse")
    world.policy(same_day_policy=SameDayPolicy.NEXT_DAY)
    line = world.line()
    later(world)
    line.quantity(12)
    world.work()
    line.quantity(13)
    world.work()
    assert line.badge == "synced", line.cause
    later(world)
    world.sweep()
    quiet(line)


def test_a_replaced_change_is_no_sighting(world: World) -> None:
    world.simulator.set_knobs(same_day="replace")
    line = world.line()
    later(world)
    line.quantity(12)
    world.work()
    line.quantity(15)
    world.work()
    assert line.head().cause_code == "replaces"
    line.sync()
    world.sweep()
    quiet(line)


def test_a_refused_change_that_was_made_by_hand_is_no_sighting(world: World) -> None:
    line = world.line()
    later(world)
    line.strike("refuse", times=1, message="The contract is locked.")
    line.quantity(12)
    world.work()
    assert line.states()[-1] == "failed"
    line.hand_edit(12)
    line.sync()
    assert line.badge == "synced"
    quiet(line)


def test_done_by_hand_and_adopting_are_no_sightings(world: World) -> None:
    line = world.line()
    later(world)
    line.strike("refuse", times=1, message="The contract is locked.")
    line.quantity(12)
    world.work()
    line.hand_edit(12)
    line.decide("done_by_hand")
    world.sweep()
    assert line.badge == "synced"
    quiet(line)


def test_what_was_decided_and_not_proved_since_accuses_nobody(world: World) -> None:
    line = world.line()
    later(world)
    line.strike("refuse", times=1, message="The contract is locked.")
    line.quantity(12)
    world.work()
    line.decide("skip")
    line.hand_edit(20)
    world.sweep()
    assert line.badge == "out_of_sync"
    quiet(line)


def test_a_restored_database_does_not_know_what_it_sent(world: World, rival: Rival) -> None:
    """What went out after its backup looks like somebody else's: a restore begins paused."""
    line = world.line()
    later(world)
    line.quantity(12, on=NEXT_DAY)
    rival.adds(line, 2, NEXT_DAY)  # ourselves, before the restore
    world.pause(because="Restored from a backup.")
    world.sweep()
    quiet(line)
    later(world)
    world.resume()
    world.work()
    assert (line.badge, line.changes()) == ("synced", [2])
    quiet(line)
    # Proved after it was resumed: from here on everything is known again.
    later(world)
    world.sweep()
    later(world)
    rival.adds(line, 1, TODAY + timedelta(days=2))
    world.sweep()
    assert seen(line) == [(CHANGED, 12, 13)]


def test_a_line_of_our_own_and_one_that_is_not_compared_yet(world: World) -> None:
    own = world.own_line()
    world.work()
    assert own.badge == "synced"
    quiet(own)
    first = world.line(units=10, quantity=10, settled=False)
    world.work()
    assert first.badge == "synced", "already so, and nothing was known of it before"
    quiet(first)


# It is dealt with.


def test_it_is_dealt_with_by_a_person_and_comes_back_when_seen_anew(
    world: World, rival: Rival
) -> None:
    line = world.line()
    later(world)
    rival.adds(line, 2, NEXT_DAY)
    line.quantity(12, on=NEXT_DAY)
    world.work()
    deal(line, " The old tool's sync is off. ")
    assert line.row().second_writer is None
    (told,) = events(line, Event.SECOND_WRITER_DEALT_WITH)
    assert (told.summary, told.actor) == ("The old tool's sync is off.", "Ada Admin")
    assert "10 to 12 from 11 May 2026" in told.details["was"]
    kept = DealtWith.objects.get(sighting__lane_id=line.lane_id)
    assert (kept.reason, kept.person) == (told.summary, "Ada Admin")
    world.sweep()
    assert line.row().second_writer is None
    with pytest.raises(Conflicting, match="Nothing is open here"):
        deal(line)

    later(world)
    rival.adds(line, 1, TODAY + timedelta(days=2))
    world.sweep()
    writer = line.row().second_writer
    assert writer is not None, "it was said to be over, and is not"
    assert [one.change.after for one in writer.seen] == [13]
    assert len(events(line, Event.SECOND_WRITER_SEEN)) == 2


def test_dealing_with_it_names_what_is_wrong(world: World, rival: Rival) -> None:
    line = world.line()
    later(world)
    rival.adds(line, 2, NEXT_DAY)
    line.quantity(12, on=NEXT_DAY)
    world.work()
    with pytest.raises(InvalidInput, match="reason"):
        deal(line, " \x00")
    with pytest.raises(InvalidInput, match="too long"):
        deal(line, "x" * (LONGEST + 1))
    of = world.tenancy.context
    with pytest.raises(NotAllowed):
        deal(line, context=Context(of.tenant_id, None, Role.VIEWER, of.actor))
    with pytest.raises(NotFound):
        deal(line, connection_id=world.connection_id + 1_000_000)
    unmap_subscription(
        line.subscription_id,
        world.connection_id,
        context=of,
        now=world.clock.now(),
        correlation_id=correlation_id(),
    )
    with pytest.raises(NotFound, match="not mapped"):
        deal(line)
    assert not DealtWith.objects.filter(sighting__lane_id=line.lane_id).exists()
