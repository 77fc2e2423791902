"""Anything may happen, in any order: the promises hold after every step.

A state machine over the real engine, the real ledger and the real simulator. Its rules are what
people, networks and machines do; its invariants are P1 to P6; at the end everything is mended and
everything must have arrived.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from checks import check_promises
from factories import TODAY, number
from harness import Line, World, another_on, world_on
from tallystick.audit.record import SYSTEM
from tallystick.connections.learn import set_policy
from tallystick.connections.models import Connection
from tallystick.connections.pause import resume
from tallystick.connections.policies import BackDated, CancelRule, SameDay, SameDayPolicy
from tallystick.connections.trouble import BillingError
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import Problem
from tallystick.ledger.expected import steps
from tallystick.ledger.models import Delivery, Operation
from tallystick.ledger.queries import UNSETTLED
from tallystick.operations.bill_together import bill_apart
from tallystick.sync.engine import Milestone
from tallystick.sync.resolve import resolve
from tallystick.sync.turn import drive
from tallystick.sync.verify import verify

EXAMPLES = int(os.environ.get("TALLYSTICK_MACHINE_EXAMPLES", "800"))
# A failure is found again from its seed; shrinking takes minutes and is asked for by hand.
PHASES = [Phase.generate, Phase.shrink] if os.environ.get("TALLYSTICK_SHRINK") else [Phase.generate]
MOST_ON_ONE = 3  # subscriptions
POST = {"method": "POST", "path": "ServiceAdjustments"}
# How a send can go wrong; the last ones reach Autotask only later.
FAULTS = [
    ("lose_answer", {}),
    ("lose_before", {}),
    ("cut_request", {}),
    ("refuse", {"message": "The contract is locked by a fault."}),
    ("html_502", {"applied": True}),
    ("html_502", {"applied": False}),
    ("error_500_no_errors", {"applied": True}),
    ("error_500_no_errors", {"applied": False}),
    ("html_200", {}),
    ("empty_200", {}),
    ("truncate", {}),
    ("throttle", {}),
    ("apply_late", {}),
]


class Killed(BaseException):
    """Stands for the death of the process: nothing after it runs, not even an except Exception."""


class Deaths:
    """Kills the turn the next time a milestone is reached."""

    def __init__(self) -> None:
        self.at: Milestone | None = None

    def __call__(self, milestone: Milestone) -> None:
        if milestone is self.at:
            self.at = None
            raise Killed


class Bystander:
    """Another line of the same connection, for as many examples as its days last."""

    def __init__(self) -> None:
        self.line: Line
        self.examples = 0
        self.day = TODAY

    def renew(self, world: World) -> None:
        if self.examples % 20 == 0:
            self.line = world.line(units=3)
            self.day = TODAY
        self.examples += 1


class Reality(RuleBasedStateMachine):
    """A subscription to which everything happens, and a bystander to which nothing may."""

    # Given by the test: the simulator, the tenancy and the bystander are shared by all examples.
    world: World
    bystander: Bystander

    def __init__(self) -> None:
        super().__init__()
        self.deaths = Deaths()
        self.day = TODAY
        self.edited = False
        self.late = False
        self.proved: object = None

    @initialize(
        same_day=st.sampled_from(["add", "refuse", "replace"]),
        policy=st.sampled_from(list(SameDayPolicy)),
        back_dated=st.sampled_from(list(BackDated)),
        reprice=st.sampled_from(["full", "prorated"]),
        zero_units=st.sampled_from(["allow", "refuse"]),
        cancel_rule=st.sampled_from(list(CancelRule)),
        shared=st.booleans(),
    )
    def begin(
        self,
        same_day: str,
        policy: SameDayPolicy,
        back_dated: BackDated,
        reprice: str,
        zero_units: str,
        cancel_rule: CancelRule,
        shared: bool,
    ) -> None:
        world = self.world
        world.simulator.clear_faults()
        world.simulator.set_knobs(
            same_day=same_day, split_row_amount=reprice, zero_units=zero_units
        )
        Connection.objects.filter(pk=world.connection_id).update(
            same_day=SameDay.UNKNOWN.value,
            same_day_policy=policy.value,
            back_dated=back_dated.value,
            cancel_rule=cancel_rule.value,
            paused_at=None,
            paused_because="",
            resume_at=None,
        )
        self.line: Line = world.line(units=10)
        self.those = [self.line]
        if shared:
            self.another_joins(5)
        self.bystander.renew(world)
        world.engine.reached = self.deaths

    # What people do.

    @rule(
        quantity=st.integers(1, 30),
        forward=st.sampled_from([0, 0, 1, 3]),
        whose=st.integers(0, 2),
    )
    def change_quantity(self, quantity: int, forward: int, whose: int) -> None:
        self.day = min(self.day + timedelta(days=forward), date(2026, 11, 30))
        self._quantity(self._one(whose), quantity, self.day)

    @rule(quantity=st.integers(1, 30), back=st.integers(1, 5), whose=st.integers(0, 2))
    def change_quantity_back_dated(self, quantity: int, back: int, whose: int) -> None:
        self._quantity(self._one(whose), quantity, self.day - timedelta(days=back))

    def _one(self, number: int) -> Line:
        """Of those the line bills: mostly it is one."""
        return self.those[number % len(self.those)]

    def _quantity(self, line: Line, quantity: int, on: date) -> None:
        before = Operation.objects.filter(subscription_id=line.subscription_id).count()
        try:
            line.quantity(quantity, on)
            added = 1
        except Problem:
            added = 0  # the same quantity again: nothing to record
        after = Operation.objects.filter(subscription_id=line.subscription_id).count()
        assert after == before + added

    @rule(forward=st.sampled_from([0, 2]), whose=st.integers(0, 2))
    def cancel(self, forward: int, whose: int) -> None:
        self.day = min(self.day + timedelta(days=forward), date(2026, 11, 30))
        with suppress(Problem):  # cancelled already
            self._one(whose).cancel(self.day)

    @precondition(lambda self: 1 < len(self.those) < MOST_ON_ONE)
    @rule(quantity=st.integers(1, 9))
    def another_joins(self, quantity: int) -> None:
        with suppress(Problem):  # something waits, or the line shows something else
            self.those.append(another_on(self.those[0], quantity=quantity, on=self.day))

    @precondition(lambda self: len(self.those) > 1)
    @rule(whose=st.integers(0, 2))
    def one_leaves(self, whose: int) -> None:
        leaves = self._one(whose)
        bill_apart(
            subscription_id=leaves.subscription_id,
            connection_id=self.world.connection_id,
            today=self.world.tenancy.today(),
            asked=self.world.tenancy.asked(),
        )
        self.those.remove(leaves)
        self.line = self.those[0]

    @rule(quantity=st.integers(1, 30))
    def the_bystander_changes(self, quantity: int) -> None:
        line = self.bystander.line
        self.bystander.day += timedelta(days=1)
        with suppress(Problem):  # the same quantity again
            line.quantity(quantity, self.bystander.day)
        with suppress(Killed):
            drive(self.world.engine, line.lane_id)
        assert not {"failed", "conflict"} & set(line.states())
        check_promises(line)

    @rule()
    def press_sync(self) -> None:
        first = self.line.press_sync()
        assert self.line.press_sync().id == first.id
        self.drive()

    @rule(units=st.integers(0, 30))
    def somebody_edits_by_hand(self, units: int) -> None:
        # The whole line from its start on: what a person does who sets another number.
        self.line.hand_edit(units, on=self.day)
        self.edited = True

    @rule(how=st.sampled_from(["skip", "done_by_hand", "adopt", "push_ours"]))
    def somebody_decides(self, how: str) -> None:
        head = self._head()
        if head is None:
            return
        try:
            resolve(
                head.operation_id,
                self.world.connection_id,
                how=how,
                reason="the machine says so",
                believed=True,
                context=self.world.tenancy.context,
                now=self.world.clock.now(),
                wake=lambda _: None,
                correlation_id=correlation_id(),
            )
        except Problem:
            return

    # What networks and machines do.

    @rule(fault=st.sampled_from(FAULTS), skip=st.sampled_from([0, 0, 1]))
    def something_goes_wrong(self, fault: tuple[str, dict[str, object]], skip: int) -> None:
        kind, more = fault
        self.world.simulator.add_fault(
            kind, **POST, skip=skip, contract_service_id=self.line.line_id, **more
        )
        self.late = self.late or kind == "apply_late"

    @rule()
    def reads_fail_once(self) -> None:
        self.world.simulator.add_fault("html_502", method="POST", path="ContractServiceUnits")

    @rule(at=st.sampled_from(list(Milestone)))
    def the_process_dies(self, at: Milestone) -> None:
        self.deaths.at = at
        self.drive()
        self.deaths.at = None

    @rule()
    def drive(self) -> None:
        with suppress(Killed):
            drive(self.world.engine, self.line.lane_id)

    @rule(seconds=st.sampled_from([1, 20, 61, 200, 400]))
    def time_passes(self, seconds: int) -> None:
        if seconds > 100:
            # What was sent lands within the settle window, or never: the promise is about that.
            self.world.simulator.release()
        self.world.clock.advance(seconds)
        self.drive()

    @rule()
    def late_ones_land(self) -> None:
        self.world.simulator.release()

    @rule()
    def sweep(self) -> None:
        try:
            verify(self.world.engine, self.world.connection_id, [self.line.lane_id])
        except BillingError:
            return  # nothing is concluded from a reading that failed

    # What must hold.

    @invariant()
    def promises(self) -> None:
        if hasattr(self, "line"):
            check_promises(self.line, hand_edited=self.edited)
            self._what_was_just_proved_is_so()

    def _what_was_just_proved_is_so(self) -> None:
        """Whatever was edited before: a proof is a reading, of today and of every day ahead."""
        lane = self.line.lane()
        if lane.proved_at is None or lane.proved_at == self.proved:
            return
        self.proved = lane.proved_at
        if self.line.badge != "synced":
            return
        for step in steps(lane, today=self.world.tenancy.today()):
            assert self.line.units(step.starts_on) == step.units, (step, lane.earlier)

    def teardown(self) -> None:
        """Mend everything; then everything must arrive."""
        if not hasattr(self, "line"):
            return
        world, line = self.world, self.line
        self.deaths.at = None
        world.simulator.release()
        world.simulator.clear_faults()
        knob = world.simulator.knobs()["same_day"]
        if knob == "replace":
            self._policy("same_day", SameDay.REPLACES)
        world.simulator.set_knobs(zero_units="allow")
        self._policy("same_day_policy", SameDayPolicy.NEXT_DAY)
        self._policy("back_dated", BackDated.MOVE)
        self._policy("cancel_rule", CancelRule.UNITS_ZERO)
        resume(
            world.connection_id,
            actor=SYSTEM,
            now=world.clock.now(),
            correlation_id=correlation_id(),
        )
        pushed: set[int] = set()
        pressed: Counter[int] = Counter()
        for _ in range(120):
            self.drive()
            head = self._head()
            if head is None:
                break
            if head.state == "conflict":
                resolve(
                    head.operation_id,
                    world.connection_id,
                    # Several values, left by a hand edit: one change cannot mend it.
                    how="done_by_hand" if head.pk in pushed else "push_ours",
                    reason="mended",
                    believed=True,
                    context=world.tenancy.context,
                    now=world.clock.now(),
                    wake=lambda _: None,
                    correlation_id=correlation_id(),
                )
                pushed.add(head.pk)
            elif head.state == "failed" and pressed[head.pk] < 3:
                pressed[head.pk] += 1
                line.press_sync()
            elif head.state == "failed" and "mark it as done" in head.cause:
                line.decide("done_by_hand")
            world.clock.advance(65)
        assert self._head() is None, (line.states(), line.cause)
        check_promises(line, hand_edited=self.edited)
        self._bystander_arrives()

    def _bystander_arrives(self) -> None:
        line = self.bystander.line
        for _ in range(20):
            drive(self.world.engine, line.lane_id)
            if line.badge == "synced":
                break
            self.world.clock.advance(65)
        assert line.badge == "synced", line.cause
        check_promises(line)

    def _policy(self, policy: str, value: object) -> None:
        set_policy(
            self.world.connection_id,
            policy=policy,
            value=value,  # type: ignore[arg-type]
            actor=SYSTEM,
            now=self.world.clock.now(),
            correlation_id=correlation_id(),
        )

    def _head(self) -> Delivery | None:
        return (
            Delivery.objects.filter(UNSETTLED, lane_id=self.line.lane_id)
            .order_by("sequence")
            .first()
        )


@pytest.mark.parametrize("part", range(4))
def test_promises_hold_whatever_happens(part: int, db: None, simulator: object) -> None:
    with world_on(simulator) as world:  # type: ignore[arg-type]
        machine = type(f"Reality{number()}", (Reality,), {"world": world, "bystander": Bystander()})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=EXAMPLES // 4,
                stateful_step_count=14,
                deadline=None,
                database=None,
                phases=PHASES,
                suppress_health_check=list(HealthCheck),
            ),
        )
