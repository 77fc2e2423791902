"""A made-up reseller's life on the stand-in: its lines, its days, its faults and its people."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from azure_world import Plan, plan_on
from harness import Line, World
from price_desk import by, listed, ruled
from tallystick.catalog.record_promotion import NewPromotion, add_promotion
from tallystick.catalog.terms import BillingCycle, OfferKind
from tallystick.kit.problem import Conflicting, Problem
from tallystick.ledger.badge import BadgeKind
from tallystick.ledger.expected import steps
from tallystick.ledger.models import Delivery
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.standings import standings
from tallystick.ledger.state import State
from tallystick.operations.carry_out import carry_out_due
from tallystick.operations.expire_due import expire_due
from tallystick.subscriptions.models import Subscription

SUBSCRIPTIONS = int(os.environ.get("TALLYSTICK_LIFE_SUBSCRIPTIONS", "40"))
OPERATIONS = int(os.environ.get("TALLYSTICK_LIFE_OPERATIONS", "300"))
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
WRITES = "ServiceAdjustments|/Charges$"
READS = "(ContractService|Contract)[a-zA-Z]*/query"
# Of ten or seven subscriptions the one that is.
AZURE, PROMOTED = 3, 2
Act = Callable[["Life", Line, date], object]


@dataclass
class Life:
    """The reseller, its lines, and what happened to them."""

    world: World
    chance: Random
    acts: Mapping[str, tuple[int, Act]]
    # What periodic tasks and people do beside the lanes.
    workers: Sequence[Callable[[Life], object]] = ()
    lines: list[Line] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    movers: list[Line] = field(default_factory=list)  # between a monthly and a yearly contract
    # Lines that were left, and must end at 0; whose subscription is another reseller's, since when;
    # and the numbers of what was recorded while it was not mapped.
    left: list[Line] = field(default_factory=list)
    reseller_id: int = 0
    away: dict[int, date] = field(default_factory=dict)
    unmapped: dict[int, set[int]] = field(default_factory=dict)
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
        ruled(self.world.tenancy, "25")
        for number in range(SUBSCRIPTIONS):
            if number % 10 == AZURE:
                self.plans.append(self._plan())
                self.lines.append(self.plans[-1].line)
                continue
            self.lines.append(self._line(number))
            if number % 7 == PROMOTED:
                self._promote(self.lines[-1])

    def _plan(self) -> Plan:
        """Its contract begins on the first of a month, as Azure's have to."""
        starts = date(2025, self.chance.randint(7, 12), 1)
        return plan_on(self.world, starts=starts, ends=date(2027, 12, 31))

    def _promote(self, line: Line) -> None:
        """A price list and a promotion of ten months: while that runs a quantity brings a price."""
        held = Subscription.objects.get(pk=line.subscription_id)
        listed(self.world.tenancy, held.offer_id, str(held.unit_cost), str(held.unit_price))
        new = NewPromotion(
            f"P{held.pk}",
            "Ten months",
            held.offer.product_id,
            held.offer.sku_id,
            available_from=date(2024, 1, 1),
            available_to=date(2026, 12, 31),
            percent=Decimal(self.chance.choice([10, 15, 20])),
            months=10,
        )
        add_promotion(new, by=by(self.world.tenancy))

    def _line(self, number: int) -> Line:
        """Three of four are billed by the month; of contracts that begin on any day."""
        yearly = number % 4 == 3
        price = Decimal(self.chance.randint(200, 4000)) / 100
        cost = f"{price * Decimal('0.8'):.2f}"
        kind = OfferKind.LEGACY_LICENCE if number % 5 == 4 else OfferKind.NCE_LICENCE
        starts = date(2025, self.chance.randint(7, 12), self.chance.randint(1, 31 - 1))
        ends = self.chance.choice([None, FIRST + timedelta(days=self.chance.randint(5, DAYS - 5))])
        line = self.world.line(
            units=self.chance.randint(1, 60),
            unit_price=f"{price:.2f}",
            unit_cost=cost,
            costs=cost,
            cycle=BillingCycle.ANNUAL if yearly else BillingCycle.MONTHLY,
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
        it: Any = {"now": self.world.clock.now(), "wake": self.world.tenancy.wake}
        expire_due(**it)
        carry_out_due(**it)
        if self.today.day == 4:
            self._post()
        if self.chance.random() < 1 / 7:
            self._somebody_edits()
        self._faults(requests=operations * 3)
        for _ in range(operations):
            self._operation()
        self.work()
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
        self.work()

    def work(self) -> None:
        """The lanes, and what follows from what they have proved."""
        self.world.work()
        for one in self.workers:
            one(self)
        self.world.work()

    def here(self) -> list[Line]:
        """What is not another reseller's at the moment."""
        return [line for line in self.lines if line.subscription_id not in self.away]

    def _operation(self) -> None:
        """One that is possible; what is not is refused, and another is tried."""
        for _ in range(20):
            line = self.chance.choice(self.here())
            weights = [weight for weight, _ in self.acts.values()]
            [name] = self.chance.choices(list(self.acts), weights=weights)
            on = self.today + timedelta(days=self.chance.choice([0, 0, 0, 0, 1, 3, -2]))
            with suppress(Problem):
                self.acts[name][1](self, line, on)
                self.did[name] += 1
                return

    def _faults(self, *, requests: int) -> None:
        """So that about one request in a hundred is struck."""
        for _ in range(requests):
            if self.chance.random() >= 1 / ONE_REQUEST_IN:
                continue
            writes = self.chance.random() < 1 / 3
            kind = self.chance.choice(ON_WRITES if writes else ON_READS)
            path = WRITES if writes else READS
            skip = self.chance.randrange(max(1, requests // 3))
            self.world.simulator.add_fault(kind, method="POST", path=path, skip=skip)

    def _post(self) -> None:
        last_month = self.today.replace(day=1) - timedelta(days=1)
        for line in self.lines:
            if self.chance.random() < 0.7:
                self.world.simulator.approve_and_post(line.contract_id, last_month)

    def _somebody_edits(self) -> None:
        plans = {plan.line.lane_id for plan in self.plans}
        line = self.chance.choice([one for one in self.here() if one.lane_id not in plans])
        line.hand_edit(self.chance.randint(1, 60), on=self.today)
        self.edited.add(line.lane_id)

    # What a person does about what is red.

    def _somebody_looks(self) -> None:
        if self.world.connection().paused_at is not None:
            self.world.resume()
            self.world.work()
        of = {line.subscription_id: line for line in self.here()}
        found = standings(subscription_ids=list(of), paused={}, now=self.world.clock.now())
        for subscription_id, standing in found.items():
            if standing.badge.kind is BadgeKind.OUT_OF_SYNC:
                self._mend(of[subscription_id])
        self.work()

    def _mend(self, line: Line) -> None:
        """Its oldest that waits, on whichever of its lines."""
        waits = list(
            Delivery.objects.filter(
                UNSETTLED, lane__subscription_id=line.subscription_id, lane__open=True
            ).order_by("sequence")
        )
        if waits:
            line = replace(line, lane_id=waits[0].lane_id)
        else:  # somebody's hand: it is put right there, as the cause says
            for step in steps(line.lane(), today=self.today):  # a price is set on later days, too
                on = max(step.starts_on, self.today)
                line.hand_edit(step.units, on=on, price=step.unit_price)
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
