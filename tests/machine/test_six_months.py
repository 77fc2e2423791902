"""Six months of a made-up reseller's life, day by day, with faults, people and postings.

Every morning some operations of every kind are recorded; one request in a hundred is struck by a
fault; early in each month most contracts are approved and posted; now and then somebody edits a
line by hand. A person looks at what is red and does what its cause says. On 30 June everything must
be as the ledger says, or be visibly stopped.

TALLYSTICK_LIFE_SUBSCRIPTIONS, TALLYSTICK_LIFE_OPERATIONS: how large a life, 200 and 1,200 among all
tests. The whole one has 5,000 and takes some minutes: ``make life``.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from checks import check_promises
from harness import Line, World, world_on
from tallystick.catalog.terms import OfferKind
from tallystick.connections.policies import BackDated, SameDayPolicy
from tallystick.kit.clock import SteppedClock
from tallystick.kit.problem import Conflicting, Problem
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.expected import steps
from tallystick.ledger.models import Operation
from tallystick.ledger.standings import standings
from tallystick.ledger.state import SETTLED, State
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.end import delete_by_vendor
from tallystick.operations.expire_due import expire_due
from tallystick.operations.note import rename, set_end_of_term, set_purchase_order
from tallystick.operations.reactivate import reactivate
from tallystick.operations.renew import NewPrice, convert_trial, end_promotion, renew
from tallystick.operations.suspend import suspend
from tallystick.operations.update_price import update_price
from tallystick.simulator.running import running_simulator
from tallystick.subscriptions.models import Subscription

SUBSCRIPTIONS = int(os.environ.get("TALLYSTICK_LIFE_SUBSCRIPTIONS", "200"))
OPERATIONS = int(os.environ.get("TALLYSTICK_LIFE_OPERATIONS", "1200"))
FIRST, LAST = date(2026, 1, 1), date(2026, 6, 30)
DAYS = (LAST - FIRST).days + 1
ONE_REQUEST_IN = 100
# What may strike any request; those that only cost time or memory have tests of their own.
ON_WRITES = (
    "lose_answer",
    "lose_before",
    "cut_request",
    "apply_late",
    "refuse",
    "html_502",
    "html_200",
    "empty_200",
    "not_json",
    "error_500_no_errors",
    "throttle",
    "truncate",
)
ON_READS = (
    "lose_answer",
    "html_502",
    "html_200",
    "empty_200",
    "truncate",
    "throttle",
    "page_loop",
    "drop_row",
    "empty_items",
)
Act = Callable[["Life", Line, date], object]


@dataclass
class Life:
    """The reseller, its lines, and what happened to them."""

    world: World
    chance: Random
    lines: list[Line] = field(default_factory=list)
    edited: set[int] = field(default_factory=set)
    did: Counter[str] = field(default_factory=Counter)
    struck: int = 0
    decided: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)

    @property
    def today(self) -> date:
        return self.world.tenancy.today()

    # What is there at the beginning.

    def begin(self) -> None:
        for number in range(SUBSCRIPTIONS):
            self.lines.append(self._line(number))

    def _line(self, number: int) -> Line:
        """Three of four are billed by the month; of contracts that begin on any day."""
        yearly = number % 4 == 3
        kind = OfferKind.LEGACY_LICENCE if number % 5 == 4 else OfferKind.NCE_LICENCE
        starts = date(2025, self.chance.randint(7, 12), self.chance.randint(1, 31 - 1))
        ends = self.chance.choice([None, FIRST + timedelta(days=self.chance.randint(5, DAYS - 5))])
        line = self.world.line(
            units=self.chance.randint(1, 60),
            unit_price=f"{self.chance.randint(200, 4000) / 100:.2f}",
            starts=starts,
            ends=date(2027, 12, 31),
            period_type=5 if yearly else 2,
            kind=kind,
            commitment_ends_on=ends,
        )
        Subscription.objects.filter(pk=line.subscription_id).update(is_trial=number % 10 == 7)
        return line

    # A day.

    def day(self, operations: int) -> None:
        expire_due(now=self.world.clock.now(), wake=self.world.tenancy.wake)
        if self.today.day == 4:
            self._post()
        if self.chance.random() < 1 / 7:
            self._somebody_edits()
        self._faults(requests=operations * 3)
        for _ in range(operations):
            self._operation()
        self.world.work()
        for hours in (1, 3):
            self._pass(hours)
            self._somebody_looks()
        self.struck += sum(fault["hits"] for fault in self.world.simulator.faults())
        self.world.simulator.clear_faults()
        self.world.simulator.release()
        if self.today.weekday() == 6:
            self.world.sweep()
        now = self.world.clock.now()
        tomorrow = datetime(now.year, now.month, now.day, 9, tzinfo=UTC) + timedelta(days=1)
        self._pass((tomorrow - now).total_seconds() / 3600)

    def _pass(self, hours: float) -> None:
        """What waits is looked at when its time comes, and at the end."""
        self.world.simulator.release()  # what was sent lands within the window, or never
        self.world.wait(min(hours * 3600, 1000))
        self.world.clock.advance(max(0.0, hours * 3600 - 1000))
        self.world.work()

    def _operation(self) -> None:
        """One that is possible; what is not is refused, and another is tried."""
        for _ in range(20):
            line = self.chance.choice(self.lines)
            name = self.chance.choices(list(ACTS), weights=[weight for weight, _ in ACTS.values()])
            on = self.today + timedelta(days=self.chance.choice([0, 0, 0, 0, 1, 3, -2]))
            with suppress(Problem):
                ACTS[name[0]][1](self, line, on)
                self.did[name[0]] += 1
                return

    def _faults(self, *, requests: int) -> None:
        """So that about one request in a hundred is struck."""
        for _ in range(requests):
            if self.chance.random() >= 1 / ONE_REQUEST_IN:
                continue
            writes = self.chance.random() < 1 / 3
            kind = self.chance.choice(ON_WRITES if writes else ON_READS)
            path = "ServiceAdjustments" if writes else "(ContractService|Contract)[a-zA-Z]*/query"
            skip = self.chance.randrange(max(1, requests // 3))
            self.world.simulator.add_fault(kind, method="POST", path=path, skip=skip)

    def _post(self) -> None:
        last_month = self.today.replace(day=1) - timedelta(days=1)
        for line in self.lines:
            if self.chance.random() < 0.7:
                self.world.simulator.approve_and_post(line.contract_id, last_month)

    def _somebody_edits(self) -> None:
        line = self.chance.choice(self.lines)
        line.hand_edit(self.chance.randint(1, 60), on=self.today)
        self.edited.add(line.lane_id)

    # What a person does about what is red.

    def _somebody_looks(self) -> None:
        if self.world.connection().paused_at is not None:
            self.world.resume()
            self.world.work()
        of = {line.subscription_id: line for line in self.lines}
        found = standings(subscription_ids=list(of), paused={}, now=self.world.clock.now())
        for subscription_id, standing in found.items():
            if standing.badge.kind is BadgeKind.OUT_OF_SYNC:
                self._mend(of[subscription_id])
        self.world.work()

    def _mend(self, line: Line) -> None:
        waits = [one for one in line.deliveries() if State(one.state) not in SETTLED]
        if not waits:  # somebody's hand: it is put right there, as the cause says
            [expected] = steps(line.lane(), today=self.today)[:1]
            line.hand_edit(expected.units, on=self.today, price=expected.unit_price)
            line.sync()
            return
        head = waits[0]
        self.causes[head.cause_code] += 1
        if "next billing period" in head.cause and not self.decided[f"next {head.pk}"]:
            self.decided[f"next {head.pk}"] += 1
            with suppress(Conflicting):  # the contract may have no later period: another way then
                line.decide("next_period")
                return
        if head.state == State.CONFLICT.value:
            tried = self.decided[f"push {head.pk}"]
            self.decided[f"push {head.pk}"] += 1
            line.decide("done_by_hand" if tried else "push_ours")
            self.edited.add(line.lane_id)
        elif self.decided[f"sync {head.pk}"] < 4:
            self.decided[f"sync {head.pk}"] += 1
            line.press_sync()
        else:
            line.decide("done_by_hand")
            self.edited.add(line.lane_id)


def it(life: Life, line: Line) -> dict[str, Any]:
    return {"subscription_id": line.subscription_id, "asked": life.world.tenancy.asked()}


def it_now(life: Life, line: Line) -> dict[str, Any]:
    return {**it(life, line), "today": life.today}


def some_price(life: Life) -> Decimal:
    return Decimal(life.chance.randint(20000, 400000)) / 10000


def new_price(life: Life) -> NewPrice:
    return NewPrice(some_price(life), some_price(life))


def _quantity(life: Life, line: Line, on: date) -> object:
    quantity = life.chance.randint(1, 60)
    return change_quantity(**it_now(life, line), effective_on=on, quantity=quantity)


def _price(life: Life, line: Line, on: date) -> object:
    return update_price(**it_now(life, line), effective_on=on, unit_price=str(some_price(life)))


def _renew(life: Life, line: Line, _: date) -> object:
    """When its term has just ended; before that, what is to happen then."""
    ends = Subscription.objects.get(pk=line.subscription_id).commitment_ends_on
    if ends is None or not (life.today - timedelta(days=3) <= ends <= life.today):
        to = life.chance.choice(["renew", "cancel"])
        return set_end_of_term(**it_now(life, line), to=to)
    quantity = life.chance.choice([None, life.chance.randint(1, 60)])
    return renew(**it(life, line), price=new_price(life), quantity=quantity)


def _suspend(life: Life, line: Line, on: date) -> object:
    return suspend(**it_now(life, line), effective_on=on)


def _reactivate(life: Life, line: Line, on: date) -> object:
    return reactivate(**it_now(life, line), effective_on=on)


def _promotion_ends(life: Life, line: Line, on: date) -> object:
    return end_promotion(**it_now(life, line), effective_on=on, price=new_price(life))


def _trial_converts(life: Life, line: Line, on: date) -> object:
    return convert_trial(**it_now(life, line), effective_on=on, price=new_price(life))


def _rename(life: Life, line: Line, _: date) -> object:
    return rename(**it_now(life, line), name=f"Seats {life.chance.randint(1, 9999)}")


def _purchase_order(life: Life, line: Line, _: date) -> object:
    return set_purchase_order(**it_now(life, line), number=f"PO-{life.chance.randint(1, 9999)}")


def _cancel(life: Life, line: Line, on: date) -> object:
    return cancel(**it_now(life, line), effective_on=on)


def _deleted(life: Life, line: Line, on: date) -> object:
    return delete_by_vendor(**it_now(life, line), effective_on=on)


# How often, and how. What ends a subscription is rare: there are 200 of them.
ACTS: dict[str, tuple[int, Act]] = {
    "quantity": (120, _quantity),
    "price margin": (40, _price),
    "renew or end of term": (20, _renew),
    "suspend": (10, _suspend),
    "reactivate": (30, _reactivate),
    "promotion ends": (6, _promotion_ends),
    "trial converts": (6, _trial_converts),
    "rename": (5, _rename),
    "purchase order": (5, _purchase_order),
    "cancel": (1, _cancel),
    "deleted": (1, _deleted),
}


def test_it_ends_equal(db: None) -> None:
    clock = SteppedClock(datetime(2026, 1, 1, 9, tzinfo=UTC))
    knobs = {"hourly_threshold": 10_000_000}
    with running_simulator(knobs=knobs) as simulator, world_on(simulator, clock=clock) as world:
        world.policy(same_day_policy=SameDayPolicy.NEXT_DAY, back_dated=BackDated.MOVE)
        life = Life(world, Random(20260630))
        life.begin()
        for number in range(DAYS):
            life.day(OPERATIONS * (number + 1) // DAYS - OPERATIONS * number // DAYS)
        for _ in range(5):
            world.sweep()
            life._pass(1)
            life._somebody_looks()

        said(life)
        of = Operation.objects.filter(subscription_id__in=[x.subscription_id for x in life.lines])
        assert of.count() >= SUBSCRIPTIONS + OPERATIONS * 0.95
        stopped = [line for line in life.lines if not settled(line)]
        assert all(line.badge == "out_of_sync" and line.cause for line in stopped)
        assert len(stopped) <= SUBSCRIPTIONS // 20, [line.cause for line in stopped]
        assert world.sweep().different == 0
        for line in life.lines:
            if line in stopped:
                continue
            assert line.badge == "synced", (line.cause, line.states())
            check_promises(line, hand_edited=line.lane_id in life.edited)
            for step in steps(line.lane(), today=life.today):
                assert (line.units(max(step.starts_on, life.today)) or 0) == step.units


def settled(line: Line) -> bool:
    return all(State(one.state) in SETTLED for one in line.deliveries())


def said(life: Life) -> None:
    """What happened, for who runs it alone (``-s``)."""
    states = Counter(state for line in life.lines for state in line.states())
    print(f"\n{dict(life.did)}\n{life.struck} faults struck, {dict(states)}")
    print(f"looked at because of {dict(life.causes)}")
    effects = sum(len(line.effects()) for line in life.lines)
    print(f"{effects} adjustments, {len(life.edited)} lines somebody decided on or edited")
