"""A lane in which worker processes die: it waits, so that they do not all die of it.

A process that the kernel kills for its memory says nothing. Each takes the other lanes it works on
along, and the next one would begin with the same lane again. After three in a row the lane is left
alone for a quarter of an hour; then one turn tries again, and the first that ends well ends it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from tallystick.ledger.lease import Lease, hold, release
from tallystick.ledger.models import Attempt
from tallystick.ledger.settle import Cause, checking
from tallystick.ledger.state import IN_FLIGHT, State
from tallystick.sync import words
from tallystick.sync.engine import Engine, Milestone
from tallystick.sync.load import Work, act_of, deliveries, load
from tallystick.sync.passing import Passing, put_back
from tallystick.sync.retry import LONGEST
from tallystick.sync.target import batch_of
from tallystick.sync.unproved import window_end

LOST_BEFORE_PUT_ASIDE = 3


def put_aside(engine: Engine, lease: Lease) -> None:
    """Nothing is read or sent. Raises LeaseLost."""
    with transaction.atomic():
        lane = hold(lease)
        now = engine.clock.now()
        work = load(lane, now=now)
        until = now + timedelta(seconds=engine.waits.put_aside)
        cause = words.put_aside(lease.lost, until, work.connection.time_zone)
        head = work.head
        if head is not None and head.state is State.PENDING:
            batch = deliveries(batch_of(work.due))
            put_back(lane, batch, Passing(cause, until, True), act=act_of(engine, work))
        elif head is not None and head.state in IN_FLIGHT and head.attempt_id is not None:
            look_later(engine, work, head.attempt_id, cause, now=now, at=until)
        release(lane, keep_count=True)
        engine.wake(lane.pk, until)
    engine.reached(Milestone.SETTLED)


def look_later(
    engine: Engine,
    work: Work,
    attempt_id: int,
    cause: Cause,
    *,
    now: datetime,
    at: datetime | None = None,
) -> None:
    """What may have been sent is looked at ``at``, or when it may be known and not all the time."""
    if at is None:
        until = window_end(engine, Attempt.objects.get(pk=attempt_id))
        at = until if until > now else now + timedelta(seconds=LONGEST)
    riding = [one for one in work.due if one.attempt_id == attempt_id]
    checking(deliveries(riding), replace(cause, code="died_while_sending"), now=now, retry_at=at)
