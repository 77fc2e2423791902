"""Home on the real parts: what is stopped, changed by hand, unmapped or unseen is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection as database

from factories import TODAY, Tenancy, sibling, tenancy
from harness import World
from tallystick.books.all_well import Tone
from tallystick.books.may_post import MayPostAnswer, Why
from tallystick.bootstrap.home import Home, home
from tallystick.connections.models import Connection
from tallystick.connections.policies import Mode
from tallystick.connections.sweeps import LATE_AFTER, SweepState
from tallystick.connections.trouble import BillingError
from tallystick.kit.days import add_months
from tallystick.kit.ids import correlation_id
from tallystick.ledger.badge import BadgeKind
from tallystick.mappings.exclude import exclude
from tallystick.mappings.kinds import Ours
from tallystick.sync.verify import verify

MONTH_END = add_months(TODAY.replace(day=1), 1) - timedelta(days=1)


@pytest.fixture(autouse=True)
def worker(db: None) -> Iterator[None]:
    """One gave a sign of life just now."""
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    yield


def worker_dies() -> None:
    with database.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")


def shown(of: Tenancy, up_to: date = MONTH_END) -> Home:
    return home(of.context, up_to=up_to, now=of.clock.now())


def reasons(found: Home) -> dict[Why, int]:
    return {one.why: one.number for one in found.may_post.reasons}


def well(world: World, *, lines: int = 2) -> Home:
    """Everything sent, proved, and looked at since."""
    for _ in range(lines):
        world.line()
    return looked(world)


def looked(world: World) -> Home:
    world.tenancy.later(seconds=10)
    world.sweep()
    world.tenancy.later(seconds=10)
    return shown(world.tenancy)


def test_green_and_yes_when_all_was_proved_and_looked_at(world: World) -> None:
    found = well(world)
    assert found.headline.tone is Tone.GREEN, found.headline
    assert found.headline.words == "Nothing needs you. 2 of 2 lines proved."
    assert found.may_post.answer is MayPostAnswer.YES, found.may_post.reasons
    assert found.needs == []
    assert found.oldest is None
    synced = found.counts.of(BadgeKind.SYNCED)
    assert (synced.subscriptions, synced.quantity, synced.a_month) == (
        2,
        20,
        {"EUR": Decimal("304.00")},
    )


def test_a_worker_that_is_gone_is_said_first_and_is_no_yes(world: World) -> None:
    well(world)
    worker_dies()
    found = shown(world.tenancy)
    assert found.headline.tone is Tone.RED
    assert found.headline.words.startswith("No worker is there")
    assert reasons(found) == {Why.NO_WORKER: 1}


def test_a_stopped_one_is_told_with_its_cause_what_waits_and_what_it_bills(world: World) -> None:
    well(world)
    line = world.line(units=4)
    line.strike("refuse")
    line.quantity(6)
    line.quantity(8)
    world.work()
    found = looked(world)
    assert found.headline.words == (
        "1 subscription is out of sync and 1 operation waits behind it."
    )
    assert reasons(found) == {Why.NOT_SETTLED: 2}
    (need,) = found.needs
    assert need.row.subscription.id == line.subscription_id
    assert "Autotask refused it" in need.row.badge.cause
    assert need.row.head is not None
    assert need.a_month == Decimal("121.60")
    assert found.oldest is not None
    assert found.oldest.operation_id == line.head().operation_id
    assert found.days[-1].failures == 1


def test_what_is_dated_after_the_day_does_not_keep_one_from_posting(world: World) -> None:
    well(world)
    line = world.lines[0]
    line.quantity(12, on=MONTH_END + timedelta(days=1))
    assert reasons(shown(world.tenancy)) == {}
    later = shown(world.tenancy, MONTH_END + timedelta(days=1))
    assert reasons(later) == {Why.NOT_SETTLED: 1}


def test_a_hand_edit_is_drift_and_no_yes(world: World) -> None:
    well(world)
    world.lines[0].hand_edit(13)
    found = looked(world)
    assert found.counts.drifted.subscriptions == 1
    assert found.counts.stopped.subscriptions == 0
    assert found.counts.of(BadgeKind.OUT_OF_SYNC).subscriptions == 1
    assert reasons(found) == {Why.DRIFT: 1}
    assert found.days[-1].drifts == 1
    assert [need.row.subscription.id for need in found.needs] == [world.lines[0].subscription_id]


def test_most_money_first(world: World) -> None:
    lines = [world.line(units=units) for units in (3, 30, 10)]
    for line in lines:
        line.strike("refuse")
        line.quantity(50 + lines.index(line))
    world.work()
    found = shown(world.tenancy)
    money = [need.a_month for need in found.needs]
    assert len(money) == 3
    assert money == sorted(money, reverse=True)


def test_what_waits_for_approval_is_counted_apart(world: World) -> None:
    well(world)
    world.policy(mode=Mode.REVIEW)
    world.lines[0].quantity(11)
    world.work()
    found = looked(world)
    assert found.headline.tone is Tone.YELLOW
    assert reasons(found) == {Why.TO_APPROVE: 1}
    assert [need.row.badge.kind for need in found.needs] == [BadgeKind.WAITING_FOR_APPROVAL]


def test_an_active_one_that_nothing_bills_is_told_until_somebody_leaves_it_out(
    world: World,
) -> None:
    well(world)
    of = world.tenancy
    customer_id = of.customer()
    of.subscription(quantity=14, customer_id=customer_id)
    alone = of.subscription(quantity=3)
    found = shown(of)
    assert found.not_mapped.subscriptions == 2
    assert found.not_mapped.licences == 17
    assert found.not_mapped.a_month == {"EUR": Decimal("258.40")}
    assert reasons(found) == {Why.NOT_MAPPED: 2}
    for kind, ours_id in ((Ours.CUSTOMER, customer_id), (Ours.SUBSCRIPTION, alone)):
        exclude(
            kind,
            ours_id,
            world.connection_id,
            reason="our own use",
            context=of.context,
            now=of.clock.now(),
            correlation_id=correlation_id(),
        )
    assert shown(of).not_mapped.subscriptions == 0
    assert shown(of).may_post.answer is MayPostAnswer.YES


def test_one_that_begins_after_the_day_is_not_missed_yet(world: World) -> None:
    well(world)
    world.tenancy.subscription(starts_on=MONTH_END + timedelta(days=1))
    found = shown(world.tenancy)
    assert found.not_mapped.subscriptions == 1
    assert reasons(found) == {}


class TestLooks:
    def test_nobody_has_looked_since_the_last_change(self, world: World) -> None:
        well(world)
        world.lines[0].quantity(12)
        world.work()
        found = shown(world.tenancy)
        assert found.headline.tone is Tone.GREEN, "it was read back, and is proved"
        assert reasons(found) == {Why.NOT_LOOKED_AT: 1}
        assert looked(world).may_post.answer is MayPostAnswer.YES

    def test_one_that_did_not_run_is_said_first(self, world: World) -> None:
        well(world)
        world.tenancy.later(seconds=LATE_AFTER.total_seconds() + 60)
        found = shown(world.tenancy)
        assert found.connections[0].sweep is SweepState.LATE
        assert found.headline.words.startswith("Nobody has looked at every line of")

    def test_one_that_did_not_end_is_said_first(self, world: World) -> None:
        well(world)
        now = world.clock.now()
        Connection.objects.filter(pk=world.connection_id).update(sweep_begun_at=now)
        assert shown(world.tenancy).headline.tone is Tone.BLUE
        world.tenancy.later(hours=2)
        found = shown(world.tenancy)
        assert found.headline.words.endswith("was begun and did not end.")
        assert reasons(found) == {Why.NOT_LOOKED_AT: 1}

    def test_one_that_could_not_read_is_begun_and_not_ended(self, world: World) -> None:
        well(world)
        world.tenancy.later(minutes=1)
        world.simulator.add_fault("forbidden", path="ContractServiceUnits", times=20)
        with pytest.raises(BillingError):
            verify(world.engine, world.connection_id)
        row = world.connection()
        assert row.sweep_begun_at is not None
        assert row.last_swept_at is not None
        assert row.sweep_begun_at > row.last_swept_at

    def test_a_connection_without_lines_is_not_asked_for_one(self, world: World) -> None:
        well(world)
        world.tenancy.connection()
        assert shown(world.tenancy).may_post.answer is MayPostAnswer.YES


def test_nothing_mapped_is_no_green_and_no_yes(db: None) -> None:
    found = shown(tenancy())
    assert found.headline.tone is Tone.SECONDARY
    assert found.may_post.answer is MayPostAnswer.NOTHING
    assert len(found.days) == 30


def test_a_paused_connection_needs_somebody(world: World) -> None:
    well(world)
    world.pause()
    found = shown(world.tenancy)
    assert found.headline.tone is Tone.RED
    assert found.connections[0].needs_you
    world.resume()
    world.pause(seconds=600)
    assert not shown(world.tenancy).connections[0].needs_you, "it goes on by itself"


def test_each_context_is_told_of_its_own(world: World) -> None:
    well(world)
    other = sibling(world.tenancy)
    other.subscription()
    assert shown(tenancy()).counts.mapped == 0
    assert shown(other).counts.mapped == 0
    assert shown(other).not_mapped.subscriptions == 1
    of_all = shown(world.tenancy)
    assert (of_all.counts.mapped, of_all.not_mapped.subscriptions) == (2, 1), "the CSP sees both"


def test_days_are_the_organisations_own(world: World) -> None:
    well(world, lines=1)
    today = shown(world.tenancy).days[-1]
    assert today.day.on == world.clock.now().date()
    assert today.day.operations == 2, "a purchase and a mapping"
    assert today.day.proved == 1
    assert today.day.to_green is not None
    before = today.day.proved
    world.tenancy.later(days=1)
    world.lines[0].quantity(12)
    world.tenancy.later(minutes=3)
    world.work()
    yesterday, today = shown(world.tenancy).days[-2:]
    assert yesterday.day.proved == before
    assert today.day.to_green == timedelta(minutes=3)
