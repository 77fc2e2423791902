"""Where a mapped subscription goes on from a day: next year's contract, or a line of its new offer.

From that day a lane of its own keeps the new line; the earlier lane keeps the earlier line until
then. Nothing is read or sent for the new one before its day, so what changes meanwhile travels
with the first call. ``operations/take_over`` does the rest when the day has come.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import record
from tallystick.connections.queries import ConnectionView, get_connection, subject_on
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.clock import day_begins
from tallystick.kit.days import in_words
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.record import Begins, close_lane, end_lane, open_lane
from tallystick.ledger.settle import Cause, change
from tallystick.ledger.state import State
from tallystick.mappings.hold import hold_line, hold_names, hold_subscription
from tallystick.mappings.map_subscription import (
    Place,
    fields_of,
    line_is_taken,
    refuse_following,
    refuse_shared,
    taken_lines,
)
from tallystick.mappings.models import LineWanted, NextPlace, SubscriptionMapping
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
    if place.contract_id == mapping.contract_id:
        raise InvalidInput.one("contract_id", "is the contract it is billed on: choose another")
    lane = _hold_places(mapping, view, place)
    _check_day(lane, begins)
    lane_id = _open_next(lane, place, begins=begins, context=context, now=now)
    return Planned(lane_id, mapping.contract_name or str(mapping.contract_id))


def plan_line_of_offer(
    view: SubscriptionView,
    mapping: SubscriptionMapping,
    place: Place | None,
    *,
    from_on: date,
    zone: str,
    context: Context,
    now: datetime,
) -> int:
    """The same for another offer, ``view``'s; answers the new lane. ``place`` None: no line yet.

    What is dated later on the line that is left stays there: then the new one begins with that
    day. Raises Conflicting; then nothing is stored.
    """
    lane = _hold_places(mapping, view, place)
    first = max(filter(None, [from_on, lane.begins_on, _last_day(lane, from_on)]))
    begins = Begins(first, day_begins(first, zone))
    return _open_next(lane, place, begins=begins, context=context, now=now, new_offer=True)


def refuse_other_line(mapping: SubscriptionMapping) -> None:
    """Raises Conflicting while a line of another offer is taking over: it would get the price."""
    other = NextPlace.objects.filter(subscription_id=mapping.subscription_id)
    if other.exclude(service_id=mapping.service_id).exists():
        refuse_following(mapping.subscription_id)


def _hold_places(mapping: SubscriptionMapping, view: SubscriptionView, place: Place | None) -> Lane:
    """The lane that is left, locked; nobody else takes the line meanwhile. Raises Conflicting."""
    hold_names(mapping.connection_id, view)
    if place is not None:
        _hold_free(mapping.connection_id, place)
    refuse_following(view.id)
    lane = Lane.objects.select_for_update(no_key=True).get(pk=mapping.lane_id)
    refuse_shared(view.id)  # nobody joins it from now on
    return lane


def _hold_free(connection_id: int, place: Place) -> None:
    if place.line_id is not None:
        hold_line(connection_id, place.line_id)
        if taken_lines(connection_id, [place.line_id]):
            raise line_is_taken()


def _open_next(
    lane: Lane,
    place: Place | None,
    *,
    begins: Begins,
    context: Context,
    now: datetime,
    new_offer: bool = False,
) -> int:
    end_lane(lane.pk, on=begins.on, rates_too=new_offer)
    whose = {
        "tenant_id": lane.tenant_id,
        "subscription_id": lane.subscription_id,
        "connection_id": lane.connection_id,
    }
    lane_id = open_lane(**whose, now=now, begins=begins)
    of_it: dict[str, Any] = {
        **whose,
        "lane_id": lane_id,
        "begins_on": begins.on,
        "begins_at": begins.at,
        "asked_by": context.actor.name[:200],
        "created_at": now,
    }
    if place is None:
        LineWanted.objects.create(**of_it)
    else:
        NextPlace.objects.create(**of_it, **fields_of(place))
    return lane_id


def current_mapping(subscription_id: int, connection_id: int) -> SubscriptionMapping:
    """Raises NotFound."""
    mapping = SubscriptionMapping.objects.filter(
        subscription_id=subscription_id, connection_id=connection_id
    ).first()
    if mapping is None:
        raise NotFound("The subscription is not mapped to this connection.")
    return mapping


def _check_day(lane: Lane, begins: Begins) -> None:
    if lane.expected_units is None:
        raise Conflicting(
            "Nothing has been proved of the line it is billed by. Nothing was changed. Decide on "
            "its first sync, or press Sync, before it continues elsewhere."
        )
    last = _last_day(lane, begins.on)
    if last is not None:
        raise InvalidInput.one(
            "from_on",
            f"must be later: a change from {in_words(last)} already belongs to the contract that "
            "would be left",
        )


def _last_day(lane: Lane, since: date) -> date | None:
    """The last day from ``since`` on from which something is already dated on this lane."""
    days = Delivery.objects.filter(lane=lane, effective_on__gte=since).exclude(
        state__in=[State.NOT_APPLICABLE.value, State.RESOLVED.value]
    )
    last = days.order_by("-effective_on").values_list("effective_on", flat=True).first()
    if lane.expected_from is not None and lane.expected_from >= since:
        last = max(lane.expected_from, last or lane.expected_from)
    return last


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
        _refuse_changed_offer(lane)
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


def _refuse_changed_offer(lane: Lane) -> None:
    if Delivery.objects.filter(lane=lane, operation__kind=OperationKind.CHANGE_OFFER).exists():
        raise Conflicting(
            "It has another offer, which this line cannot bill. Nothing was changed. Record a "
            "change of offer back instead."
        )
