"""P5: the first failure stops its lane, and only its lane."""

from contextlib import suppress
from datetime import date

import pytest

from checks import check_promises
from harness import Killed, World, at, dies_at
from tallystick.audit.events import Event
from tallystick.audit.models import AuditLog
from tallystick.connections.models import Connection
from tallystick.connections.trouble import BillingError
from tallystick.ledger.models import Lane
from tallystick.mappings.models import SubscriptionMapping
from tallystick.sync.engine import Milestone
from tallystick.sync.turn import drive


def test_a_refusal_stops_one_lane(world: World) -> None:
    one, other = world.line(units=10), world.line(units=10)
    one.strike("refuse", message="The contract is locked.", times=None)
    for line in (one, other):
        line.quantity(12, date(2026, 5, 11))
        line.quantity(13, date(2026, 5, 12))

    world.work()

    assert one.states() == ["synced", "failed", "pending"]
    assert other.states() == ["synced"] * 3
    assert "The contract is locked. Nothing was changed." in one.cause


def test_a_refusal_is_not_asked_again_by_itself(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse", times=None)
    line.quantity(12)
    world.work()
    world.wait(86400)

    assert len(line.attempts()) == 1


@pytest.mark.parametrize(
    ("milestone", "state"),
    [(Milestone.OBSERVED, "failed"), (Milestone.ANSWERED, "checking")],
)
def test_a_fault_of_our_own_stops_one_lane_and_is_reported(
    world: World, milestone: Milestone, state: str
) -> None:
    one, other = world.line(units=10), world.line(units=10)
    one.quantity(12, date(2026, 5, 11))
    one.quantity(13, date(2026, 5, 12))
    other.quantity(12)

    drive(world.another_worker(reached=at(milestone, our_own_fault)), one.lane_id)
    world.work()

    assert one.states() == ["synced", state, "pending"]
    assert "fault of its own" in one.cause
    assert other.badge == "synced"
    (report,) = AuditLog.objects.filter(
        subscription_id=one.subscription_id, event=Event.ENGINE_BUG.value
    )
    assert report.summary == "RuntimeError: nobody thought of this"
    assert report.correlation_id in one.cause

    world.wait(400)
    one.sync()
    assert one.changes() == [2, 1]
    check_promises(one)


def test_a_fault_of_our_own_after_everything_was_settled_stops_nothing(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    drive(world.another_worker(reached=at(Milestone.SETTLED, our_own_fault)), line.lane_id)

    assert line.badge == "synced"
    assert line.lane().holder is None


def test_a_kind_of_failure_nobody_knows_is_a_fault_of_our_own(world: World) -> None:
    class Unknown:
        def observe(self, lines: object, *, since: date) -> object:
            raise BillingError("of a new kind")

    line = world.line(units=10)
    line.quantity(12)
    world.engine = world.another_worker()
    world.engine.billing_for = lambda _: Unknown()
    world.work()

    assert line.states()[-1] == "failed"
    assert "fault of its own" in line.cause


@pytest.mark.parametrize("state", ["sending", "checking"])
def test_a_ledger_that_contradicts_itself_stops_one_lane_and_sends_nothing(
    world: World, state: str
) -> None:
    line = world.line(units=10)
    line.strike("apply_late")
    line.quantity(12)
    step = Milestone.ANSWERED if state == "sending" else Milestone.ANSWER_STORED
    with suppress(Killed):
        drive(world.another_worker(reached=dies_at(step)), line.lane_id)
    Lane.objects.filter(pk=line.lane_id).update(open_attempt=None)
    world.work()
    world.wait(3600)

    assert line.badge == "checking"
    assert "fault of its own" in line.cause
    assert len(line.attempts()) == 1
    world.simulator.release()


def test_what_was_unmapped_under_its_feet_is_not_sent_anywhere(world: World) -> None:
    line = world.own_line(quantity=10)
    world.simulator.add_fault("lose_answer", method="POST", path="/Services$")
    world.simulator.add_fault("html_502", path="ContractServices/query")
    world.work()
    assert line.badge == "checking"
    SubscriptionMapping.objects.filter(subscription_id=line.subscription_id).delete()
    world.wait(120)

    assert line.states() == ["failed"]
    assert "no longer mapped" in line.head().cause
    (made,) = line.own_lines()
    assert world.simulator.effects(made) == []


@pytest.mark.parametrize("own_line", [False, True])
def test_credentials_that_cannot_be_opened_pause_the_connection(
    world: World, own_line: bool
) -> None:
    """As after a restore without the key: nobody's fault but the connection's, and it heals."""
    line = world.own_line() if own_line else world.line(units=10)
    line.quantity(12)
    sealed = world.connection().secret_sealed
    Connection.objects.filter(pk=world.connection_id).update(secret_sealed=b"unreadable")
    world.engine = world.another_worker()
    world.work()

    assert line.head().state == "pending"
    assert line.badge == "out_of_sync"
    assert "until somebody corrects and resumes it" in line.cause

    Connection.objects.filter(pk=world.connection_id).update(secret_sealed=sealed)
    world.resume()
    world.work()
    assert line.badge == "synced"


def test_a_failed_lane_does_not_keep_its_lease(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12)
    drive(world.another_worker(reached=at(Milestone.OBSERVED, our_own_fault)), line.lane_id)

    assert line.lane().holder is None


def our_own_fault() -> None:
    raise RuntimeError("nobody thought of this")
