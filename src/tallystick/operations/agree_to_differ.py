"""Agree a lasting difference: it is silent until it changes or its day comes. Nothing is sent."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import record
from tallystick.identity.roles import Right
from tallystick.kit.clock import civil_day, day_begins
from tallystick.kit.days import in_words, parse_day
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.drifts import decided
from tallystick.ledger.kinds import DriftEnd
from tallystick.operations.finish import Asked
from tallystick.operations.open_drift import connection_of, lock_open, read_reason, subject_of

# What is agreed for ever is forgotten: it is asked again once a year at the latest.
LONGEST = timedelta(days=366)


def agree_to_differ(drift_id: int, *, reason: str, until: object, asked: Asked) -> None:
    """``until``: the day it is red again on, a day or text as a person typed it.

    Raises NotAllowed, NotFound, InvalidInput (reason, until), Conflicting.
    """
    asked.context.require(Right.AGREE)
    reason = read_reason(reason)
    day = _read_until(until)
    with transaction.atomic():
        lane, drift = lock_open(asked.context, drift_id)
        zone = connection_of(lane).time_zone
        today = civil_day(asked.now, zone)
        if not today < day <= today + LONGEST:
            raise InvalidInput.one(
                "until", f"must be after today and not after {in_words(today + LONGEST)}"
            )
        lane.agreed = decided(
            drift,
            DriftEnd.AGREED,
            now=asked.now,
            reason=reason,
            person=asked.context.actor.name,
            until=(day, day_begins(day, zone)),
        )
        lane.save()
        record(
            Event.AGREE_DRIFT,
            actor=asked.context.actor,
            now=asked.now,
            subject=subject_of(lane),
            correlation_id=asked.correlation_id,
            summary=f"Until {in_words(day)}: {reason}"[:1000],
            details={
                "reason": reason,
                "drift": drift.pk,
                "until": day.isoformat(),
                "expected_units": lane.drift_expected,
                "units": lane.drift_units,
            },
        )


def _read_until(until: object) -> date:
    if isinstance(until, date):
        return until
    try:
        return parse_day(str(until or "").strip())
    except ValueError:
        raise InvalidInput.one("until", "is needed, as a day like 2026-05-31") from None
