"""Policies by level (connection, customer, subscription), and included units, at Autotask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from checks import check_promises
from factories import TODAY
from harness import Line, World
from tallystick.audit.events import Event
from tallystick.bootstrap.preview import look_ahead
from tallystick.connections.override import override
from tallystick.connections.policies import POLICIES
from tallystick.connections.queries import get_connection
from tallystick.kit.ids import correlation_id
from tallystick.ledger.kinds import OperationKind
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.finish import Change, _is_held
from tallystick.operations.include_units import Included, include_units
from tallystick.operations.note import rename
from tallystick.operations.suspend import suspend
from tallystick.subscriptions.models import Subscription

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
LEVELS = ("connection", "customer", "subscription")


def say(line: Line, level: str, policy: str, value: str) -> None:
    world = line.world
    if level == "connection":
        world.policy(**{policy: POLICIES[policy](value)})
        return
    customer_id = line.row().subscription.customer.id
    whose: dict[str, int] = (
        {"customer_id": customer_id}
        if level == "customer"
        else {"subscription_id": line.subscription_id}
    )
    override(
        world.connection_id,
        {policy: value},
        context=world.tenancy.context,
        now=world.clock.now(),
        correlation_id=correlation_id(),
        **whose,
    )


def include(line: Line, units: int, on: object = None) -> Included:
    return include_units(
        subscription_id=line.subscription_id,
        connection_id=line.world.connection_id,
        units=str(units),
        effective_on=on,
        today=line.world.tenancy.today(),
        asked=line.world.tenancy.asked(),
    )


def days(line: Line) -> list[str]:
    return [effect["effective_on"] for effect in line.effects()]


def suspended(line: Line) -> None:
    of = line.world.tenancy
    suspend(
        subscription_id=line.subscription_id,
        effective_on=of.today(),
        today=of.today(),
        asked=of.asked(),
    )


def renamed(line: Line) -> None:
    of = line.world.tenancy
    it = {"subscription_id": line.subscription_id, "today": of.today(), "asked": of.asked()}
    rename(**it, name="Head office")


def grows(line: Line) -> None:
    line.quantity(12)


def shrinks(line: Line) -> None:
    line.quantity(8)


def costs_more(line: Line) -> None:
    line.price("16.40")


def ends(line: Line) -> None:
    line.cancel()


def goes_back(line: Line) -> None:
    line.quantity(12, TODAY)
    line.world.work()
    line.quantity(14, date(2026, 5, 5))


def posted(line: Line) -> None:
    line.world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    line.quantity(12)


def twice_on_a_day(line: Line) -> None:
    line.quantity(12)
    line.world.work()
    line.world.tenancy.later(seconds=1)
    line.quantity(13)


# The policy, what it is set to, what happens, and what is seen at Autotask because of it.
CASES: dict[str, tuple[str, Callable[[Line], None], Callable[[Line], object], object]] = {
    "increase_day": ("next_period", grows, days, ["2026-06-01"]),
    "decrease_day": ("next_period", shrinks, days, ["2026-06-01"]),
    "price_day": ("own_day", costs_more, days, ["2026-05-10"]),
    "cancel_rule": ("price_zero", ends, lambda line: line.units(), 10),
    "back_dated": ("move", goes_back, days, ["2026-05-10", "2026-05-10"]),
    "posted_quantity": ("next_period", posted, days, ["2026-06-01"]),
    "same_day_policy": ("next_day", twice_on_a_day, days, ["2026-05-10", "2026-05-11"]),
    "suspend_nce": ("units_zero", suspended, lambda line: line.units(), 0),
    "mode": ("review", grows, lambda line: line.badge, "waiting_for_approval"),
    "invoice_name": ("friendly_name", renamed, lambda line: line.states()[-1], "synced"),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("policy", CASES)
def test_a_policy_counts_where_it_was_told(world: World, policy: str, level: str) -> None:
    value, happens, seen, expected = CASES[policy]
    if policy == "same_day_policy":
        world.simulator.set_knobs(same_day="refuse")
        world.policy(same_day=POLICIES["same_day"]("refuses"))
    else:
        world.simulator.set_knobs(same_day="add")
    line, other = world.line(units=10), world.line(units=10)
    say(line, level, policy, value)
    for one in (line, other):
        happens(one)
        world.work()
    assert seen(line) == expected, (line.badge, line.cause)
    same = seen(other) == expected
    assert same == (level == "connection"), "another customer's subscription"
    if policy != "suspend_nce":  # its units are not its quantity
        check_promises(line)


def test_every_policy_of_one_has_a_case() -> None:
    # Of the two kinds of suspension one stands for both: they are read in one place. Azure amounts
    # are of plans alone (test_azure_amounts).
    assert set(POLICIES) - set(CASES) == {"same_day", "suspend_other", "azure_amounts"}


class TestIncludedUnits:
    def test_so_many_fewer_are_billed_from_the_day_it_is_said(self, world: World) -> None:
        line = world.line(units=12)
        done = include(line, 2)
        assert done.recorded is not None
        world.work()
        assert (line.changes(), line.badge) == ([-2], "synced")
        assert days(line) == ["2026-05-10"]
        line.quantity(15, date(2026, 5, 11))
        world.work()
        assert line.units(date(2026, 5, 11)) == 13
        assert world.sweep().different == 0
        words = [one.in_words() for one in operations(line)]
        assert "Included units 0 to 2 (quantity 12)" in words
        check_promises(line)

    def test_the_price_stays_as_each_row_has_it(self, world: World) -> None:
        line = world.line(units=10, unit_price="15.20")
        line.price("16.40", JUNE)
        world.work()
        include(line, 3, on=TODAY)
        world.work()
        assert line.badge == "synced", line.cause
        rows = world.simulator.rows(line.line_id)
        rates = {
            row["startDate"] >= JUNE: Decimal(row["price"]) / row["units"]
            for row in rows
            if row["endDate"] > TODAY and row["startDate"] >= TODAY
        }
        assert rates == {False: Decimal("15.20"), True: Decimal("16.40")}
        check_promises(line)

    def test_never_below_nothing(self, world: World) -> None:
        line = world.line(units=3)
        include(line, 5)
        world.work()
        assert (line.units(), line.badge) == (0, "synced")
        line.quantity(7, date(2026, 5, 11))
        world.work()
        assert line.units(date(2026, 5, 11)) == 2

    def test_its_day_is_not_before_what_is_proved(self, world: World) -> None:
        world.simulator.set_knobs(same_day="add")
        line = world.line(units=10)
        line.quantity(12, JUNE)
        world.work()
        include(line, 2)
        world.work()
        assert line.badge == "synced", line.cause
        assert days(line) == ["2026-06-01", "2026-06-01"]
        assert line.units(TODAY) == 10
        assert line.units(JUNE) == 10

    def test_set_to_the_same_nothing_is_recorded(self, world: World) -> None:
        line = world.line(units=10)
        include(line, 2)
        world.work()
        assert include(line, 2) == Included(False, None)

    def test_what_is_not_compared_yet_is_only_told(self, world: World) -> None:
        of = world.tenancy
        subscription_id = of.subscription(quantity=10)
        done = include_units(
            subscription_id=subscription_id,
            connection_id=world.connection_id,
            units="2",
            today=of.today(),
            asked=of.asked(),
        )
        assert done == Included(True, None)

    def test_what_is_not_active_is_billed_by_its_own_rule(self, world: World) -> None:
        line = world.line(units=10)
        line.cancel()
        world.work()
        assert include(line, 2) == Included(True, None)
        world.work()
        assert line.units() == 0

    def test_a_day_before_the_subscription_is_refused_and_nothing_stored(
        self, world: World
    ) -> None:
        line = world.line(units=10)
        Subscription.objects.filter(pk=line.subscription_id).update(starts_on=date(2026, 5, 5))
        with pytest.raises(Exception, match="before the subscription's start"):
            include(line, 2, on=date(2026, 5, 1))
        assert line.row().included == 0

    def test_drift_is_told_with_what_is_included(self, world: World) -> None:
        line = world.line(units=10)
        include(line, 2)
        world.work()
        line.hand_edit(9, on=date(2026, 5, 11))
        world.clock.advance(86_400)
        world.sweep()
        assert line.badge == "out_of_sync"
        assert "expected 8 (2 more are included and not billed)" in line.cause
        run = line.press_sync()
        line.drive()
        assert "expected 8 (2 more are included and not billed)" in found_by(run.id)
        line.quantity(15, date(2026, 5, 12))
        world.work()
        assert "(2 more are included and not billed)" in line.cause

    def test_done_by_hand_expects_what_is_billed(self, world: World) -> None:
        line = world.line(units=10)
        include(line, 2)
        world.work()
        line.strike("refuse")
        line.quantity(15, date(2026, 5, 11))
        world.work()
        line.decide("done_by_hand")
        assert line.lane().expected_units == 13


class TestPreview:
    """What would be billed, and what has to be approved first, is said beforehand."""

    def ahead(self, line: Line, quantity: int) -> Any:
        of = line.world.tenancy
        return look_ahead(
            lambda asked: change_quantity(
                subscription_id=line.subscription_id,
                quantity=quantity,
                effective_on=of.today(),
                today=of.today(),
                asked=asked,
            ),
            line.subscription_id,
            asked=of.asked(),
            billing=line.world.engine.billing,
        ).lanes[0]

    def test_behind_fewer_that_wait_for_the_next_period_it_says_why_it_stops(
        self, world: World
    ) -> None:
        """Autotask has them already, dated for that period: more in this one are dated before."""
        world.simulator.set_knobs(same_day="add")
        line = world.line(units=10)
        say(line, "connection", "decrease_day", "next_period")
        line.quantity(8)
        world.work()
        assert days(line) == [JUNE.isoformat()]
        words = (
            "before the change of 1 Jun 2026 that is already in Autotask: it began with the next "
            "billing period, by policy."
        )
        found = self.ahead(line, 12).foreseen
        assert found.cause is not None
        assert words in found.cause.words
        line.quantity(12)
        world.work()
        assert words in line.cause
        say(line, "connection", "back_dated", "move")
        line.sync()
        assert line.badge == "synced", line.cause
        assert days(line) == [JUNE.isoformat()] * 2, "it begins with that period, too"

    def test_what_is_included_is_not_billed(self, world: World) -> None:
        world.simulator.set_knobs(same_day="add")
        line = world.line(units=10)
        include(line, 2)
        world.work()
        found = self.ahead(line, 15)
        assert found.included == 2
        assert [call.unit_change for call in found.foreseen.calls] == [5]
        line.quantity(15)
        world.work()
        assert line.changes() == [-2, 5]

    def test_what_would_wait_for_approval(self, world: World) -> None:
        line = world.line(units=10)
        say(line, "customer", "mode", "review")
        assert self.ahead(line, 12).held.startswith("1 operation waits for approval.")
        line.quantity(12)
        found = self.ahead(line, 13)
        assert found.held.startswith("2 operations wait for approval.")
        assert found.foreseen.cause is None
        assert line.badge == "waiting_for_approval"


def test_the_end_of_a_continuation_is_not_held_by_itself() -> None:
    """It was approved with the operation that continues: between them the customer pays twice."""
    held = Change(
        kind=OperationKind.END,
        event=Event.END_SUBSCRIPTION_ON_CONTRACT,
        before={},
        after={"continued_by": 87},
        effective_on=TODAY,
        fields={},
        summary="",
    )
    nobody: Any = None
    assert not _is_held(held, nobody, 0)


def operations(line: Line) -> Any:
    from tallystick.ledger.queries import operations_of

    return operations_of(subscription_id=line.subscription_id)


def found_by(run_id: int) -> str:
    from tallystick.ledger.models import SyncRun

    return SyncRun.objects.get(pk=run_id).found


def test_a_connection_told_otherwise_is_still_read_as_it_is(world: World) -> None:
    line = world.line(units=10)
    say(line, "customer", "mode", "review")
    assert get_connection(world.tenancy.context, world.connection_id).mode.value == "automatic"
