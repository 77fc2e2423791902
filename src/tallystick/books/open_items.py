"""What stands between a day and its bills, counted in a context: a few questions, however much."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q, Sum

from tallystick.books.may_post import State, azure_month
from tallystick.connections.queries import ConnectionView
from tallystick.connections.sweeps import Sweep
from tallystick.identity.context import Context
from tallystick.ledger.counting import Oldest
from tallystick.ledger.models import Delivery, Lane, Member
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.tally_models import Tally
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
    """Of lanes that have begun. Three questions, none of which looks at what is plainly green."""
    tally = Tally.objects.filter(**context.scope(), connection_id__in=connection_ids)
    number = dict(tally.values_list("connection_id").annotate(n=Sum("lanes")).order_by())
    lanes = Lane.objects.filter(
        **context.scope("subscription__"), connection_id__in=connection_ids, open=True
    )
    ahead = lanes.filter(begins_at__gt=now).values_list("connection_id")
    for connection_id, resting in ahead.annotate(n=Count("pk")).order_by():
        number[connection_id] -= resting
    joined = Member.objects.filter(lane__in=lanes, left_at__isnull=True)
    for connection_id, many in joined.values_list("lane__connection_id").annotate(n=Count("pk")):
        number[connection_id] -= many  # the tally counts subscriptions
    drifted = Q(drift_units__isnull=False)
    not_read = Q(proved_at__isnull=True, expected_units__isnull=False)
    wrong = lanes.exclude(begins_at__gt=now).filter(drifted | Q(proved_at__isnull=True))
    counts = wrong.aggregate(
        drifted=Count("pk", filter=drifted), not_read=Count("pk", filter=not_read)
    )
    return OpenLines({pk: n for pk, n in number.items() if n}, **counts)


def state_on(
    context: Context,
    connections: Sequence[ConnectionView],
    lines: OpenLines,
    *,
    day: date,
    worker_is_there: bool,
) -> State:
    """What ``may_post`` decides from. Three questions."""
    sweeps = {one.name: sweep_of(one) for one in connections if one.id in lines.by_connection}
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
        not_looked_at=[name for name, sweep in sweeps.items() if not sweep.has_ended],
        sent_since=[name for name, sweep in sweeps.items() if sweep.is_overtaken],
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
