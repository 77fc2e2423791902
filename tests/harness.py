"""The real parts put together for a test: simulator over HTTP, PostgreSQL, the engine.

Only the clock is a public fake (``SteppedClock``), and the test drives the lanes itself where it
wants to say when.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from as_process import acting_as
from factories import TODAY, Tenancy, Wake, nobody_wakes, number, tenancy
from tallystick.audit.record import SYSTEM
from tallystick.bootstrap.engine import make_engine
from tallystick.bootstrap.rights import WEB, WORKER
from tallystick.catalog.terms import BillingCycle, OfferKind
from tallystick.connections.budget import note_threshold
from tallystick.connections.learn import set_policy
from tallystick.connections.models import Connection
from tallystick.connections.pause import pause, resume
from tallystick.connectors.autotask.settings import AutotaskServerSettings
from tallystick.connectors.autotask.wire import Wire, shared_http_client
from tallystick.kit.clock import Clock, monotonic
from tallystick.kit.ids import correlation_id
from tallystick.ledger.models import Attempt, Delivery, Lane
from tallystick.ledger.runs import RunView
from tallystick.ledger.state import SETTLED, State
from tallystick.mappings.rows import Row, subscription_row
from tallystick.operations.bill_together import bill_together
from tallystick.simulator.running import Simulator
from tallystick.subscriptions.models import Subscription
from tallystick.sync.due import due_lanes
from tallystick.sync.engine import Engine, Milestone, Waits, nobody_listens
from tallystick.sync.request import request_sync
from tallystick.sync.resolve import resolve
from tallystick.sync.turn import drive
from tallystick.sync.verify import Swept, verify

CONTRACT_START = date(2026, 1, 1)
CONTRACT_END = date(2026, 12, 31)


@cache
def wire_to(origin: str) -> Wire:
    """One pooled client per simulator, with small waits."""
    return shared_http_client(
        AutotaskServerSettings(
            origins=frozenset({origin}),
            discovery_url=origin,
            connect_timeout=2.0,
            read_timeout=5.0,
            read_retries=0,
        )
    )


@dataclass
class Line:
    """A subscription mapped to a line of the simulator."""

    world: World
    subscription_id: int
    lane_id: int
    contract_id: int
    line_id: int
    company_id: int
    service_id: int

    # What the test does in the trade's words.

    def quantity(self, quantity: object, on: date | None = None) -> int:
        of = self.world.tenancy
        return of.quantity(self.subscription_id, quantity, on or of.today())

    def price(self, unit_price: object, on: date | None = None, **more: Any) -> int:
        of = self.world.tenancy
        return of.price(self.subscription_id, unit_price, on or of.today(), **more)

    def cancel(self, on: date | None = None) -> int:
        of = self.world.tenancy
        return of.cancel(self.subscription_id, on or of.today())

    def press_sync(self) -> RunView:
        with acting_as(WEB):
            return request_sync(
                self.world.connection_id,
                self.subscription_id,
                context=self.world.tenancy.context,
                now=self.world.clock.now(),
                wake=self.world.tenancy.wake,
                correlation_id=correlation_id(),
            )

    def decide(self, how: str, *, reason: str = "seen in Autotask") -> None:
        """A named person takes the oldest unsettled operation out of the way, and is believed."""
        resolve(
            self.head().operation_id,
            self.world.connection_id,
            how=how,
            reason=reason,
            context=self.world.tenancy.context,
            now=self.world.clock.now(),
            wake=self.world.tenancy.wake,
            correlation_id=correlation_id(),
            believed=True,
        )

    def sync(self) -> RunView:
        """Press Sync and let the engine work."""
        run = self.press_sync()
        self.world.work()
        return run

    def strike(self, kind: str, **more: Any) -> int:
        """A fault strikes the next adjustment of this line."""
        where: dict[str, Any] = {"method": "POST", "path": "ServiceAdjustments"}
        if kind != "cut_request":  # cut before its body was read: nobody knows the line yet
            where["contract_service_id"] = self.line_id
        return self.world.simulator.add_fault(kind, **{**where, **more})

    def hand_edit(self, units: int | None = None, *, on: date = TODAY, price: Any = None) -> None:
        self.world.simulator.hand_edit(self.line_id, on, units=units, unit_price=price)

    # What is there.

    def row(self) -> Row:
        return subscription_row(
            self.world.tenancy.context, self.subscription_id, now=self.world.clock.now()
        )

    @property
    def badge(self) -> str:
        return self.row().badge.kind.value

    @property
    def cause(self) -> str:
        return self.row().badge.cause

    def states(self) -> list[str]:
        found = Delivery.objects.filter(lane_id=self.lane_id).order_by("sequence")
        return list(found.values_list("state", flat=True))

    def deliveries(self) -> list[Delivery]:
        return list(Delivery.objects.filter(lane_id=self.lane_id).order_by("sequence"))

    def head(self) -> Delivery:
        """The oldest operation that is not settled."""
        return next(one for one in self.deliveries() if State(one.state) not in SETTLED)

    def attempts(self) -> list[Attempt]:
        return list(Attempt.objects.filter(lane_id=self.lane_id).order_by("number"))

    def changes(self) -> list[int]:
        """The signed changes that took effect at Autotask, in order."""
        return [effect["unit_change"] for effect in self.effects()]

    def own_lines(self) -> list[int]:
        """The ids of all lines the contract really has."""
        with self.world.simulator.lock:
            return [line.id for line in self.world.simulator.world.lines_of(self.contract_id)]

    def lane(self) -> Lane:
        return Lane.objects.get(pk=self.lane_id)

    def units(self, on: date = TODAY) -> int | None:
        return self.world.simulator.units_on(self.line_id, on)

    def effects(self) -> list[dict[str, Any]]:
        """Every adjustment that took effect at Autotask, in order: the truth."""
        return self.world.simulator.effects(self.line_id)

    def drive(self) -> None:
        with acting_as(WORKER):
            drive(self.world.engine, self.lane_id)


@dataclass
class World:
    """A simulator, a tenant with one connection to it, an engine."""

    simulator: Simulator
    tenancy: Tenancy
    connection_id: int
    engine: Engine
    lines: list[Line] = field(default_factory=list)

    @property
    def clock(self) -> Any:
        return self.tenancy.clock

    def line(
        self,
        *,
        units: int = 10,
        quantity: int | None = None,
        unit_price: str | None = "15.20",
        billed_at: str | None = None,
        costs: str = "12.10",
        settled: bool = True,
        starts: date = CONTRACT_START,
        ends: date = CONTRACT_END,
        period_type: int = 2,
        kind: OfferKind = OfferKind.NCE_LICENCE,
        cycle: BillingCycle = BillingCycle.MONTHLY,
        **held: Any,
    ) -> Line:
        """A customer with a mapped subscription; ``settled``: its first sync has been done.

        ``quantity`` and ``unit_price`` are ours, ``units``, ``billed_at`` and ``costs`` the line's;
        ``held``: more of the subscription, as ``commitment_ends_on``.
        """
        n = number()
        loaded = self.simulator.load(
            companies=[{"ref": "c", "name": f"Company {n}"}],
            services=[
                {"ref": "s", "name": f"Service {n}", "unit_price": "15.20", "unit_cost": "12.10"}
            ],
            contracts=[
                {
                    "ref": "k",
                    "company": "c",
                    "name": f"Contract {n}",
                    "start": starts.isoformat(),
                    "end": ends.isoformat(),
                    "period_type": period_type,
                }
            ],
            lines=[
                {
                    "ref": "l",
                    "contract": "k",
                    "service": "s",
                    "units": units,
                    "unit_price": billed_at or unit_price or "15.20",
                    "unit_cost": costs,
                }
            ],
        )
        refs = loaded["refs"]
        subscription_id = self.tenancy.subscription(
            quantity=units if quantity is None else quantity,
            unit_price=unit_price,
            offer_id=self.tenancy.offer(kind=kind, cycle=cycle),
            **held,
        )
        lane_id = self.tenancy.map(
            subscription_id,
            self.connection_id,
            contract_id=refs["k"],
            line_id=refs["l"],
            service_id=refs["s"],
            company_id=refs["c"],
            effective_on=max(CONTRACT_START, starts),
        )
        line = Line(self, subscription_id, lane_id, refs["k"], refs["l"], refs["c"], refs["s"])
        self.lines.append(line)
        if settled:
            line.drive()
            assert line.badge == "synced", (line.badge, line.cause)
        return line

    def work(self, *, rounds: int = 50) -> None:
        """Drive every due lane of this connection until none is due at this moment."""
        for _ in range(rounds):
            lanes = due_lanes(now=self.clock.now(), connection_id=self.connection_id)
            if not lanes:
                return
            with acting_as(WORKER):
                for lane_id in lanes:
                    drive(self.engine, lane_id)
        raise AssertionError("the lanes never came to rest")

    def wait(self, seconds: float) -> None:
        """Let time pass, working whenever something comes due."""
        end = self.clock.now() + timedelta(seconds=seconds)
        self.work()
        while self.clock.now() < end:
            at = min([end, *self._moments()])
            self.clock.advance((at - self.clock.now()).total_seconds())
            self.work()

    def _moments(self) -> list[datetime]:
        """When something of this connection comes due by itself, from now on."""
        row = self.connection()
        quiet = timedelta(seconds=row.quiet_seconds)
        waits = Delivery.objects.filter(lane__connection=row, state__in=["pending", "checking"])
        found = [
            moment
            for retry_at, created_at in waits.values_list("retry_at", "created_at")
            for moment in (retry_at, created_at + quiet)
        ]
        now = self.clock.now()
        return [moment for moment in [*found, row.resume_at] if moment and moment > now]

    def own_line(
        self, *, quantity: int = 10, starts: date = CONTRACT_START, ends: date = CONTRACT_END
    ) -> Line:
        """A customer whose subscription asks for a line of its own on the contract."""
        n = number()
        refs = self.simulator.load(
            companies=[{"ref": "c", "name": f"Company {n}"}],
            services=[
                {"ref": "s", "name": f"Service {n}", "unit_price": "15.20", "unit_cost": "12.10"}
            ],
            contracts=[
                {
                    "ref": "k",
                    "company": "c",
                    "name": f"Contract {n}",
                    "start": starts.isoformat(),
                    "end": ends.isoformat(),
                }
            ],
        )["refs"]
        subscription_id = self.tenancy.subscription(quantity=quantity)
        lane_id = self.tenancy.map(
            subscription_id,
            self.connection_id,
            contract_id=refs["k"],
            line_id=None,
            service_id=refs["s"],
            company_id=refs["c"],
            effective_on=self.tenancy.today(),
        )
        line = Line(self, subscription_id, lane_id, refs["k"], 0, refs["c"], refs["s"])
        self.lines.append(line)
        return line

    def connection(self) -> Connection:
        return Connection.objects.get(pk=self.connection_id)

    def policy(self, **values: Any) -> None:
        """What an administrator set, or what was seen of this Autotask."""
        for policy, value in values.items():
            set_policy(
                self.connection_id,
                policy=policy,
                value=value,
                actor=SYSTEM,
                now=self.clock.now(),
                correlation_id=correlation_id(),
            )

    def calls_enough(self) -> None:
        """For many examples in one world: they share an hour, and its share of calls."""
        many = 10_000_000
        note_threshold(self.connection_id, threshold=many, used=0, now=self.clock.now())

    def pause(self, *, seconds: float | None = None, because: str = "Paused by Ada.") -> None:
        now = self.clock.now()
        pause(
            self.connection_id,
            because=because,
            resume_at=None if seconds is None else now + timedelta(seconds=seconds),
            actor=SYSTEM,
            now=now,
            correlation_id=correlation_id(),
        )

    def resume(self) -> None:
        resume(
            self.connection_id,
            actor=SYSTEM,
            now=self.clock.now(),
            correlation_id=correlation_id(),
        )

    def sweep(self) -> Swept:
        with acting_as(WORKER):
            return verify(self.engine, self.connection_id)

    def another_worker(self, **changes: Any) -> Engine:
        """A second engine on the same lanes, as another process would be."""
        return engine_for(self.tenancy, self.simulator, **changes)


def another_on(line: Line, *, quantity: int, on: date | None = None) -> Line:
    """A second order of the same offer by the same customer, billed together with it."""
    of = line.world.tenancy
    held = Subscription.objects.get(pk=line.subscription_id)
    subscription_id = of.subscription(
        quantity=quantity, customer_id=held.customer_id, offer_id=held.offer_id
    )
    bill_together(
        subscription_id=subscription_id,
        connection_id=line.world.connection_id,
        with_id=line.subscription_id,
        effective_on=on or of.today(),
        today=of.today(),
        asked=of.asked(),
    )
    where = (line.contract_id, line.line_id, line.company_id, line.service_id)
    return Line(line.world, subscription_id, line.lane_id, *where)


def engine_for(
    of: Tenancy,
    simulator: Simulator,
    *,
    waits: Waits | None = None,
    reached: Callable[[Milestone], None] = nobody_listens,
    holder: int | None = None,
) -> Engine:
    return make_engine(
        clock=of.clock,
        http=wire_to(simulator.origin),
        wake=_not_later,
        waits=waits or Waits(send=2.0, settle=300.0, recheck=60.0),
        reached=reached,
        jitter=lambda: 0.0,
        holder=holder,
    )


def _not_later(lane_id: int, at: datetime | None) -> None:
    """The test says when."""


@contextmanager
def world_on(
    simulator: Simulator,
    *,
    quiet_seconds: int = 0,
    clock: Clock | None = None,
    wake: Wake = nobody_wakes,
) -> Iterator[World]:
    """``clock`` and ``wake``: for tests in real time, with workers that are woken."""
    of = tenancy()
    of.clock, of.wake = clock or of.clock, wake
    connection_id = of.connection(
        user_name=simulator.user,
        secret=simulator.secret,
        code=simulator.code,
        quiet_seconds=quiet_seconds,
    )
    yield World(simulator, of, connection_id, engine_for(of, simulator))


# What may happen in the middle of a turn.


class Killed(BaseException):
    """The process is gone: nothing after it runs, not even an ``except Exception``."""


def at(milestone: Milestone, do: Callable[[], object]) -> Callable[[Milestone], None]:
    """Something happens, once, the first time the turn has come so far."""
    left = [do]

    def reached(now_at: Milestone) -> None:
        if now_at is milestone and left:
            left.pop()()

    return reached


def dies_at(milestone: Milestone) -> Callable[[Milestone], None]:
    def die() -> None:
        raise Killed

    return at(milestone, die)


def eventually(condition: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Wait, really, for another thread to get there."""
    until = monotonic() + seconds
    while not condition():
        assert monotonic() < until, "it did not come to pass"
        threading.Event().wait(0.01)
