"""Subscriptions that share a lane, because one line bills them together.

A lane has a subscription of its own, and perhaps others that joined it. Whoever changes who they
are, or records an operation of one of them, holds the lane's row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Max, Q, QuerySet

from tallystick.ledger.kinds import AMOUNTS, ENDS, PUT_BACK, OperationKind, Resolution
from tallystick.ledger.models import Delivery, Lane, Member, Operation, Portion
from tallystick.ledger.state import SETTLED, State

_SAYS_UNITS = (
    Q(operation__kind__in=ENDS)
    | Q(operation__after__has_key="quantity")
    | Q(operation__after__has_key="units")
)


def lanes_of(subscription_ids: Collection[int], *, through: str = "") -> Q:
    """Filters lanes: their own, and those they have joined. ``through``: what belongs to a lane
    (``"lane__"``). Asked first who has joined, so that the lanes are found by their indexes."""
    return _filter(subscription_ids, joined(subscription_ids), through)


def joined(subscription_ids: Collection[int]) -> Mapping[int, Sequence[int]]:
    """Those of these that have joined a lane, by lane."""
    return _by_lane(_now().filter(subscription_id__in=subscription_ids))


def own_and(subscription_ids: Collection[int], joined: Mapping[int, Sequence[int]]) -> Q:
    """``lanes_of`` where it has been asked who has joined."""
    return _filter(subscription_ids, joined, "")


def _filter(ids: Collection[int], joined: Collection[int], through: str) -> Q:
    own = Q(**{f"{through}subscription_id__in": ids})
    return own | Q(**{f"{through}pk__in": [*joined]}) if joined else own


def subscriptions_on(lanes: QuerySet[Lane, Any]) -> QuerySet[Any, Any]:
    """The ids of those these lanes bill."""
    joined = _now().filter(lane__in=lanes.values("pk"))
    return lanes.values("subscription_id").union(joined.values("subscription_id"))


def billed_with(subscription_ids: Collection[int]) -> Mapping[int, Sequence[int]]:
    """Of those that share an open lane: everybody on it, the lane's own first. Two questions."""
    shared = Lane.objects.filter(lanes_of(subscription_ids), open=True)
    shared = shared.filter(pk__in=_now().values("lane"))
    own = dict(shared.values_list("pk", "subscription_id"))
    sharers = sharers_of(own)
    on_one = [(own[lane_id], *sharers.get(lane_id, ())) for lane_id in own]
    return {one: ids for ids in on_one for one in ids if one in subscription_ids}


def group_of(subscription_id: int) -> Sequence[int]:
    """Everybody on the line that bills it with others, itself among them; none when it is alone.
    One question where it is."""
    its = Q(subscription_id=subscription_id) | Q(lane__subscription_id=subscription_id)
    if not _now().filter(its, lane__open=True).exists():
        return ()
    return billed_with([subscription_id])[subscription_id]


def sharers_of(lane_ids: Collection[int]) -> Mapping[int, Sequence[int]]:
    """By lane: who joined it, without the lane's own. Lanes that nobody joined are left out."""
    return _by_lane(_now().filter(lane__in=lane_ids))


@dataclass(frozen=True, slots=True)
class Slot:
    """Where the next operation stands on a lane, and what the others there have."""

    sequence: int
    others: int


def slots_on(
    lanes: Iterable[Lane], subscription_id: int, operation_number: int
) -> Sequence[tuple[Lane, Slot]]:
    """Of lanes that are held. One question where nobody has ever shared any of them."""
    lanes = list(lanes)
    shared = set(Member.objects.filter(lane__in=lanes).values_list("lane_id", flat=True))
    sharers = sharers_of(shared) if shared else {}
    return [
        (
            lane,
            Slot(
                _next_number(lane, operation_number),
                _others(lane, sharers.get(lane.pk, ()), subscription_id),
            )
            if lane.pk in shared
            else Slot(operation_number, 0),
        )
        for lane in lanes
    ]


def _others(lane: Lane, joined: Sequence[int], subscription_id: int) -> int:
    """By what was recorded last of each."""
    if not joined:
        return 0
    others = [one for one in (lane.subscription_id, *joined) if one != subscription_id]
    return sum(_held(lane, one) for one in others)


def _next_number(lane: Lane, operation_number: int) -> int:
    """The operation's own, or the next of the lane where that is taken."""
    last = Delivery.objects.filter(lane=lane).aggregate(last=Max("sequence"))["last"] or 0
    return max(operation_number, last + 1)


def join(lane: Lane, subscription_id: int, *, now: datetime) -> None:
    """From now on its operations are the lane's, too. The lane is held."""
    Member.objects.create(
        tenant_id=lane.tenant_id, lane=lane, subscription_id=subscription_id, joined_at=now
    )


def part(lane: Lane, subscription_id: int, *, now: datetime) -> int | None:
    """It is billed elsewhere, or no more. The lane is held. Answers who the lane belongs to from
    now on, where it was this one's own."""
    if lane.subscription_id != subscription_id:
        _now().filter(lane=lane, subscription_id=subscription_id).update(left_at=now)
        return None
    heir = _now().filter(lane=lane).order_by("pk")[0]
    Lane.objects.filter(pk=lane.pk).update(subscription_id=heir.subscription_id)
    _now().filter(pk=heir.pk).update(left_at=now)
    return int(heir.subscription_id)


def has_charges(lane: Lane) -> bool:
    """Whether amounts of the lane's own subscription are billed beside its line, or are to be."""
    waits = Delivery.objects.filter(lane=lane, operation__kind__in=AMOUNTS).exclude(
        state__in=SETTLED
    )
    return Portion.objects.filter(lane=lane).exists() or waits.exists()


def is_shared(lane: Lane) -> bool:
    return _now().filter(lane=lane).exists()


def forget_skipped(lane: Lane, skipped: Delivery) -> None:
    """A change that is not sent is nothing of what the others' changes bring the line to, until
    its subscription says anew what it has. The lane is held."""
    whose, after = skipped.operation.subscription_id, skipped.sequence
    if not _says_units(skipped.operation) or not Member.objects.filter(lane=lane).exists():
        return
    own = _spoken(lane, whose).filter(sequence__gt=after).order_by("sequence").first()
    later = Delivery.objects.filter(lane=lane, sequence__gt=after).exclude(state__in=SETTLED)
    if own is not None:
        later = later.filter(sequence__lt=own.sequence)
    counted = _units_of(skipped.operation) - _held(lane, whose, before=after)
    later.exclude(operation__subscription_id=whose).update(others=F("others") - counted)


def _by_lane(rows: QuerySet[Member, Any]) -> Mapping[int, Sequence[int]]:
    found: dict[int, list[int]] = {}
    for lane_id, one in rows.order_by("pk").values_list("lane_id", "subscription_id"):
        found.setdefault(lane_id, []).append(one)
    return found


def _now() -> QuerySet[Member, Any]:
    return Member.objects.filter(left_at__isnull=True)


def _held(lane: Lane, subscription_id: int, *, before: int | None = None) -> int:
    """Units, by the last operation on the lane that says any. Without one the lane's own has what
    it has, and of who joined nothing is billed there: its first sync was skipped."""
    rows = _spoken(lane, subscription_id)
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    last = rows.order_by("-sequence").first()
    if last is not None:
        return _units_of(last.operation)
    return lane.subscription.quantity if lane.subscription_id == subscription_id else 0


def _spoken(lane: Lane, subscription_id: int) -> QuerySet[Delivery, Any]:
    """What counts of its operations there: not what was skipped, nor a suspension that leaves the
    units as they are."""
    rows = Delivery.objects.filter(
        _SAYS_UNITS, lane=lane, operation__subscription_id=subscription_id
    )
    return (
        rows.exclude(operation__kind__in=PUT_BACK)
        .exclude(operation__kind=OperationKind.SUSPEND, state=State.NOT_APPLICABLE.value)
        .exclude(state=State.RESOLVED.value, cause_code=Resolution.SKIP.value)
        .select_related("operation")
    )


def _says_units(operation: Operation) -> bool:
    says = "quantity" in operation.after or "units" in operation.after
    return operation.kind not in PUT_BACK and (operation.kind in ENDS or says)


def _units_of(operation: Operation) -> int:
    if operation.kind in ENDS:
        return 0
    after = operation.after
    return int(after["quantity"] if after.get("units") is None else after["units"])
