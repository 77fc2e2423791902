"""What was sent to a line and took effect, and what took it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from tallystick.ledger.kinds import AttemptKind, EvidenceKind, OperationKind
from tallystick.ledger.models import Attempt, Delivery, Evidence, Operation
from tallystick.ledger.runs import TOOK_EFFECT
from tallystick.ledger.state import State


@dataclass(frozen=True, slots=True)
class Sent:
    """One adjustment that is proved to have landed. ``corrects``: the number of the one it took
    back; ``corrected_by``: of the one that took it back."""

    attempt_id: int
    number: int
    lane_id: int
    connection_id: int
    operation_id: int | None
    effective_on: date
    unit_change: int
    sent_at: datetime
    asked_by: str
    corrects: int | None
    corrected_by: int | None


def took_effect(lane_id: int, *, limit: int = 50) -> Sequence[Sent]:
    """Newest first."""
    landed = Evidence.objects.filter(
        attempt__lane_id=lane_id,
        kind=EvidenceKind.CONCLUSION.value,
        data__conclusion__in=TOOK_EFFECT,
    )
    attempts = list(
        Attempt.objects.filter(
            lane_id=lane_id, kind=AttemptKind.ADJUST.value, pk__in=landed.values("attempt")
        )
        .select_related("corrects", "lane")
        .order_by("-number")[:limit]
    )
    by = {one.corrects_id: one.number for one in attempts if one.corrects_id is not None}
    operations = dict(
        Delivery.objects.filter(attempt__in=attempts).values_list("attempt_id", "operation_id")
    )
    return [
        Sent(
            attempt_id=one.pk,
            number=one.number,
            lane_id=lane_id,
            connection_id=one.lane.connection_id,
            operation_id=operations.get(one.pk),
            effective_on=one.effective_on,
            unit_change=int(one.body["unit_change"]),
            sent_at=one.started_at,
            asked_by=one.asked_by,
            corrects=one.corrects.number if one.corrects else None,
            corrected_by=by.get(one.pk),
        )
        for one in attempts
    ]


def corrected(attempt_id: int) -> bool:
    """Whether its opposite was sent, or is recorded to be; a person may have taken that back."""
    if Attempt.objects.filter(corrects_id=attempt_id).exists():
        return True
    recorded = Operation.objects.filter(
        kind=OperationKind.CORRECT.value, after__corrects=attempt_id
    )
    given_up = Delivery.objects.filter(operation__in=recorded, state=State.RESOLVED.value)
    return recorded.exclude(pk__in=given_up.values("operation")).exists()
