"""What was sent to a line lately, as far as it could be there twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tallystick.ledger.kinds import AttemptKind
from tallystick.ledger.models import Attempt, Lane
from tallystick.ledger.second_writer import RECENT
from tallystick.sync.differ import SentOnce


def sent_lately(lane: Lane, *, now: datetime) -> Sequence[SentOnce]:
    """Newest first, of the last 90 days; only what changes units."""
    attempts = Attempt.objects.filter(
        lane=lane, kind=AttemptKind.ADJUST.value, started_at__gte=now - RECENT
    )
    return [
        SentOnce(one.pk, one.effective_on, int(one.body["unit_change"]))
        for one in attempts.order_by("-number")
        if one.body["unit_change"] != 0
    ]
