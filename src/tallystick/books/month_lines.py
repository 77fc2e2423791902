"""Every line of a connection that bills in a month, with what was ordered of it: in sets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from tallystick.books.compare_month import Change, Line
from tallystick.connections.queries import ConnectionView
from tallystick.identity.context import Context
from tallystick.kit.chunks import chunks
from tallystick.kit.days import add_months, in_words
from tallystick.ledger.expected import steps
from tallystick.ledger.group import sharers_of
from tallystick.ledger.in_words import in_words as operation_in_words
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Delivery, Lane, Operation
from tallystick.ledger.profile import Step
from tallystick.ledger.queries import UNSETTLED
from tallystick.mappings.models import NextPlace, SubscriptionMapping
from tallystick.subscriptions.queries import SubscriptionView, views_by_id
from tallystick.sync.compare import Periods
from tallystick.sync.load import due_of, load
from tallystick.sync.port import Line as AutotaskLine
from tallystick.sync.port import UnitRow
from tallystick.sync.target import target_of

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Known:
    """A line and what was ordered of it. ``at`` None: it does not exist in Autotask yet.

    ``others``: those it bills together with it.
    """

    view: SubscriptionView
    others: Sequence[SubscriptionView]
    mapping: SubscriptionMapping | NextPlace
    proved: Sequence[Step]
    first_on: date | None
    waiting: Sequence[Change]

    @property
    def at(self) -> AutotaskLine | None:
        if self.mapping.line_id is None:
            return None
        return AutotaskLine(self.mapping.contract_id, self.mapping.line_id)

    def line(self, rows: Sequence[UnitRow]) -> Line:
        where = self.mapping
        periods = Periods(where.contract_starts_on, where.period_months, where.contract_ends_on)
        return Line(self.proved, self.first_on, self.waiting, rows, periods)


def known_lines(
    context: Context, connection: ConnectionView, month: date, *, now: datetime
) -> list[Known]:
    """By customer; those that begin after the month are left out."""
    end = add_months(month, 1)
    lanes = {
        lane.pk: lane
        for lane in Lane.objects.filter(
            **context.scope("subscription__"), connection_id=connection.id, open=True
        ).exclude(begins_on__gte=end)
    }
    places = {
        row.lane_id: row
        for table in (NextPlace, SubscriptionMapping)
        for row in table._default_manager.filter(connection_id=connection.id)
        if not getattr(row, "joined", False)
    }
    waiting = _waiting(lanes, end, now)
    views: dict[int, SubscriptionView] = {}
    sharers = sharers_of(lanes)
    owners = [lane.subscription_id for lane in lanes.values()]
    for some in chunks([*owners, *(one for ids in sharers.values() for one in ids)], AT_ONCE):
        views.update(views_by_id(list(some)))
    found = [
        Known(
            view=views[lane.subscription_id],
            others=[views[one] for one in sharers.get(lane.pk, ())],
            mapping=places[lane.pk],
            proved=() if lane.expected_units is None else steps(lane, today=month),
            first_on=lane.first_on,
            waiting=waiting.get(lane.pk, ()),
        )
        for lane in lanes.values()
        if lane.pk in places
    ]
    return sorted(found, key=lambda one: (one.view.customer.name, one.view.id))


def _waiting(lanes: Mapping[int, Lane], end: date, now: datetime) -> dict[int, list[Change]]:
    """What is not settled and dated before the month's end, by lane."""
    late = Delivery.objects.filter(UNSETTLED, lane__in=list(lanes), effective_on__lt=end)
    found: dict[int, list[Change]] = {}
    for lane_id in sorted(set(late.values_list("lane_id", flat=True))):
        with transaction.atomic():
            work = load(lanes[lane_id], now=now)
        found[lane_id] = []
        rows = late.filter(lane_id=lane_id).select_related("operation").order_by("sequence")
        for delivery in rows:
            due = due_of(delivery)
            target = target_of([due], rules=work.rules())
            said = operation_in_words(due.kind, due.before, due.after)
            words = f"Operation {due.number}, {said} from {in_words(due.effective_on)}, is not "
            words += f"settled. {delivery.cause}".strip()
            found[lane_id].append(
                Change(due.effective_on, target.units, target.unit_price, words.strip())
            )
    return found


def operations_of_month(
    subscription_ids: Collection[int], month: date
) -> dict[int, list[dict[str, Any]]]:
    """What was recorded for days of the month, in order, as JSON."""
    found: dict[int, list[dict[str, Any]]] = {}
    for some in chunks(subscription_ids, AT_ONCE):
        rows = Operation.objects.filter(
            subscription_id__in=some, effective_on__gte=month, effective_on__lt=add_months(month, 1)
        )
        for row in rows.order_by("subscription_id", "sequence"):
            found.setdefault(row.subscription_id, []).append(
                {
                    "operation": row.sequence,
                    "what": operation_in_words(OperationKind(row.kind), row.before, row.after),
                    "on": row.effective_on.isoformat(),
                    "by": row.actor,
                }
            )
    return found
