"""For which days a lane has changed its line: a second change on one is a case of its own."""

from __future__ import annotations

from datetime import date

from tallystick.ledger.kinds import AttemptKind, EvidenceKind
from tallystick.ledger.models import Attempt
from tallystick.ledger.settle import IN_PART, LANDED


def sent_days(lane_id: int) -> frozenset[date]:
    """Of everything that was proved to have landed, whole or in part."""
    landed = Attempt.objects.filter(
        lane=lane_id,
        kind=AttemptKind.ADJUST.value,
        evidence__kind=EvidenceKind.CONCLUSION.value,
        evidence__data__conclusion__in=[LANDED, IN_PART],
    )
    return frozenset(landed.values_list("effective_on", flat=True))
