"""Map a subscription to a line of a contract, and unmap it. Nothing is sent by mapping alone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from tallystick.audit.events import Event
from tallystick.audit.record import record
from tallystick.connections.queries import get_connection, subject_on
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.days import in_words
from tallystick.kit.problem import Conflicting, NotFound
from tallystick.ledger.group import group_of
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.record import Begins, close_lane, open_lane
from tallystick.ledger.settle import Cause, change
from tallystick.ledger.state import SETTLED, State
from tallystick.mappings.exclude import end_exclusion
from tallystick.mappings.hold import hold_line, hold_subscription
from tallystick.mappings.kinds import Ours
from tallystick.mappings.models import Billed, LeftPlace, LineWanted, NextPlace, SubscriptionMapping
from tallystick.subscriptions.queries import SubscriptionView

NEVER_BEGUN = Cause("unmapped", "Unmapped before its first day: nothing was sent.")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subscription is billed; ``line_id`` None asks for a line of its own."""

    company_id: int
    company_name: str
    contract_id: int
    contract_name: str
    service_id: int
    service_name: str
    line_id: int | None
    contract_starts_on: date | None = None
    contract_ends_on: date | None = None
    contract_active: bool | None = None
    period_months: int | None = None
    checked_at: datetime | None = None


def place_of(row: Billed) -> Place:
    """The columns of a mapping as a place."""
    return Place(**{one.name: getattr(row, one.name) for one in fields(Place)})


def fields_of(place: Place) -> dict[str, Any]:
    """The place as the columns of a mapping."""
    return {**asdict(place), "own_line": place.line_id is None}


def map_subscription(
    subscription_id: int,
    connection_id: int,
    place: Place,
    *,
    context: Context,
    now: datetime,
    correlation_id: str,
    begins: Begins | None = None,
) -> int:
    """Answer the lane's id. Raises NotFound, NotAllowed, Conflicting. An exclusion ends with it.

    ``begins``: nothing is compared or sent before that day.
    """
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    within = context.within(connection.reseller_id)
    try:
        with transaction.atomic():
            view = hold_unmapped(within, subscription_id)
            _hold_free_line(connection.id, place.line_id)
            lane_id = open_lane(
                tenant_id=view.tenant_id,
                subscription_id=view.id,
                connection_id=connection.id,
                now=now,
                begins=begins,
            )
            SubscriptionMapping.objects.create(
                tenant_id=view.tenant_id,
                connection_id=connection.id,
                subscription_id=view.id,
                lane_id=lane_id,
                created_at=now,
                **fields_of(place),
            )
            end_exclusion(Ours.SUBSCRIPTION, view.id, connection.id)
            record(
                Event.CREATE_SUBSCRIPTION_MAPPING,
                actor=context.actor,
                now=now,
                subject=subject_on(view.subject(), connection),
                correlation_id=correlation_id,
                summary=f"{place.company_name} / {place.contract_name} / {place.service_name}",
                details={
                    "company_id": place.company_id,
                    "contract_id": place.contract_id,
                    "service_id": place.service_id,
                    "line_id": place.line_id,
                },
            )
    except IntegrityError as error:
        raise _taken(error) from error
    return lane_id


def hold_unmapped(context: Context, subscription_id: int) -> SubscriptionView:
    """In a transaction: nobody else maps it meanwhile. Raises NotFound, Conflicting."""
    view = hold_subscription(context, subscription_id)
    refuse_mapped(view.id)
    _refuse_leaving(view.id)
    return view


def _refuse_leaving(subscription_id: int) -> None:
    """Raises Conflicting while a line it has shared still bills it."""
    own = {"operation__subscription_id": subscription_id, "lane__open": True}
    if Delivery.objects.filter(UNSETTLED, **own).exists():
        raise Conflicting(
            "The line it was billed on together with others still bills it: what takes it off "
            "there is not settled. Nothing was changed. See one of the others, and wait or decide "
            "there."
        )


def refuse_mapped(subscription_id: int) -> None:
    """Raises Conflicting, in words that name nobody: the other may not be in our context."""
    if SubscriptionMapping.objects.filter(subscription_id=subscription_id).exists():
        raise _mapped_already()


def _mapped_already() -> Conflicting:
    return Conflicting(
        "This subscription is already mapped to a connection. Nothing was changed. "
        "It has to be unmapped there first."
    )


def _hold_free_line(connection_id: int, line_id: int | None) -> None:
    if line_id is not None:
        hold_line(connection_id, line_id)
        if taken_lines(connection_id, [line_id]):
            raise line_is_taken()


def taken_lines(connection_id: int, line_ids: Collection[int]) -> set[int | None]:
    """Those of these that bill a subscription, now or from a day on, or are on their way to 0.

    From a day on first: a line that changes from there to now meanwhile is seen in one of them.
    """
    return {
        line_id
        for table in (NextPlace, SubscriptionMapping, LeftPlace)
        for line_id in table._default_manager.filter(
            connection_id=connection_id, line_id__in=line_ids
        ).values_list("line_id", flat=True)
    }


def line_is_taken() -> Conflicting:
    return Conflicting(
        "Another subscription is already billed by this line of the contract, or will be. "
        "Nothing was changed. Choose another line, or a line of its own."
    )


def _taken(error: IntegrityError) -> Conflicting:
    if "line_taken_once" in str(error):
        return line_is_taken()
    return _mapped_already()


def refuse_following(subscription_id: int) -> None:
    """Raises Conflicting while another line is to bill it, or is still to be found for it."""
    refuse_next_place(subscription_id)
    wanted = LineWanted.objects.filter(subscription_id=subscription_id).first()
    if wanted is not None:
        raise Conflicting(
            f"Its offer changed on {in_words(wanted.begins_on)}, and no line bills the new one "
            "yet. Nothing was changed. Choose that line and press Sync first."
        )


def refuse_shared(subscription_id: int) -> None:
    """Raises Conflicting while a line bills it together with others."""
    others = len(group_of(subscription_id)) - 1
    if others > 0:
        with_whom = "another subscription" if others == 1 else f"{others} others"
        raise Conflicting(
            f"It is billed on one line together with {with_whom}. Nothing was changed. Bill it "
            "apart from them first."
        )


def refuse_next_place(subscription_id: int) -> None:
    """Raises Conflicting."""
    following = NextPlace.objects.filter(subscription_id=subscription_id).first()
    if following is not None:
        raise Conflicting(
            f"It is to continue on {following.contract_name} from "
            f"{in_words(following.begins_on)}. Nothing was changed. Take that back first, or wait "
            "until it is done."
        )


def unmap_subscription(
    subscription_id: int,
    connection_id: int,
    *,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> None:
    """Raises NotFound, NotAllowed, and Conflicting while anything is not settled.

    What waits for a first day that has not come is settled with it: nothing was ever sent.
    """
    context.require(Right.MAP)
    connection = get_connection(context, connection_id)
    with transaction.atomic():
        view = hold_subscription(context, subscription_id)
        mapping = SubscriptionMapping.objects.filter(
            subscription_id=view.id, connection_id=connection.id
        ).first()
        if mapping is None:
            raise NotFound("The subscription is not mapped to this connection.")
        refuse_next_place(view.id)
        wanted = LineWanted.objects.filter(subscription_id=view.id).first()
        lane = Lane.objects.select_for_update(no_key=True).get(pk=mapping.lane_id)
        refuse_shared(view.id)  # nobody joins it from now on
        lane_ids = [lane.pk] + ([wanted.lane_id] if wanted else [])
        rests = lane.begins_at is not None and lane.begins_at > now
        unsettled = list(
            Delivery.objects.filter(lane__in=lane_ids)
            .exclude(state__in=[state.value for state in SETTLED])
            .order_by("lane", "sequence")
        )
        if unsettled and not rests:
            raise Conflicting(
                f"Not settled yet: {len(unsettled)} of this subscription's operations. Nothing was "
                "changed. Sync or decide on them first: they belong to this contract."
            )
        for delivery in unsettled:
            change(delivery, State.RESOLVED, now=now, cause=NEVER_BEGUN)
        mapping.delete()
        if wanted is not None:
            wanted.delete()
        for lane_id in lane_ids:
            close_lane(lane_id)
        record(
            Event.DELETE_SUBSCRIPTION_MAPPING,
            actor=context.actor,
            now=now,
            subject=subject_on(view.subject(), connection),
            correlation_id=correlation_id,
            details={"contract_id": mapping.contract_id, "line_id": mapping.line_id},
        )
