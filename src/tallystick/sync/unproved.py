"""What follows a reading that proves nothing: look later, send again, or stop.

The same for a line and for a charge.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from tallystick.connections.trouble import BillingError
from tallystick.ledger.kinds import EvidenceKind
from tallystick.ledger.lease import Lease, hold
from tallystick.ledger.models import Attempt, Delivery, Evidence, Lane
from tallystick.ledger.settle import Act, Cause, add_evidence, checking, stopped, waiting
from tallystick.ledger.state import State
from tallystick.sync import words
from tallystick.sync.engine import Engine
from tallystick.sync.in_flight import Known, riding
from tallystick.sync.load import Work, act_of
from tallystick.sync.retry import backoff, next_look


def window_end(engine: Engine, attempt: Attempt) -> datetime:
    """Until when a send that was not answered may still land."""
    return attempt.deadline_at + timedelta(seconds=engine.waits.settle)


def look_later(
    engine: Engine,
    attempt: Attempt,
    batch: Sequence[Delivery],
    known: Known,
    work: Work,
    act: Act,
) -> None:
    until = window_end(engine, attempt)
    at = next_look(
        now=act.now,
        readings=len(known.bases_at),
        window_ends_at=until,
        recheck_seconds=engine.waits.recheck,
    )
    zone = work.connection.time_zone
    shown_until = max(until, at)
    if known.answered_yes:
        cause = words.not_visible_yet(shown_until, zone)
    elif act.now < until and batch[0].cause_code != words.UNREADABLE:
        cause = Cause(batch[0].cause_code, batch[0].cause)
    else:
        # What was said is over by now: the time, or that Autotask cannot be read.
        cause = words.not_seen_so_far(shown_until, zone)
    checking(batch, cause, now=act.now, retry_at=at)


def not_landed(lane: Lane, batch: Sequence[Delivery], act: Act) -> None:
    waiting(
        lane,
        batch,
        words.not_landed(),
        now=act.now,
        retry_at=None,
        counts_as_try=False,
        conclusion="did not land",
    )


def conflict(
    lane: Lane, batch: Sequence[Delivery], cause: Cause, reading: object, act: Act
) -> None:
    if batch[0].state == State.SENDING.value:
        checking(batch, cause, now=act.now, retry_at=act.now)
    data = reading if isinstance(reading, dict) else None
    stopped(lane, batch, State.CONFLICT, cause, act=act, reading=data)


def could_not_read_back(
    engine: Engine, lease: Lease, work: Work, attempt: Attempt, error: BillingError
) -> bool:
    """It was sent; it cannot be read now. Still checking, looked at again later."""
    with transaction.atomic():
        lane = hold(lease)
        act = act_of(engine, work)
        batch = riding(lane)
        failures = Evidence.objects.filter(attempt=attempt, kind=EvidenceKind.READING.value)
        again = act.now + backoff(failures.count(), jitter=engine.jitter())
        data = {"verdict": "not_read", "error": f"{type(error).__name__}: {error}"[:500]}
        add_evidence(attempt.pk, EvidenceKind.READING, data, now=act.now)
        cause = words.cannot_read_back(str(error), again, work.connection.time_zone)
        checking(batch, cause, now=act.now, retry_at=again)
    return True
