"""Where a mapped subscription goes on from a day: next year's contract, usually.

From that day a lane of its own keeps the new line; the earlier lane keeps the earlier line until
then. Nothing is read or sent for the new one before its day, so what changes meanwhile travels
with the first call. ``operations/take_over`` does the rest when the day has come.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import record
from tallystick.connections.queries import ConnectionView, get_connection, subject_on
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.days import in_words
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.record import Begins, close_lane, end_lane, open_lane
from tallystick.ledger.settle import Cause, change
from tallystick.ledger.state import State
from tallystick.mappings.hold import hold_line, hold_names, hold_subscription
from tallystick.mappings.map_subscription import Place, fields_of, line_is_taken, taken_lines
from tallystick.mappings.models import NextPlace, SubscriptionMapping
from tallystick.subscriptions.queries import SubscriptionView

TAKEN_BACK = Cause("taken_back", "Taken back before its first day: nothing was sent.")


@dataclass(frozen=True, slots=True)
class Planned:
    """The lane of the new line, and the contract that is left."""

    lane_id: int
    leaves: str


def plan_next_place(
    view: SubscriptionView,
    connection: ConnectionView,
    place: Place,
    *,
    begins: Begins,
    context: Context,
    now: datetime,
) -> Planned:
    """In the transaction that records the operation, with the subscription held.

    Raises NotAllowed, NotFound, Conflicting, InvalidInput; then nothing is stored.
    """
    context.require(Right.MAP)
    mapping = current_mapping(view.id, connection.id)
    hold_names(connection.id, view)
    _check_place(mapping, place, connection.id)
    following = NextPlace.objects.filter(subscription_id=view.id).first()
    if following is not None:
        raise Conflicting(
            f"It already continues on {following.contract_name} from "
            f"{in_words(following.begins_on)}. Nothing was changed. Take that back first."
        )
    lane = Lane.objects.select_for_update(no_key=True).get(pk=mapping.lane_id)
    _check_day(lane, begins)
    end_lane(lane.pk, on=begins.on)
    lane_id = open_lane(
        tenant_id=view.tenant_id,
        subscription_id=view.id,
        connection_id=connection.id,
        now=now,
        begins=begins,
    )
    NextPlace.objects.create(
        tenant_id=view.tenant_id,
        connection_id=connection.id,
        subscription_id=view.id,
        lane_id=lane_id,
        begins_on=begins.on,
        begins_at=begins.at,
        asked_by=context.actor.name[:200],
        created_at=now,
        **fields_of(place),
    )
    return Planned(lane_id, mapping.contract_name or str(mapping.contract_id))


def current_mapping(subscription_id: int, connection_id: int) -> SubscriptionMapping:
    """Raises NotFound."""
    mapping = SubscriptionMapping.objects.filter(
        subscription_id=subscription_id, connection_id=connection_id
    ).first()
    if mapping is None:
        raise NotFound("The subscription is not mapped to this connection.")
    return mapping


def _check_place(mapping: SubscriptionMapping, place: Place, connection_id: int) -> None:
    if place.contract_id == mapping.contract_id:
        raise InvalidInput.one("contract_id", "is the contract it is billed on: choose another")
    if place.line_id is not None:
        hold_line(connection_id, place.line_id)
        if taken_lines(connection_id, [place.line_id]):
            raise line_is_taken()


def _check_day(lane: Lane, begins: Begins) -> None:
    if lane.expected_units is None:
        raise Conflicting(
            "Nothing has been proved of the line it is billed by. Nothing was changed. Decide on "
            "its first sync, or press Sync, before it continues elsewhere."
        )
    days = Delivery.objects.filter(lane=lane, effective_on__gte=begins.on).exclude(
        state__in=[State.NOT_APPLICABLE.value, State.RESOLVED.value]
    )
    last = days.order_by("-effective_on").values_list("effective_on", flat=True).first()
    if lane.expected_from is not None and lane.expected_from >= begins.on:
        last = max(lane.expected_from, last or lane.expected_from)
    if last is not None:
        raise InvalidInput.one(
            "from_on",
            f"must be later: a change from {in_words(last)} already belongs to the contract that "
            "would be left",
        )


@dataclass(frozen=True, slots=True)
class Following:
    """Where a subscription goes on, and from when."""

    contract_id: int
    contract_name: str
    begins_on: date


def following_of(subscription_ids: Collection[int]) -> Mapping[int, Following]:
    """By subscription; those that go on elsewhere only."""
    rows = NextPlace.objects.filter(subscription_id__in=subscription_ids)
    return {
        row.subscription_id: Following(row.contract_id, row.contract_name, row.begins_on)
        for row in rows
    }


def take_back(
    subscription_id: int,
    connection_id: int,
    *,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> None:
    """It stays where it is. Only before its day: until then nothing was sent.

    Raises NotAllowed, NotFound, Conflicting.
    """
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    with transaction.atomic():
        view = hold_subscription(context, subscription_id)
        following = NextPlace.objects.filter(
            subscription_id=view.id, connection_id=connection.id
        ).first()
        if following is None:
            raise NotFound("It is not to continue on another contract.")
        lane = Lane.objects.select_for_update(no_key=True).get(pk=following.lane_id)
        if following.begins_at <= now:
            raise Conflicting(
                f"{following.contract_name} bills it since {in_words(following.begins_on)}. "
                "Nothing was changed. It can be continued on the other contract from a later day."
            )
        waiting = list(Delivery.objects.filter(UNSETTLED, lane=lane).select_related("operation"))
        later = [
            one
            for one in waiting
            if one.operation.kind != OperationKind.CONTINUE.value
            and one.operation.effective_on >= following.begins_on
        ]
        if later:
            raise Conflicting(
                f"Changes from {in_words(following.begins_on)} on wait for "
                f"{following.contract_name} ({len(later)}). Nothing was changed: they would be "
                "sent nowhere."
            )
        for delivery in waiting:
            change(delivery, State.RESOLVED, now=now, cause=TAKEN_BACK)
        close_lane(lane.pk)
        end_lane(current_mapping(view.id, connection.id).lane_id, on=None)
        record(
            Event.TAKE_BACK_CONTINUATION,
            actor=context.actor,
            now=now,
            subject=subject_on(view.subject(), connection),
            correlation_id=correlation_id,
            summary=f"It does not continue on {following.contract_name} from "
            f"{in_words(following.begins_on)}",
            details={
                "contract_id": following.contract_id,
                "begins_on": following.begins_on.isoformat(),
            },
        )
        following.delete()
