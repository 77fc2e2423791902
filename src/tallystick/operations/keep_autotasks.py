"""Keep Autotask's: what the line shows becomes what is expected of it. Nothing is sent.

The subscription is not changed: when the quantity differs, somebody records that as an operation,
which settles as already so.
"""

from __future__ import annotations

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import record
from tallystick.identity.roles import Right
from tallystick.ledger.difference import as_found
from tallystick.ledger.drifts import days_of, decided, forget_drift
from tallystick.ledger.expected import expect_steps
from tallystick.ledger.kinds import DriftEnd
from tallystick.ledger.profile import as_json
from tallystick.operations.finish import Asked
from tallystick.operations.open_drift import lock_open, read_reason, subject_of


def keep_autotasks(drift_id: int, *, reason: str, asked: Asked) -> None:
    """Raises NotAllowed, NotFound, InvalidInput (reason), Conflicting."""
    asked.context.require(Right.KEEP)
    reason = read_reason(reason)
    with transaction.atomic():
        lane, drift = lock_open(asked.context, drift_id)
        # From the first day on that was compared: before it, what was expected until now.
        shown = as_found(days_of(drift))
        before = lane.expected_units
        expect_steps(lane, shown, now=asked.now)
        # It was read, whole, when this difference was found: that reading is what proves it.
        lane.proved_at = drift.found_at
        decided(
            drift,
            DriftEnd.KEPT,
            now=asked.now,
            reason=reason,
            person=asked.context.actor.name,
        )
        forget_drift(lane)
        lane.save()
        record(
            Event.KEEP_DRIFT,
            actor=asked.context.actor,
            now=asked.now,
            subject=subject_of(lane),
            correlation_id=asked.correlation_id,
            summary=reason,
            details={
                "reason": reason,
                "drift": drift.pk,
                "before": {"expected_units": before},
                "after": {"expected": as_json(shown)},
            },
        )
