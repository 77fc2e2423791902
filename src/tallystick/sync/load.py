"""Load what a turn needs to know about its lane, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tallystick.audit.record import SYSTEM, Actor, Subject
from tallystick.connections.overrides import HowBilled, how_billed
from tallystick.connections.policies import SameDay
from tallystick.connections.queries import ConnectionView, subject_on
from tallystick.connections.queries import load as load_connection
from tallystick.kit.clock import civil_day
from tallystick.ledger.amounts import KeptPortion, first_of
from tallystick.ledger.expected import steps
from tallystick.ledger.kinds import ENDS, Carrier, OperationKind
from tallystick.ledger.models import Attempt, Delivery, Lane
from tallystick.ledger.portions import portions_of
from tallystick.ledger.profile import Step, from_json
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.runs import open_run
from tallystick.ledger.sent_days import sent_days
from tallystick.ledger.settle import Act
from tallystick.ledger.state import State
from tallystick.mappings.resolve import Resolved, resolve
from tallystick.subscriptions.queries import views_by_id
from tallystick.sync.engine import Engine
from tallystick.sync.rules import Expected, MonthAmount, Rules
from tallystick.sync.target import Due

# A turn looks this far ahead; what lies behind is looked at when it comes nearer.
HORIZON = 200


@dataclass(frozen=True, slots=True)
class Work:
    """A lane at one moment, held by this turn."""

    lane_id: int
    connection: ConnectionView
    told: HowBilled
    mapping: Resolved | None
    subject: Subject
    subjects: Mapping[int, Subject]  # of others on its line, by subscription
    due: Sequence[Due]
    expected: Expected
    portions: Sequence[KeptPortion]  # of the amounts of this subscription, when one is due
    open_attempt_id: int | None
    sync_asked: bool
    look_asked: bool
    today: date  # where the connection's Autotask is
    actor: Actor
    correlation_id: str | None

    @property
    def head(self) -> Due | None:
        return self.due[0] if self.due else None

    def rules(self) -> Rules:
        return Rules(
            same_day=self.connection.same_day,
            same_day_policy=self.told.same_day_policy,
            back_dated=self.told.back_dated,
            cancel_rule=self.told.cancel_rule,
            increase_day=self.told.increase_day,
            decrease_day=self.told.decrease_day,
            posted_quantity=self.told.posted_quantity,
            price_day=self.told.price_day,
            azure_amounts=self.told.azure_amounts,
            included_units=self.told.included_units,
            price_currency=self.connection.price_currency,
            cost_currency=self.connection.cost_currency,
        )


def load(lane: Lane, *, now: datetime) -> Work:
    """The lane is locked by the caller's transaction."""
    found = (
        Delivery.objects.filter(UNSETTLED, lane=lane)
        .select_related("operation")
        .order_by("sequence")[:HORIZON]
    )
    due = [due_of(delivery) for delivery in found]
    connection = load_connection(lane.connection_id)
    today = civil_day(now, connection.time_zone)
    views = views_by_id([lane.subscription_id, *(one.subscription_id for one in due)])
    view = views.pop(lane.subscription_id)
    run = open_run(lane.pk)
    portions = (
        portions_of(lane.subscription_id, lane.connection_id)
        if any(one.is_amount or one.kind in ENDS for one in due)
        else ()
    )
    asked = (
        lane.sync_asked_at is not None and bool(due) and due[0].recorded_at <= lane.sync_asked_at
    )
    return Work(
        lane_id=lane.pk,
        connection=connection,
        told=how_billed(connection, customer_id=view.customer.id, subscription_id=view.id),
        mapping=resolve(lane.pk),
        subject=subject_on(view.subject(), connection),
        subjects={one.id: subject_on(one.subject(), connection) for one in views.values()},
        due=due,
        expected=Expected(
            units=lane.expected_units,
            unit_price=lane.expected_unit_price,
            unit_cost=lane.expected_unit_cost,
            since=lane.expected_from,
            adjusted_on=lane.adjusted_on,
            steps=() if lane.expected_units is None else steps(lane, today=_since(due, today)),
            first_on=lane.first_on,
            used=frozenset() if connection.same_day is SameDay.ADDS else sent_days(lane.pk),
            months=_months(portions, lane.pk),
            billed_months=frozenset(
                first_of(one.about) for one in portions if _is_month(one.about)
            ),
            owed=_owed(due),
        ),
        portions=portions,
        open_attempt_id=lane.open_attempt_id,
        sync_asked=asked,
        look_asked=run is not None and run.seen == 0,
        today=today,
        actor=Actor("run", run.asked_by) if run else SYSTEM,
        correlation_id=run.correlation_id if run else None,
    )


def _since(due: Sequence[Due], today: date) -> date:
    """Expectations count from today, or from the day of a change that goes further back."""
    return min([today, *(one.effective_on for one in due[:1])])


def _owed(due: Sequence[Due]) -> Sequence[Step]:
    """What the head's last call wanted: where it landed in part, the rest of it follows."""
    if not due or due[0].attempt_id is None:
        return ()
    base = Attempt.objects.filter(pk=due[0].attempt_id).values_list("base", flat=True).get()
    return from_json(base.get("wanted", ()))


def _months(portions: Sequence[KeptPortion], lane_id: int) -> Sequence[MonthAmount]:
    """What this lane's line bills month by month."""
    return [
        MonthAmount(first_of(one.about), one.price, one.cost or Decimal(0))
        for one in portions
        if one.carrier is Carrier.LINE and one.lane_id == lane_id
    ]


def _is_month(about: str) -> bool:
    return ":" not in about


def act_of(engine: Engine, work: Work) -> Act:
    """Who acts now: the person who pressed Sync, or Tallystick itself."""
    return Act(
        now=engine.clock.now(),
        actor=work.actor,
        subject=work.subject,
        correlation_id=work.correlation_id or engine.correlation(),
        subjects=work.subjects,
    )


def due_of(delivery: Delivery) -> Due:
    operation = delivery.operation
    return Due(
        delivery_id=delivery.pk,
        operation_id=operation.pk,
        sequence=delivery.sequence,
        kind=OperationKind(operation.kind),
        before=operation.before,
        after=operation.after,
        state=State(delivery.state),
        effective_on=delivery.effective_on,
        recorded_at=operation.recorded_at,
        actor=operation.actor,
        tries=delivery.tries,
        retry_at=delivery.retry_at,
        cause_code=delivery.cause_code,
        attempt_id=delivery.attempt_id,
        accepted_units=delivery.accepted_units,
        moved=bool(delivery.moved_because),
        awaits_approval=delivery.awaits_approval,
        carrier=Carrier(delivery.carrier) if delivery.carrier else None,
        others=delivery.others,
        operation_number=operation.sequence,
        subscription_id=operation.subscription_id,
    )


def deliveries(batch: Sequence[Due]) -> list[Delivery]:
    """The rows of a batch, in order, to be changed under the lane's lock."""
    rows = Delivery.objects.filter(pk__in=[one.delivery_id for one in batch])
    return list(rows.select_related("operation").order_by("sequence"))


def unchanged(rows: Sequence[Delivery], batch: Sequence[Due]) -> bool:
    """Whether everything still waits with the day it was looked at with (nobody resolved it)."""
    return [(row.state, row.effective_on) for row in rows] == [
        (State.PENDING.value, one.effective_on) for one in batch
    ]
