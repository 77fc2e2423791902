"""Questions about lanes, operations and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q

from tallystick.kit.money import round_money
from tallystick.ledger.in_words import in_words
from tallystick.ledger.kinds import EvidenceKind, OperationKind
from tallystick.ledger.models import Attempt, Delivery, Evidence, Operation
from tallystick.ledger.price_steps import SETS_PRICE, PriceStep, steps_of
from tallystick.ledger.state import SETTLED, State

UNSETTLED = ~Q(state__in=sorted(state.value for state in SETTLED))


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """One operation on its way to one connection, with what was tried."""

    id: int
    lane_id: int
    connection_id: int
    state: State
    effective_on: date
    moved_because: str
    tries: int
    retry_at: datetime | None
    cause: str
    cause_code: str
    proved_at: datetime | None
    settled_at: datetime | None
    awaits_approval: bool = False
    approved_by: str = ""
    approved_at: datetime | None = None
    attempts: tuple[Mapping[str, Any], ...] = ()
    # Its place in its lane: the operation's number, unless others share the lane.
    sequence: int = 0
    # What they have that are billed on the same line.
    others: int = 0


@dataclass(frozen=True, slots=True)
class OperationView:
    id: int
    subscription_id: int
    sequence: int
    kind: OperationKind
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    effective_on: date
    recorded_at: datetime
    actor: str
    source: str
    source_id: str | None
    correlation_id: str
    deliveries: tuple[DeliveryView, ...] = ()

    def in_words(self) -> str:
        """``Update quantity 10 to 15``."""
        return in_words(self.kind, self.before, self.after)


def operations_of(
    *,
    subscription_id: int,
    with_attempts: bool = True,
    limit: int = 500,
    before: int | None = None,
    told_of: Collection[int] | None = None,
    hidden_until: int = 0,
) -> list[OperationView]:
    """Newest first, each with its deliveries; ``before`` is a sequence to page on.

    ``told_of``: the connections whose deliveries are told; None: all. ``hidden_until``: the
    sequence up to which nothing is told.
    """
    rows = Operation.objects.filter(subscription_id=subscription_id, sequence__gt=hidden_until)
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    newest = list(rows.order_by("-sequence")[:limit])
    return _with_deliveries(newest, with_attempts=with_attempts, told_of=told_of)


def get_operation(
    operation_id: int, *, told_of: Collection[int] | None = None
) -> OperationView | None:
    """``told_of`` as in ``operations_of``."""
    row = Operation.objects.filter(pk=operation_id).first()
    return _with_deliveries([row], with_attempts=True, told_of=told_of)[0] if row else None


def get_operations(operation_ids: Collection[int]) -> list[OperationView]:
    """Several at once, oldest first."""
    rows = Operation.objects.filter(pk__in=operation_ids).order_by("pk")
    return _with_deliveries(list(rows), with_attempts=True)


def unsettled_of(lane_id: int) -> list[OperationView]:
    """What waits on a lane, oldest first."""
    waiting = Delivery.objects.filter(UNSETTLED, lane_id=lane_id).select_related("operation")
    rows = [one.operation for one in waiting.order_by("sequence")]
    return _with_deliveries(rows, with_attempts=False)


def waits(lane_id: int) -> bool:
    """Whether anything on a lane is not settled."""
    return Delivery.objects.filter(UNSETTLED, lane_id=lane_id).exists()


def waiting_before(lane_id: int, sequence: int) -> int:
    """How many are not settled on a lane before the delivery with this number there."""
    return Delivery.objects.filter(UNSETTLED, lane_id=lane_id, sequence__lt=sequence).count()


def price_steps(
    subscription_ids: Collection[int], *, before: int | None = None
) -> dict[int, tuple[PriceStep, ...]]:
    """Which price holds from which day, by subscription. ``before``: by what was recorded before
    the operation with this number. One question for all of them."""
    said = Q(kind__in=SETS_PRICE, after__has_key="unit_price")
    rows = Operation.objects.filter(
        said | Q(kind=OperationKind.MOVE_TO_RESELLER), subscription_id__in=subscription_ids
    )
    if before is not None:
        rows = rows.filter(sequence__lt=before)
    recorded: dict[int, list[PriceStep]] = {one: [] for one in subscription_ids}
    for subscription_id, day, sequence, kind, price, cost in rows.order_by("sequence").values_list(
        "subscription_id",
        "effective_on",
        "sequence",
        "kind",
        "after__unit_price",
        "after__unit_cost",
    ):
        amounts = (None if one is None else round_money(Decimal(one)) for one in (price, cost))
        recorded[subscription_id].append(PriceStep(day, sequence, OperationKind(kind), *amounts))
    return {one: steps_of(steps) for one, steps in recorded.items()}


def known_source_ids(tenant_id: int, source: str, source_ids: Collection[str]) -> set[str]:
    """Those of a source that an operation has been recorded for."""
    rows = Operation.objects.filter(tenant_id=tenant_id, source=source, source_id__in=source_ids)
    return {found for found in rows.values_list("source_id", flat=True) if found is not None}


def _with_deliveries(
    rows: list[Operation], *, with_attempts: bool, told_of: Collection[int] | None = None
) -> list[OperationView]:
    deliveries: dict[int, list[DeliveryView]] = {}
    found = Delivery.objects.filter(operation__in=[row.pk for row in rows])
    if told_of is not None:
        found = found.filter(lane__connection_id__in=told_of)
    for delivery in found.select_related("lane", "attempt").order_by("pk"):
        deliveries.setdefault(delivery.operation_id, []).append(
            DeliveryView(
                id=delivery.pk,
                lane_id=delivery.lane_id,
                connection_id=delivery.lane.connection_id,
                state=State(delivery.state),
                effective_on=delivery.effective_on,
                moved_because=delivery.moved_because,
                tries=delivery.tries,
                retry_at=delivery.retry_at,
                cause=delivery.cause,
                cause_code=delivery.cause_code,
                proved_at=delivery.proved_at,
                settled_at=delivery.settled_at,
                awaits_approval=delivery.awaits_approval,
                approved_by=delivery.approved_by,
                approved_at=delivery.approved_at,
                attempts=_attempts(delivery.attempt) if with_attempts else (),
                sequence=delivery.sequence,
                others=delivery.others,
            )
        )
    return [
        OperationView(
            id=row.pk,
            subscription_id=row.subscription_id,
            sequence=row.sequence,
            kind=OperationKind(row.kind),
            before=row.before,
            after=row.after,
            effective_on=row.effective_on,
            recorded_at=row.recorded_at,
            actor=row.actor,
            source=row.source,
            source_id=row.source_id,
            correlation_id=row.correlation_id,
            deliveries=tuple(deliveries.get(row.pk, ())),
        )
        for row in rows
    ]


def _attempts(last: Attempt | None) -> tuple[Mapping[str, Any], ...]:
    """The last attempt and the ones it was a resend of, newest first, with their evidence."""
    attempts = []
    while last is not None:
        evidence = Evidence.objects.filter(attempt=last).order_by("id")
        attempts.append(
            {
                "number": last.number,
                "kind": last.kind,
                "effective_on": last.effective_on.isoformat(),
                "started_at": last.started_at,
                "base": last.base,
                "target": last.target,
                "body": last.body,
                "request_text": last.request_text,
                "asked_by": last.asked_by,
                "evidence": [
                    {"kind": EvidenceKind(one.kind).value, "at": one.at, **one.data}
                    for one in evidence
                ],
            }
        )
        last = last.resend_of
    return tuple(attempts)
