"""Sync was pressed: ask the lane again, oldest first. Pressed twice: the same run."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tallystick.audit.events import Event, Status
from tallystick.audit.record import record
from tallystick.connections.queries import get_connection, subject_on
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.days import in_words
from tallystick.kit.problem import Conflicting, NotFound
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.runs import RunView, get_run, start_run, view_of
from tallystick.ledger.settle import Cause, change
from tallystick.ledger.state import STOPPED, State
from tallystick.ledger.wake import Wake
from tallystick.subscriptions.queries import get_subscription


def request_sync(
    connection_id: int,
    subscription_id: int,
    *,
    context: Context,
    now: datetime,
    wake: Wake,
    correlation_id: str,
) -> RunView:
    """Start a run in the background, or join the one that is running.

    A stopped head is asked again; a quiet time or a wait is over. Nothing is sent here.
    Raises NotFound, NotAllowed, Conflicting (its first day has not begun, or what is next waits
    for approval).
    """
    context.require(Right.SYNC)
    view = get_subscription(context, subscription_id)
    connection = get_connection(context, connection_id)
    with transaction.atomic():
        lanes = list(
            Lane.objects.select_for_update(no_key=True)
            .filter(subscription_id=view.id, connection_id=connection.id, open=True)
            .order_by("pk")
        )
        if not lanes:
            raise NotFound("The subscription is not mapped to this connection.")
        begun = [lane for lane in lanes if lane.begins_at is None or lane.begins_at <= now]
        if not begun:
            first = lanes[0].begins_on
            day = in_words(first) if first is not None else "its first day"
            raise Conflicting(
                f"Nothing is compared or sent before {day}: so it was chosen when it was mapped. "
                "Nothing was changed. To begin earlier, unmap it and map it again."
            )
        heads = {lane.pk: _head(lane) for lane in begun}
        free = [lane for lane in begun if not _is_held(heads[lane.pk])]
        if not free:
            raise Conflicting(
                "What is next waits for approval: nothing is sent before a person has approved it. "
                "Nothing was changed. Approve it, or decide that it is not to be sent."
            )
        runs = []
        for lane in free:
            run, new = start_run(
                lane, asked_by=context.actor.name, correlation_id=correlation_id, now=now
            )
            if new:
                _ask_again(lane, heads[lane.pk], now=now)
                record(
                    Event.REQUEST_SYNC,
                    actor=context.actor,
                    now=now,
                    subject=subject_on(view.subject(), connection),
                    correlation_id=correlation_id,
                    status=Status.PROCESSING,
                    summary=f"{run.seen} operation{'' if run.seen == 1 else 's'} waiting",
                    details={"run": run.pk},
                )
            runs.append(run)
        wake([lane.pk for lane in free])
        # Where one contract takes over from another, what waits is what is watched.
        return view_of(max(runs, key=lambda run: run.seen), with_operations=True)


def _head(lane: Lane) -> Delivery | None:
    return Delivery.objects.filter(UNSETTLED, lane=lane).order_by("sequence").first()


def _is_held(head: Delivery | None) -> bool:
    return head is not None and head.awaits_approval


def _ask_again(lane: Lane, head: Delivery | None, *, now: datetime) -> None:
    if head is not None and State(head.state) in STOPPED:
        change(head, State.PENDING, now=now, cause=Cause(head.cause_code, ""))
    elif head is not None and head.state == State.PENDING.value:
        head.retry_at = None
        head.save(update_fields=["retry_at"])
    lane.sync_asked_at = now
    lane.save(update_fields=["sync_asked_at"])


def run_in_context(context: Context, run_id: int) -> RunView:
    """A run of a subscription this context sees. Raises NotFound."""
    run = get_run(run_id, tenant_id=context.tenant_id)
    if run is None:
        raise NotFound("There is no such run.")
    get_subscription(context, run.subscription_id)
    return run
