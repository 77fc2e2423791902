"""What is under way in a lane, and what is known of it so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tallystick.ledger.kinds import EvidenceKind
from tallystick.ledger.models import Attempt, Delivery, Evidence, Lane
from tallystick.ledger.state import State
from tallystick.sync.classify import Verdict
from tallystick.sync.port import Line


@dataclass(frozen=True, slots=True)
class Known:
    """What earlier evidence of an attempt says."""

    answered_yes: bool
    bases_at: Sequence[datetime]  # readings that showed the line as it was before


def known_of(attempt: Attempt) -> Known:
    kept = list(Evidence.objects.filter(attempt=attempt).order_by("id"))
    return Known(
        answered_yes=any(
            one.kind == EvidenceKind.ANSWER.value and one.data.get("answer") == "applied"
            for one in kept
        ),
        bases_at=[
            one.at
            for one in kept
            if one.kind == EvidenceKind.READING.value
            and one.data.get("verdict") == Verdict.BASE.value
        ],
    )


def riding(lane: Lane) -> list[Delivery]:
    """What travels in the lane's open attempt, in order."""
    rows = Delivery.objects.filter(
        lane=lane,
        attempt=lane.open_attempt_id,
        state__in=[State.SENDING.value, State.CHECKING.value],
    )
    return list(rows.select_related("operation").order_by("sequence"))


def open_attempt(lane: Lane) -> Attempt:
    if lane.open_attempt is None:
        raise RuntimeError("something is in flight without an attempt")
    return lane.open_attempt


def line_of(attempt: Attempt) -> Line:
    if attempt.line_id is None:
        raise RuntimeError("an adjustment needs a line")
    return Line(attempt.contract_id, attempt.line_id)
