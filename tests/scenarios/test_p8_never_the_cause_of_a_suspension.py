"""P8: we stay under a share of the tenant's hourly threshold; what cannot be proved is not sent."""

from datetime import date, timedelta

import pytest

from checks import check_promises
from harness import World
from tallystick.connections.budget import budget_of, note_threshold
from tallystick.connections.models import CallMinute, Connection

# Where a tenant is, is asked once in a process, of a server that counts for nobody.
DISCOVERY = 1


def calls(world: World) -> int:
    return len(world.simulator.requests()) and world.simulator.requests()[-1]["seq"]


@pytest.fixture
def small(world: World) -> World:
    """A tenant with a threshold of 40 calls an hour; ours is half of it."""
    Connection.objects.filter(pk=world.connection_id).update(hourly_threshold=40)
    return world


def test_many_changes_take_hours_and_never_more_than_our_share(small: World) -> None:
    lines = [small.line(units=10, settled=False) for _ in range(3)]
    for line in lines:
        for n in range(4):
            line.quantity(11 + n, date(2026, 5, 11 + n))
    hours = []
    for _ in range(6):
        before = calls(small)
        small.wait(3600)
        hours.append(calls(small) - before)

    assert max(hours[1:]) <= 20
    assert hours[0] <= 20 + DISCOVERY
    assert [line.badge for line in lines] == ["synced"] * 3
    for line in lines:
        assert line.changes() == [1] * 4
        check_promises(line)


def test_work_that_waits_uses_what_it_may_beside_another_integration(world: World) -> None:
    """Figures 6 and 7: all of our share and not more, and so green as soon as that allows."""
    share, others = 60, 48  # of a threshold of 120 calls an hour; the other spends two fifths
    Connection.objects.filter(pk=world.connection_id).update(hourly_threshold=2 * share)
    lines = [world.line(units=10, settled=False) for _ in range(3)]
    note_threshold(world.connection_id, threshold=2 * share, used=others, now=world.clock.now())
    for line in lines:
        for n in range(26):
            line.quantity(11 + n, date(2026, 5, 11) + timedelta(days=n))
    began, before = world.clock.now(), calls(world)
    while any(line.badge != "synced" for line in lines):
        world.wait(600)

    minutes = CallMinute.objects.filter(connection_id=world.connection_id, minute__gte=began)
    spent = {row.minute: row.calls for row in minutes}
    assert sum(spent.values()) == calls(world) - before
    waited = [when for when in spent if when <= max(spent) - timedelta(hours=1)]
    assert waited, "it took more than an hour"
    for when in waited:
        hour = sum(n for at, n in spent.items() if when <= at < when + timedelta(hours=1))
        assert 0.95 * share <= hour <= share
    allowed = timedelta(hours=sum(spent.values()) / share)
    assert world.clock.now() - began <= 1.15 * allowed
    for line in lines:
        assert line.changes() == [1] * 26
        check_promises(line)


def test_nothing_is_sent_that_could_not_be_read_back(small: World) -> None:
    line = small.line(units=10)
    for n in range(8):
        line.quantity(11 + n, date(2026, 5, 11 + n))
    small.work()

    assert "pending" in line.states()
    assert "checking" not in line.states(), "what was sent has been read back"
    assert "the hour's share of calls is used up" in line.head().cause
    assert line.head().retry_at > small.clock.now()


def test_what_others_spend_counts_too(world: World) -> None:
    line = world.line(units=10)
    note_threshold(world.connection_id, threshold=10_000, used=8_999, now=world.clock.now())
    line.quantity(12)
    world.work()

    assert line.effects() == []
    assert "share of calls is used up" in line.cause

    world.tenancy.later(hours=1)
    note_threshold(world.connection_id, threshold=10_000, used=100, now=world.clock.now())
    world.wait(3700)
    assert line.changes() == [2]


def test_a_refused_sign_in_is_not_hammered(world: World) -> None:
    line = world.line(units=10)
    world.simulator.add_fault("forbidden", status=401, times=None)
    line.quantity(12)
    world.work()
    before = calls(world)
    world.wait(86400)

    assert calls(world) == before
    assert "until somebody corrects and resumes it" in line.cause


def test_the_thread_limit_makes_the_whole_connection_wait(world: World) -> None:
    one, other = world.line(units=10), world.line(units=10)
    world.simulator.add_fault("throttle", path="ContractServiceUnits", seconds=120)
    one.quantity(12)
    other.quantity(12)
    world.work()
    assert world.connection().resume_at == world.clock.now() + timedelta(seconds=120)
    assert one.effects() == other.effects() == []

    world.wait(121)
    assert (one.changes(), other.changes()) == ([2], [2])


def test_many_calls_are_in_the_journal(world: World) -> None:
    before = calls(world)
    line = world.line(units=10)
    line.quantity(12)
    world.work()

    spent = budget_of(world.connection_id, now=world.clock.now()).spent
    assert spent <= calls(world) - before <= spent + DISCOVERY
