"""Keep what was found to differ, and what became of it: facts, added and never changed.

A lane has one open difference at most (``Lane.drift``). What a person agreed to stays open and is
silent (``Lane.agreed``) until its day comes or other values are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from tallystick.ledger.difference import DayRange, as_json, first_wrong, from_json
from tallystick.ledger.kinds import DriftEnd, DriftKind
from tallystick.ledger.models import Drift, DriftDecision, Lane

NOBODY = "Tallystick"


@dataclass(frozen=True, slots=True)
class Found:
    """What a reading showed of a line. ``attempt_id``: ours that is there twice."""

    contract_id: int
    line_id: int
    began_on: date
    days: Sequence[DayRange]
    stake: Decimal | None
    attempt_id: int | None = None

    @property
    def kind(self) -> DriftKind:
        return DriftKind.HAND_EDIT if self.attempt_id is None else DriftKind.DUPLICATE


def open_drift(lane: Lane, found: Found, *, now: datetime) -> None:
    """From now on this is the lane's difference (saved with the lane); another one has changed."""
    if lane.drift is not None:
        decided(lane.drift, DriftEnd.CHANGED, now=now)
    lane.drift = Drift.objects.create(
        tenant_id=lane.tenant_id,
        lane=lane,
        kind=found.kind.value,
        attempt_id=found.attempt_id,
        contract_id=found.contract_id,
        line_id=found.line_id,
        began_on=found.began_on,
        days=as_json(found.days),
        stake=found.stake,
        found_at=now,
    )
    lane.agreed = None
    wrong = first_wrong(found.days)
    lane.drift_units = wrong.found.units if wrong.found else 0
    lane.drift_amount = wrong.found.price if wrong.found else None
    lane.drift_expected = wrong.expected.units
    lane.drift_since = lane.drift_since or now
    lane.drift_stake = abs(found.stake or Decimal(0))


def clear_drift(lane: Lane, *, now: datetime) -> None:
    """Nothing differs, or it does not matter any more (saved with the lane)."""
    if lane.drift is not None:
        decided(lane.drift, DriftEnd.GONE, now=now)
    forget_drift(lane)


def forget_drift(lane: Lane) -> None:
    """What became of it is kept already (saved with the lane); charges are another matter."""
    lane.drift_units = lane.drift_expected = lane.drift_amount = None
    lane.drift_stake = None
    if not lane.drift_charges:
        lane.drift_since = None
    lane.drift = lane.agreed = None


def decided(
    drift: Drift,
    how: DriftEnd,
    *,
    now: datetime,
    reason: str = "",
    person: str = NOBODY,
    until: tuple[date, datetime] | None = None,
    operation_id: int | None = None,
) -> DriftDecision:
    """Add what became of it. ``until``: a day, and when it begins where the connection is."""
    return DriftDecision.objects.create(
        tenant_id=drift.tenant_id,
        drift=drift,
        how=how.value,
        reason=reason,
        until=until[0] if until else None,
        until_at=until[1] if until else None,
        operation_id=operation_id,
        person=person[:200],
        at=now,
    )


def days_of(drift: Drift) -> tuple[DayRange, ...]:
    return from_json(drift.days)
