"""One lane of a tenant of its own, moved with the ledger's own verbs: no engine, no Autotask."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, transaction

from factories import TODAY, Tenancy, number, tenancy
from tallystick.audit.models import AuditLog
from tallystick.audit.record import SYSTEM, Actor, Subject
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import Problem
from tallystick.ledger.kinds import AttemptKind, EvidenceKind, OperationKind
from tallystick.ledger.lease import Lease, hold, take
from tallystick.ledger.models import Attempt, Delivery, Lane, Operation
from tallystick.ledger.profile import Step
from tallystick.ledger.record import Origin, Recorded, record_operation
from tallystick.ledger.runs import RunView
from tallystick.ledger.settle import (
    Act,
    Cause,
    Intent,
    Proof,
    add_evidence,
    checking,
    start_sending,
    stopped,
    synced,
    waiting,
)
from tallystick.ledger.standings import LaneStanding, standings
from tallystick.ledger.state import SETTLED, State
from tallystick.subscriptions.models import Subscription
from tallystick.sync.request import request_sync
from tallystick.sync.resolve import resolve

# Far from every holder id a worker of this test session would have.
HOLDER = 7_000_000_000
READING = {"verdict": "landed", "rows": [{"units": 12}]}
NO_ANSWER = Cause("no_clear_answer", "Autotask did not answer. It may have arrived.")
NOT_REACHED = Cause("unreachable", "Autotask cannot be reached. Nothing was sent.")
REFUSAL = Cause("refused", "Autotask refused it: Value does not exist.")
THIRD_VALUE = Cause("third_value", "Autotask shows 9 units: neither the old nor the new.")


def new_holder() -> int:
    """The holder id of a process that does not exist."""
    return HOLDER + number()


@dataclass
class Bench:
    """A mapped subscription with its lane. Its first delivery is the first sync, of 10 units."""

    tenancy: Tenancy
    connection_id: int
    subscription_id: int
    lane_id: int
    holder: int = field(default_factory=new_holder)
    lease: Lease | None = None

    @property
    def now(self) -> datetime:
        return self.tenancy.clock.now()

    def later(self, **delta: float) -> datetime:
        return self.tenancy.later(**delta)

    # Who holds it.

    def take(self, *, holder: int | None = None, seconds: float = 60) -> Lease | None:
        with transaction.atomic():
            return take(self.lane_id, holder=holder or self.holder, now=self.now, seconds=seconds)

    @contextmanager
    def held(self) -> Iterator[Lane]:
        """The lane, locked in a transaction with this bench's token."""
        if self.lease is None:
            self.lease = self.take()
        assert self.lease is not None
        with transaction.atomic():
            yield hold(self.lease)

    # What is done to its deliveries.

    def quantity(self, quantity: int) -> Delivery:
        """An operation, recorded; its delivery."""
        operation_id = self.tenancy.quantity(self.subscription_id, quantity, TODAY)
        return Delivery.objects.get(lane_id=self.lane_id, operation_id=operation_id)

    def not_applicable(self, because: str = "The subscription has no units.") -> Recorded:
        """An operation with no counterpart at Autotask, recorded as the verbs record."""
        with transaction.atomic():
            row = Subscription.objects.select_for_update().get(pk=self.subscription_id)
            row.last_sequence += 1
            row.save()
            return record_operation(
                tenant_id=row.tenant_id,
                subscription_id=row.pk,
                sequence=row.last_sequence,
                kind=OperationKind.UPDATE_QUANTITY,
                before={"quantity": 0},
                after={"quantity": 0},
                effective_on=TODAY,
                actor=self.tenancy.context.actor,
                origin=Origin("test"),
                correlation_id=correlation_id(),
                now=self.now,
                not_applicable=lambda _: because,
                awaits_approval=lambda _: False,
            )

    def send(self, *which: Delivery, **intent: Any) -> Attempt:
        """These go out as one call: the intent is stored."""
        with self.held() as lane:
            return start_sending(lane, self.fresh(which), self.intent(**intent), act=self.act())

    def answered(self, **data: Any) -> None:
        with self.held() as lane:
            assert lane.open_attempt_id is not None
            add_evidence(lane.open_attempt_id, EvidenceKind.ANSWER, data, now=self.now)

    def unclear(self, *which: Delivery, cause: Cause = NO_ANSWER) -> None:
        """Nobody knows whether it landed."""
        with self.held():
            checking(self.fresh(which), cause, now=self.now, retry_at=self.in_a_minute())

    def prove(self, *which: Delivery, units: int = 12, **more: Any) -> None:
        """Read back and equal."""
        with self.held() as lane:
            synced(lane, self.fresh(which), self.proof(units=units, **more), act=self.act())

    def stop(self, *which: Delivery, to: State = State.FAILED, cause: Cause = REFUSAL) -> None:
        with self.held() as lane:
            stopped(lane, self.fresh(which), to, cause, act=self.act())

    def put_back(self, *which: Delivery, counts_as_try: bool = True, **more: Any) -> None:
        """Definitely not done, for a passing reason."""
        with self.held() as lane:
            waiting(
                lane,
                self.fresh(which),
                more.pop("cause", NOT_REACHED),
                now=self.now,
                retry_at=self.in_a_minute(),
                counts_as_try=counts_as_try,
                **more,
            )

    def decide(self, how: str, reason: str = "Seen in Autotask.") -> None:
        """A named person takes the head out of the way, or asks for it again."""
        resolve(
            self.head().operation_id,
            self.connection_id,
            how=how,
            reason=reason,
            context=self.tenancy.context,
            now=self.now,
            wake=lambda _: None,
            correlation_id=correlation_id(),
            believed=True,
        )

    def press_sync(self) -> RunView:
        return request_sync(
            self.connection_id,
            self.subscription_id,
            context=self.tenancy.context,
            now=self.now,
            wake=lambda _: None,
            correlation_id=correlation_id(),
        )

    # What those need.

    def in_a_minute(self) -> datetime:
        return self.now + timedelta(minutes=1)

    def act(self, actor: Actor = SYSTEM) -> Act:
        return Act(
            now=self.now,
            actor=actor,
            subject=Subject(
                tenant_id=self.tenancy.tenant_id,
                subscription_id=self.subscription_id,
                connection_id=self.connection_id,
            ),
            correlation_id=correlation_id(),
        )

    def intent(self, **different: Any) -> Intent:
        return Intent(
            **{
                "kind": AttemptKind.ADJUST,
                "contract_id": 1,
                "line_id": 1,
                "effective_on": TODAY,
                "base": {"units": 10},
                "target": {"units": 12},
                "body": {"unit_change": 2, "effective_on": TODAY.isoformat()},
                "request_text": '{"unitChange": 2}',
                "deadline_at": self.now + timedelta(seconds=30),
                **different,
            }
        )

    def proof(self, **different: Any) -> Proof:
        step = Step(TODAY, None, 12, Decimal("15.20"), Decimal("12.10"))
        values = {
            "effective_on": TODAY,
            "adjusted": True,
            "reading": READING,
            "steps": [step],
            **different,
        }
        if "units" in values:
            values["steps"] = [replace(step, units=values.pop("units"))]
        if values["effective_on"] != TODAY:
            values["steps"] = [replace(values["steps"][0], starts_on=values["effective_on"])]
        return Proof(**values)

    # What is there.

    def lane(self) -> Lane:
        return Lane.objects.get(pk=self.lane_id)

    def deliveries(self) -> list[Delivery]:
        found = Delivery.objects.filter(lane_id=self.lane_id).select_related("operation")
        return list(found.order_by("sequence"))

    def fresh(self, which: Sequence[Delivery]) -> list[Delivery]:
        ids = {one.pk for one in which}
        return [one for one in self.deliveries() if one.pk in ids]

    def first(self) -> Delivery:
        return self.deliveries()[0]

    def head(self) -> Delivery:
        return next(one for one in self.deliveries() if State(one.state) not in SETTLED)

    def operations(self) -> list[Operation]:
        return list(
            Operation.objects.filter(subscription_id=self.subscription_id).order_by("sequence")
        )

    def states(self) -> list[str]:
        return [one.state for one in self.deliveries()]

    def audit(self, delivery: Delivery | None = None) -> list[AuditLog]:
        found = AuditLog.objects.filter(tenant_id=self.tenancy.tenant_id)
        if delivery is not None:
            found = found.filter(delivery_id=delivery.pk)
        return list(found.order_by("id"))

    def standing(self) -> LaneStanding:
        return standings(subscription_ids=[self.subscription_id], paused={}, now=self.now)[
            self.subscription_id
        ]

    # How its first delivery comes into a state.

    def in_state(self, state: str) -> Delivery:
        """The lane's only unsettled delivery, or its newest, in this state; each by the verbs."""
        return IN_STATE[State(state)](self)


def _sending(bench: Bench) -> Delivery:
    bench.send(bench.first())
    return bench.first()


def _checking(bench: Bench) -> Delivery:
    bench.send(bench.first())
    bench.unclear(bench.first())
    return bench.first()


def _synced(bench: Bench) -> Delivery:
    bench.prove(bench.first())
    return bench.first()


def _failed(bench: Bench) -> Delivery:
    bench.stop(bench.first())
    return bench.first()


def _conflict(bench: Bench) -> Delivery:
    bench.stop(bench.first(), to=State.CONFLICT, cause=THIRD_VALUE)
    return bench.first()


def _not_applicable(bench: Bench) -> Delivery:
    bench.prove(bench.first())
    bench.not_applicable()
    return bench.deliveries()[-1]


def _resolved(bench: Bench) -> Delivery:
    bench.decide("skip")
    return bench.first()


IN_STATE: dict[State, Callable[[Bench], Delivery]] = {
    State.PENDING: Bench.first,
    State.SENDING: _sending,
    State.CHECKING: _checking,
    State.SYNCED: _synced,
    State.FAILED: _failed,
    State.CONFLICT: _conflict,
    State.NOT_APPLICABLE: _not_applicable,
    State.RESOLVED: _resolved,
}


def new_bench(of: Tenancy | None = None) -> Bench:
    """A tenant with a connection and a mapped subscription of 10 units."""
    of = of or tenancy()
    connection_id = of.connection()
    subscription_id = of.subscription(quantity=10)
    lane_id = of.map(subscription_id, connection_id, contract_id=number(), line_id=number())
    return Bench(of, connection_id, subscription_id, lane_id)


# Several at once.


def with_own_session(act: Callable[[], Any]) -> Any:
    """In another thread: on a database session of its own, given back at the end."""
    try:
        return act()
    finally:
        connection.close()


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """All start at the same moment; what each answered, or what it was refused with."""
    start = threading.Barrier(len(acts))

    def one(act: Callable[[], Any]) -> Any:
        connection.ensure_connection()
        start.wait(30)
        try:
            return act()
        except Problem as problem:
            return problem

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(lambda act: with_own_session(lambda: one(act)), acts))


# Raw SQL, past everything Python checks.


@contextmanager
def as_owner() -> Iterator[psycopg.Connection[Any]]:
    """The role that migrates: it has every right, so what refuses it is a guard."""
    with _session(settings.OWNER_OPTIONS) as session:
        yield session


@contextmanager
def as_application() -> Iterator[psycopg.Connection[Any]]:
    """The role the product works as."""
    with _session(f"{settings.APP_OPTIONS} -c tallystick.reach=everything") as session:
        yield session


@contextmanager
def _session(options: str) -> Iterator[psycopg.Connection[Any]]:
    """Nothing it does stays, whatever the database allowed, unless the test commits."""
    url = os.environ["TALLYSTICK_TEST_DATABASE_URL"]
    waits = "-c lock_timeout=5s -c statement_timeout=20s"
    session = psycopg.connect(url, options=f"{options} {waits}")
    try:
        yield session
    finally:
        session.rollback()
        session.close()
