"""One turn of a lane.

1. Take the lane; somebody else has it: leave. Died three in a row in it: it is put aside.
2. Look at the head. Settled, stopped or not due: give the lane back and rest until it is.
3. A head left *sending* by a dead process, or *checking* and due: read, before anything else.
4. Otherwise begin: the head and its same-day companions, as ``begin`` describes.
5. Next head, or stop; after so many calls give way to the other lanes. The longest of them goes
   on beside the others (``turnstile``).

Every write first asks for the lane with this turn's token; a turn that has lost it ends.
"""

from __future__ import annotations

import traceback
from typing import assert_never

from django.db import DatabaseError, InterfaceError, OperationalError, transaction

from tallystick.audit.events import Event, Status
from tallystick.audit.record import record
from tallystick.kit.log import logger
from tallystick.kit.storage import storage_is_full
from tallystick.ledger.lease import Lease, LeaseLost, hold, release, take
from tallystick.ledger.models import Lane
from tallystick.ledger.runs import finish_run, open_run
from tallystick.ledger.settle import stopped
from tallystick.ledger.state import State
from tallystick.sync import words
from tallystick.sync.begin import begin
from tallystick.sync.decide import Begin, Compare, Look, Recover, Rest, next_step
from tallystick.sync.engine import Engine, Milestone
from tallystick.sync.load import act_of, deliveries, load
from tallystick.sync.prove import look, recover
from tallystick.sync.put_aside import LOST_BEFORE_PUT_ASIDE, look_later, put_aside
from tallystick.sync.verify import look_again

log = logger("sync.turn")


def drive(engine: Engine, lane_id: int) -> None:
    """Do what is due on this lane. Harmless to call too often or twice at once."""
    with transaction.atomic():
        lease = take(
            lane_id,
            holder=engine.holder,
            now=engine.clock.now(),
            seconds=engine.waits.lease,
        )
        if lease is None:
            return
        connection_id = Lane.objects.values_list("connection_id", flat=True).get(pk=lane_id)
    engine.reached(Milestone.TAKEN)
    try:
        if lease.lost >= LOST_BEFORE_PUT_ASIDE:
            put_aside(engine, lease)
            return
        turnstile = engine.turnstile(connection_id)
        with engine.observer(connection_id).turn(), turnstile.turn(lane_id):
            made = 0
            while made < engine.calls_per_turn or turnstile.is_longest(lane_id):
                if not _step(engine, lease):
                    return
                made += 1
        _give_way(engine, lease)
    except LeaseLost as lost:
        log.info("lane was taken over", lane=lane_id, why=str(lost))
    except (InterfaceError, OperationalError) as error:
        if storage_is_full(error):
            log.error("storage of the database is full: nothing is sent", lane=lane_id)
        else:
            log.warning("database went away", lane=lane_id, error=repr(error))
        _leave(engine, lease)
    except Exception as error:  # noqa: BLE001 - the one place: a fault of ours stops this lane only
        log.error("turn failed", lane=lane_id, error=repr(error), trace=traceback.format_exc())
        _stop_for_bug(engine, lease, error)


def _step(engine: Engine, lease: Lease) -> bool:
    """One step; answers whether to go on."""
    with transaction.atomic():
        lane = hold(lease)
        now = engine.clock.now()
        work = load(lane, now=now)
        engine.turnstile(lane.connection_id).waits(lane.pk, len(work.due))
        step = next_step(
            work.due,
            now=now,
            paused=work.connection.is_paused(now),
            resume_at=work.connection.resume_at,
            quiet_seconds=work.connection.quiet_seconds,
            sync_asked=work.sync_asked,
            look_asked=work.look_asked,
        )
        match step:
            case Rest():
                _rest(engine, lane, step)
                return False
            case Recover():
                recover(engine, lane, work, act=act_of(engine, work))
                return True
            case Look() | Compare() | Begin():
                pass
            case _:
                assert_never(step)
    if isinstance(step, Begin):
        return begin(engine, lease, work)
    if isinstance(step, Compare):
        return look_again(engine, lease, work)
    return look(engine, lease, work)


def _rest(engine: Engine, lane: Lane, rest: Rest) -> None:
    """Give the lane back, in the transaction that found nothing to do."""
    now = engine.clock.now()
    if rest.run_is_over:
        run = open_run(lane.pk)
        if run is not None:
            finish_run(run, now=now)
        lane.sync_asked_at = None
        lane.save(update_fields=["sync_asked_at"])
    release(lane)
    if rest.until is not None:
        engine.wake(lane.pk, rest.until)


def _give_way(engine: Engine, lease: Lease) -> None:
    with transaction.atomic():
        lane = hold(lease)
        release(lane)
        engine.wake(lane.pk, None)


def _leave(engine: Engine, lease: Lease) -> None:
    """The database dropped us in the middle: change nothing, let the next turn look.

    What was being sent stays *sending*, and whoever comes next reads before anything else. When
    even this cannot be written, the lease runs out and the sweep finds the lane.
    """
    try:
        _give_way(engine, lease)
    except (DatabaseError, LeaseLost) as error:
        log.warning("lane was left as it is", lane=lease.lane_id, error=repr(error))


def _stop_for_bug(engine: Engine, lease: Lease, error: Exception) -> None:
    """What was not sent fails; what may have been sent is looked at; nothing is guessed."""
    with transaction.atomic():
        try:
            lane = hold(lease)
        except LeaseLost:
            return
        work = load(lane, now=engine.clock.now())
        act = act_of(engine, work)
        cause = words.bug(act.correlation_id)
        record(
            Event.ENGINE_BUG,
            actor=act.actor,
            now=act.now,
            subject=work.subject,
            correlation_id=act.correlation_id,
            status=Status.FAILED,
            summary=f"{type(error).__name__}: {error}"[:500],
        )
        head = work.head
        if head is not None and head.state is State.PENDING:
            stopped(lane, deliveries(work.due[:1]), State.FAILED, cause, act=act)
        elif head is not None and head.attempt_id is not None:
            look_later(engine, work, head.attempt_id, cause, now=act.now)
        _rest(engine, lane, Rest(None, run_is_over=True))
