"""Sync was pressed: ask the lane again, oldest first. Pressed twice: the same run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tallystick.audit.events import Event, Status
from tallystick.audit.record import record
from tallystick.connections.queries import ConnectionView, get_connection, subject_on
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.days import in_words
from tallystick.kit.problem import Conflicting, NotFound
from tallystick.ledger.group import lanes_of
from tallystick.ledger.kinds import RoundScope
from tallystick.ledger.models import Delivery, Lane, SyncRun
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.rounds import add_run, all_asked, start_round
from tallystick.ledger.runs import RunView, get_run, start_run, view_of
from tallystick.ledger.settle import Cause, change
from tallystick.ledger.state import STOPPED, State
from tallystick.ledger.wake import Wake
from tallystick.subscriptions.queries import SubscriptionView, get_subscription


@dataclass(frozen=True, slots=True)
class Pressed:
    """Who pressed, when, and how the lanes are woken."""

    context: Context
    now: datetime
    wake: Wake
    correlation_id: str


def request_sync(
    connection_id: int,
    subscription_id: int,
    *,
    context: Context,
    now: datetime,
    wake: Wake,
    correlation_id: str,
) -> RunView:
    """Start a run in the background, or join the one that is running; a new one is a round.

    A stopped head is asked again; a quiet time or a wait is over. Nothing is sent here.
    Raises NotFound, NotAllowed, Conflicting (its first day has not begun, or what is next waits
    for approval).
    """
    context.require(Right.SYNC)
    view = get_subscription(context, subscription_id)
    connection = get_connection(context, connection_id)
    with transaction.atomic():
        by = Pressed(context, now, wake, correlation_id)
        found = press(connection, view, by=by)
        if any(new for _, new in found):
            round_id = start_round(
                tenant_id=connection.tenant_id,
                connection_id=connection.id,
                scope=RoundScope.ROW,
                customer_id=None,
                asked_by=context.actor.name,
                correlation_id=correlation_id,
                now=now,
            )
            for run, _ in found:
                add_run(round_id, run)
            all_asked(round_id, now=now)
        # Where one contract takes over from another, what waits is what is watched.
        chosen = max((run for run, _ in found), key=lambda run: run.seen)
        return view_of(chosen, with_operations=True)


def press(
    connection: ConnectionView, view: SubscriptionView, *, by: Pressed
) -> list[tuple[SyncRun, bool]]:
    """The runs of a subscription, each with whether it is new. In the caller's transaction.

    Raises NotFound, Conflicting.
    """
    lanes = list(
        Lane.objects.select_for_update(no_key=True)
        .filter(lanes_of([view.id]), connection_id=connection.id, open=True)
        .order_by("pk")
    )
    if not lanes:
        raise NotFound("The subscription is not mapped to this connection.")
    begun = [lane for lane in lanes if lane.begins_at is None or lane.begins_at <= by.now]
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
    found = [_start(lane, heads[lane.pk], connection, view, by=by) for lane in free]
    by.wake([lane.pk for lane in free])
    return found


def _start(
    lane: Lane,
    head: Delivery | None,
    connection: ConnectionView,
    view: SubscriptionView,
    *,
    by: Pressed,
) -> tuple[SyncRun, bool]:
    actor = by.context.actor
    run, new = start_run(lane, asked_by=actor.name, correlation_id=by.correlation_id, now=by.now)
    if new:
        _ask_again(lane, head, now=by.now)
        record(
            Event.REQUEST_SYNC,
            actor=actor,
            now=by.now,
            subject=subject_on(view.subject(), connection),
            correlation_id=by.correlation_id,
            status=Status.PROCESSING,
            summary=f"{run.seen} operation{'' if run.seen == 1 else 's'} waiting",
            details={"run": run.pk},
        )
    return run, new


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
    view = get_subscription(context, run.subscription_id)
    hidden = view.hidden_until(context)
    if any(operation.sequence <= hidden for operation in run.operations):
        raise NotFound("There is no such run.")
    return run
