"""What stands between a day and its bills, counted in a context: a few questions, however much."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q

from tallystick.books.may_post import State, azure_month
from tallystick.connections.queries import ConnectionView
from tallystick.connections.sweeps import Sweep
from tallystick.identity.context import Context
from tallystick.ledger.counting import Oldest
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.queries import UNSETTLED
from tallystick.mappings.not_mapped import not_mapped_anywhere
from tallystick.subscriptions.azure_queries import plans_without_amounts


@dataclass(frozen=True, slots=True)
class OpenLines:
    """Lines of a context by connection: how many there are, and what is wrong with them."""

    by_connection: dict[int, int]
    drifted: int
    not_read: int

    @property
    def number(self) -> int:
        return sum(self.by_connection.values())


def open_lines(context: Context, connection_ids: Collection[int], *, now: datetime) -> OpenLines:
    """Of lanes that have begun. One question."""
    lanes = Lane.objects.filter(
        **context.scope("subscription__"), connection_id__in=connection_ids, open=True
    ).exclude(begins_at__gt=now)
    counts = list(
        lanes.values("connection_id")
        .annotate(
            number=Count("pk"),
            drifted=Count("pk", filter=Q(drift_units__isnull=False)),
            not_read=Count("pk", filter=Q(proved_at__isnull=True, expected_units__isnull=False)),
        )
        .order_by()
    )
    return OpenLines(
        {one["connection_id"]: one["number"] for one in counts},
        sum(one["drifted"] for one in counts),
        sum(one["not_read"] for one in counts),
    )


def state_on(
    context: Context,
    connections: Sequence[ConnectionView],
    lines: OpenLines,
    *,
    day: date,
    worker_is_there: bool,
) -> State:
    """What ``may_post`` decides from. Three questions."""
    waiting = Delivery.objects.filter(
        UNSETTLED,
        **context.scope("operation__subscription__"),
        lane__connection_id__in=[one.id for one in connections],
        lane__open=True,
        effective_on__lte=day,
    ).aggregate(
        held=Count("pk", filter=Q(awaits_approval=True)),
        others=Count("pk", filter=Q(awaits_approval=False)),
    )
    return State(
        day=day,
        lines=lines.number,
        worker_is_there=worker_is_there,
        not_settled=waiting["others"],
        to_approve=waiting["held"],
        drifted=lines.drifted,
        not_read=lines.not_read,
        not_mapped=not_mapped_anywhere(context).filter(starts_on__lte=day).count(),
        azure_plans_without_amounts=plans_without_amounts(context, azure_month(day)),
        not_looked_at=[
            one.name
            for one in connections
            if one.id in lines.by_connection and not sweep_of(one).is_newer_than_the_last_write()
        ],
    )


def oldest_waiting(
    context: Context, connection_ids: Collection[int], *, now: datetime
) -> Oldest | None:
    """The operation that has waited longest, of what is to be sent by now."""
    due = Delivery.objects.filter(
        UNSETTLED,
        **context.scope("operation__subscription__"),
        lane__connection_id__in=connection_ids,
        lane__open=True,
    ).exclude(lane__begins_at__gt=now)
    found = (
        due.order_by("operation__recorded_at", "operation_id")
        .values_list("operation_id", "operation__subscription_id", "operation__recorded_at")
        .first()
    )
    return Oldest(*found) if found else None


def sweep_of(connection: ConnectionView) -> Sweep:
    return Sweep(
        connection.sweep_begun_at,
        connection.last_swept_at,
        connection.sweep_stopped_because,
        connection.last_write_at,
    )
