"""Where each subscription's lane stands, with its badge."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from tallystick.ledger.badge import URGENCY, Badge, Standing, badge
from tallystick.ledger.badge_words import Agreement
from tallystick.ledger.group import joined, own_and, subscriptions_on
from tallystick.ledger.kinds import DriftKind
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.second_writer import SecondWriter
from tallystick.ledger.sightings import second_writers
from tallystick.ledger.state import State


@dataclass(frozen=True, slots=True)
class LaneView:
    """What was last proved of a lane's line, and what a sweep saw since."""

    id: int
    tenant_id: int
    subscription_id: int
    connection_id: int
    open: bool
    begins_on: date | None
    begins_at: datetime | None
    ends_on: date | None
    expected_units: int | None
    expected_unit_price: Decimal | None
    expected_unit_cost: Decimal | None
    expected_from: date | None
    proved_at: datetime | None
    drift_units: int | None
    drift_amount: Decimal | None
    drift_since: datetime | None
    sync_asked_at: datetime | None
    drift_id: int | None = None
    agreed: Agreement | None = None

    def rests(self, now: datetime) -> bool:
        """Whether its first day has not begun."""
        return self.begins_at is not None and self.begins_at > now


@dataclass(frozen=True, slots=True)
class LaneStanding:
    """A lane with its badge."""

    lane: LaneView
    badge: Badge
    head_operation_id: int | None
    second_writer: SecondWriter | None = None


def view_of(lane: Lane) -> LaneView:
    return LaneView(
        id=lane.pk,
        tenant_id=lane.tenant_id,
        subscription_id=lane.subscription_id,
        connection_id=lane.connection_id,
        open=lane.open,
        begins_on=lane.begins_on,
        begins_at=lane.begins_at,
        ends_on=lane.ends_on,
        expected_units=lane.expected_units,
        expected_unit_price=lane.expected_unit_price,
        expected_unit_cost=lane.expected_unit_cost,
        expected_from=lane.expected_from,
        proved_at=lane.proved_at,
        drift_units=lane.drift_units,
        drift_amount=lane.drift_amount,
        drift_since=lane.drift_since,
        sync_asked_at=lane.sync_asked_at,
        drift_id=lane.drift_id,
        agreed=agreement_of(lane),
    )


def agreement_of(lane: Lane) -> Agreement | None:
    """What a person agreed to about the lane's open difference, ended or not."""
    kept = lane.agreed
    if kept is None or kept.until is None or kept.until_at is None:
        return None
    return Agreement(kept.person, kept.until, kept.until_at, kept.reason)


def standings(
    *,
    subscription_ids: Collection[int],
    paused: Mapping[int, tuple[str, datetime]],
    now: datetime,
    included: Mapping[int, int] | None = None,
) -> dict[int, LaneStanding]:
    """The open lane of each subscription with its badge, in five queries for any number: its own,
    or the one it shares.

    ``paused`` names the connections that wait, with why and since when. While one lane takes over
    from another, the one that needs a person speaks for both, and what waits is added up; a lane
    that has not begun says nothing beside one that bills. ``included``: units the contract's price
    contains, by subscription.
    """
    shared = joined(subscription_ids)
    rows = Lane.objects.filter(own_and(subscription_ids, shared), open=True)
    lanes = list(rows.select_related("drift", "agreed"))
    unsettled = Delivery.objects.filter(UNSETTLED, lane__in=[lane.pk for lane in lanes])
    counts = _counts(unsettled)
    heads = {
        head.lane_id: head
        for head in unsettled.annotate(
            rank=Window(RowNumber(), partition_by=F("lane_id"), order_by=F("sequence").asc())
        ).filter(rank=1)
    }
    writers = second_writers([lane.pk for lane in lanes], now=now)
    answer: dict[int, LaneStanding] = {}
    for lane in lanes:
        head = heads.get(lane.pk)
        because, since = paused.get(lane.connection_id, ("", None))
        rests = lane.begins_at is not None and lane.begins_at > now
        number, to_approve = counts.get(lane.pk, (0, 0))
        agreed = agreement_of(lane)
        standing = Standing(
            mapped=True,
            unsettled=number,
            head_state=State(head.state) if head else None,
            head_cause=head.cause if head else "",
            head_tries=head.tries if head else 0,
            head_retry_at=head.retry_at if head else None,
            head_since=(head.stopped_at or head.created_at) if head else None,
            proved_at=lane.proved_at,
            expected_units=lane.expected_units,
            drift_units=lane.drift_units,
            drift_expected=lane.drift_expected,
            drift_amount=lane.drift_amount,
            drift_since=lane.drift_since,
            drift_charges=lane.drift_charges,
            paused_because=because,
            paused_at=since,
            rests_until=lane.begins_on if rests else None,
            begins_at=lane.begins_at if rests else None,
            to_approve=to_approve,
            head_awaits_approval=head.awaits_approval if head else False,
            included=(included or {}).get(lane.subscription_id, 0),
            duplicate=lane.drift is not None and lane.drift.kind == DriftKind.DUPLICATE.value,
            agreed=agreed,
            agreed_ended=agreed is not None and agreed.until_at <= now,
        )
        found = LaneStanding(
            view_of(lane),
            badge(standing),
            head.operation_id if head else None,
            writers.get(lane.pk),
        )
        for one in {lane.subscription_id, *shared.get(lane.pk, ())} & {*subscription_ids}:
            other = answer.get(one)
            answer[one] = found if other is None else _both(other, found, now=now)
    return answer


def _counts(unsettled: QuerySet[Delivery]) -> Mapping[int, tuple[int, int]]:
    """By lane: how many are not settled, and how many of them wait for approval."""
    held = Count("pk", filter=Q(awaits_approval=True))
    counted = unsettled.values_list("lane_id").annotate(n=Count("pk"), held=held)
    return {lane_id: (number, to_approve) for lane_id, number, to_approve in counted}


def restless_subscriptions(*, now: datetime) -> QuerySet[Any, Any]:
    """The ids of all whose open lane may be other than green; none of them is missing.

    Green is only what has nothing unsettled, was proved, rests not, and showed nothing else since.
    """
    unsettled = Delivery.objects.filter(UNSETTLED).values("lane_id")
    return subscriptions_on(
        Lane.objects.filter(
            Q(proved_at__isnull=True)
            | Q(drift_units__isnull=False)
            | ~Q(drift_charges="")
            | Q(begins_at__gt=now)
            | Q(pk__in=unsettled),
            open=True,
        )
    )


def unsettled_subscriptions(scope: Mapping[str, int]) -> QuerySet[Any, Any]:
    """The ids of those with something that is not settled; ``scope`` filters their lanes."""
    unsettled = Delivery.objects.filter(UNSETTLED).values("lane_id")
    return subscriptions_on(Lane.objects.filter(**scope, pk__in=unsettled, open=True))


def drifted_subscriptions(scope: Mapping[str, int]) -> QuerySet[Any, Any]:
    """The ids of those of which Autotask shows something else; as above."""
    differs = Q(drift_units__isnull=False) | ~Q(drift_charges="")
    return subscriptions_on(Lane.objects.filter(differs, **scope, open=True))


def _both(one: LaneStanding, other: LaneStanding, *, now: datetime) -> LaneStanding:
    """What two lanes of one subscription say together."""
    begun = [each for each in (one, other) if not each.lane.rests(now)]
    writer = one.second_writer or other.second_writer
    if len(begun) == 1:
        return replace(begun[0], second_writer=writer)
    first, second = sorted((one, other), key=lambda each: URGENCY.index(each.badge.kind))
    together = replace(
        first.badge,
        pending=first.badge.pending + second.badge.pending,
        to_approve=first.badge.to_approve + second.badge.to_approve,
    )
    return replace(first, badge=together, second_writer=writer)
