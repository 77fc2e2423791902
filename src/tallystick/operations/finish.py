"""The shared last step of every operation: state, operation, deliveries and audit, or nothing.

1. In one transaction, lock the subscription's row: from here its numbers are given out in turn.
2. Ask the verb's decision again on what is really there now.
3. Write the new state, the operation with the next number, one delivery for each connection
   the subscription is mapped to, and the audit record.
4. Nudge the engine; the nudge is part of the transaction. Nothing here talks to the outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from tallystick.audit.events import Event, Status
from tallystick.audit.record import record
from tallystick.connections.overrides import how_billed
from tallystick.connections.policies import Mode
from tallystick.connections.queries import load as load_connection
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.days import in_words
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput, NotFound
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Operation
from tallystick.ledger.record import (
    NotApplicable,
    NotSent,
    Origin,
    Recorded,
    applies,
    record_operation,
)
from tallystick.ledger.wake import Wake
from tallystick.operations.keep_refused import ask_again, forget_refused
from tallystick.operations.of_a_group import refuse_alone
from tallystick.subscriptions.models import RefusedChange, ScheduledChange, Subscription
from tallystick.subscriptions.queries import SubscriptionView, view_of, visible
from tallystick.subscriptions.refused import PROMOTION
from tallystick.subscriptions.scheduled import view_of as view_of_scheduled
from tallystick.subscriptions.status import EndOfTerm


@dataclass(frozen=True, slots=True)
class Asked:
    """What every verb is given besides its own arguments."""

    context: Context
    origin: Origin
    correlation_id: str
    now: datetime
    wake: Wake


@dataclass(frozen=True, slots=True)
class Change:
    """What a verb decided: the operation, and the subscription's new values."""

    kind: OperationKind
    event: Event
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    effective_on: date
    fields: Mapping[str, Any]
    summary: str
    only_lane_id: int | None = None  # it is about this lane and no other
    for_all: bool = False  # recorded for each that is billed on the same line
    not_applicable: NotApplicable = applies


Decide = Callable[[SubscriptionView], Change | list[FieldError]]

# The source of what happens by itself when its day has come.
SCHEDULE = "schedule"
# What was scheduled is done with these, or has nothing left that it could change.
FULFILS = frozenset(
    {
        OperationKind.RENEW,
        OperationKind.CANCEL,
        OperationKind.EXPIRE,
        OperationKind.DELETE,
        OperationKind.MOVE_TO_RESELLER,
    }
)
# Somebody says anew what is to happen by itself.
DECIDES = frozenset({OperationKind.SCHEDULE_CHANGE})

# With these there is no promotion any more, from whatever day.
ENDS_PROMOTION = frozenset({OperationKind.END_PROMOTION, OperationKind.MOVE_TO_RESELLER})


def finish(subscription_id: int, decide: Decide, *, asked: Asked) -> Recorded:
    """Carry it out. Raises NotAllowed, NotFound, InvalidInput, Conflicting; then nothing is stored.

    The same origin again answers the operation that is already there.
    """
    asked.context.require(Right.OPERATE)
    first_what_is_due(subscription_id, asked)
    return record_now(subscription_id, decide, asked=asked)


def record_now(subscription_id: int, decide: Decide, *, asked: Asked) -> Recorded:
    """As ``finish``, where what is due has had its turn."""
    with transaction.atomic():
        row = (
            visible(asked.context)
            .select_related("customer", "offer")
            .select_for_update(of=("self",), no_key=True)
            .filter(pk=subscription_id)
            .first()
        )
        if row is None:
            raise NotFound("There is no such subscription. Nothing was recorded.")
        known = already_recorded(asked, subscription_id)
        if known is not None:
            return known
        view = view_of(row)
        decided = decide(view)
        if isinstance(decided, list):
            raise InvalidInput(decided)
        return write(row, view, decided, asked=asked)


def first_what_is_due(subscription_id: int, asked: Asked) -> None:
    """What was scheduled for a day that has come happens before anything else is recorded, also
    when no worker has been there."""
    is_it_itself = asked.origin.source == SCHEDULE
    if is_it_itself or not ScheduledChange.objects.filter(subscription=subscription_id).exists():
        return
    # Here, because what is carried out comes back here as its last step.
    from tallystick.operations.carry_out import carry_out

    carry_out(subscription_id, now=asked.now, wake=asked.wake)


def already_recorded(asked: Asked, subscription_id: int | None) -> Recorded | None:
    """The operation of this origin. Raises Conflicting when it belongs to another subscription."""
    if asked.origin.source_id is None:
        return None
    known = Operation.objects.filter(
        tenant_id=asked.context.tenant_id,
        source=asked.origin.source,
        source_id=asked.origin.source_id,
    ).first()
    if known is None:
        return None
    if known.subscription_id != subscription_id:
        raise Conflicting(
            f"“{asked.origin.source_id}” was already used for another subscription's operation. "
            "Nothing was recorded."
        )
    return Recorded(known.pk, known.sequence, ())


def write(row: Subscription, view: SubscriptionView, change: Change, *, asked: Asked) -> Recorded:
    """Step 3 and 4, on a subscription whose row is locked in this transaction.

    Raises InvalidInput for a day from which it is to have another offer, Conflicting for what one
    of several on a line may not do by itself.
    """
    _refuse_after_scheduled(row, change)
    if not change.for_all:
        refuse_alone(row, change.kind, change.fields)
    fields = {
        **change.fields,
        **_promotion_after(row.promotion_ends_on, change),
        "last_sequence": row.last_sequence + 1,
    }
    if "end_of_term" in change.fields:
        fields["end_said_at"] = asked.now
    for field, value in fields.items():
        setattr(row, field, value)
    # No more than that: what writes a key, even the same one, keeps out who refers to the row.
    row.save(update_fields=list(fields))
    _about_what_was_refused(row, change, asked)
    recorded = record_operation(
        tenant_id=row.tenant_id,
        subscription_id=row.pk,
        sequence=row.last_sequence,
        kind=change.kind,
        before=change.before,
        after=change.after,
        effective_on=change.effective_on,
        actor=asked.context.actor,
        origin=asked.origin,
        correlation_id=asked.correlation_id,
        now=asked.now,
        only_lane_id=change.only_lane_id,
        not_applicable=change.not_applicable,
        awaits_approval=lambda connection_id: _is_held(change, view, connection_id),
    )
    record(
        change.event,
        actor=asked.context.actor,
        now=asked.now,
        subject=replace(view.subject(), operation_id=recorded.operation_id),
        correlation_id=asked.correlation_id,
        summary=change.summary,
        details={
            "operation": recorded.sequence,
            "kind": change.kind.value,
            "before": dict(change.before),
            "after": dict(change.after),
            "effective_on": change.effective_on.isoformat(),
            "source": asked.origin.source,
            "source_id": asked.origin.source_id,
        },
    )
    for one in recorded.not_applicable:
        _note_not_applicable(one, view, change, recorded, asked)
    if recorded.lane_ids:
        asked.wake(recorded.lane_ids)
    return recorded


def _promotion_after(ends_on: date | None, change: Change) -> Mapping[str, date | None]:
    """A price that says nothing of a promotion has none that ends. What it had until then still
    ends on its day, unless a person says that it has."""
    if "unit_price" not in change.fields:
        return {}
    said: date | None = change.fields.get("promotion_ends_on")
    if said is not None or ends_on is None or change.kind in ENDS_PROMOTION:
        return {"promotion_ends_on": said}
    is_later = change.effective_on > ends_on + timedelta(days=1)
    return {"promotion_ends_on": ends_on if is_later else None}


def _refuse_after_scheduled(row: Subscription, change: Change) -> None:
    """From that day on another line may bill it: what is dated then is recorded then."""
    scheduled = ScheduledChange.objects.filter(subscription_id=row.pk).first()
    if scheduled is None:
        return
    if change.kind in FULFILS or "commitment_ends_on" in change.fields:
        scheduled.delete()
        return
    day = view_of_scheduled(scheduled).on
    if change.kind in DECIDES or (change.kind is OperationKind.REACTIVATE and _was_refused(row)):
        return  # a way past what is scheduled and was refused
    changes_offer = scheduled.offer_id is not None or row.end_of_term == EndOfTerm.EXTEND.value
    if changes_offer and day is not None and change.effective_on >= day:
        raise InvalidInput.one(
            "effective_on",
            f"must be before {in_words(day)}: it is to have another offer from then. Take that "
            "back first, or record this on that day",
        )


def _was_refused(row: Subscription) -> bool:
    """The end of a promotion is nothing that was scheduled."""
    return RefusedChange.objects.filter(subscription_id=row.pk).exclude(asks=PROMOTION).exists()


def _about_what_was_refused(row: Subscription, change: Change, asked: Asked) -> None:
    """Decided otherwise, it is over; whatever else is so now, it is asked again soon."""
    if (
        change.kind in FULFILS | DECIDES
        or "commitment_ends_on" in change.fields
        or "end_of_term" in change.fields
    ):
        forget_refused(row.pk)
        return
    # Not where it still ends on its day, before the new price.
    is_over = change.fields.get("promotion_ends_on") == row.promotion_ends_on
    if "unit_price" in change.fields and is_over:
        forget_refused(row.pk, asks=PROMOTION)
    ask_again(row.pk, now=asked.now)


def _is_held(change: Change, view: SubscriptionView, connection_id: int) -> bool:
    """Whether it waits for approval. What ends the line that another has taken over was approved
    with that one: between the two the customer would be billed twice."""
    if change.kind is OperationKind.END and "continued_by" in change.after:
        return False
    connection = load_connection(connection_id)
    told = how_billed(connection, customer_id=view.customer.id, subscription_id=view.id)
    return told.mode is Mode.REVIEW


def _note_not_applicable(
    one: NotSent, view: SubscriptionView, change: Change, recorded: Recorded, asked: Asked
) -> None:
    """It was performed where there was nothing to perform: said, and no failure."""
    connection = load_connection(one.connection_id)
    record(
        Event.UPDATE_SUBSCRIPTION_ON_CONNECTION,
        actor=asked.context.actor,
        now=asked.now,
        subject=replace(
            view.subject(),
            connection_id=connection.id,
            connection_name=connection.name,
            operation_id=recorded.operation_id,
            delivery_id=one.delivery_id,
        ),
        correlation_id=asked.correlation_id,
        status=Status.NOT_APPLICABLE,
        summary=one.because,
        details={"operation": recorded.sequence, "kind": change.kind.value, "sent": None},
    )
