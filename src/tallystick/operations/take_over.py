"""The day has come: another line takes a subscription over, of another contract or its new offer.

1. The new line must be proved first; until then nothing happens to the earlier one.
2. Then the earlier line goes to 0 from the same day, by an operation of its own that names the
   first one. When reading shows that its contract has ended by itself, nothing is sent.
3. When that is settled, and everything that still waited for the earlier line, the new place is
   the mapping and the earlier lane is closed. Until then both are on their way, and either stops
   visibly.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import Actor
from tallystick.identity.context import Context
from tallystick.identity.roles import Role
from tallystick.kit.days import in_words
from tallystick.kit.ids import correlation_id
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Delivery, Lane, Operation
from tallystick.ledger.queries import UNSETTLED
from tallystick.ledger.record import Origin, close_lane
from tallystick.ledger.wake import Wake
from tallystick.mappings.map_subscription import fields_of, place_of
from tallystick.mappings.models import Billed, NextPlace, SubscriptionMapping
from tallystick.operations.finish import Asked, Change, finish
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import SubscriptionView

SOURCE = "schedule"


def due_to_take_over(*, now: datetime) -> Sequence[int]:
    """The ids of those whose day has come, the longest due first."""
    rows = NextPlace.objects.filter(begins_at__lte=now).order_by("begins_at", "pk")
    return list(rows.values_list("pk", flat=True))


def take_over(next_place_id: int, *, now: datetime, wake: Wake) -> bool:
    """Go one step on, if it is time for one. Answers whether the new place is the mapping now.

    Harmless to call too often or twice at once.
    """
    with transaction.atomic():
        # First of all, as everybody does who maps: so nobody waits in a circle.
        held = NextPlace.objects.filter(pk=next_place_id).values("subscription_id")
        list(Subscription.objects.select_for_update(no_key=True).filter(pk__in=held))
        following = (
            NextPlace.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(pk=next_place_id)
            .first()
        )
        if following is None or not _is_proved(following.lane_id):
            return False
        mapping = SubscriptionMapping.objects.get(subscription_id=following.subscription_id)
        earlier = Lane.objects.select_for_update(no_key=True).get(pk=mapping.lane_id)
        if following.end_operation_id is None and _bills_on(earlier):
            following.end_operation_id = record_end(following, now=now, wake=wake)
            following.save(update_fields=["end_operation"])
            return False
        if _is_unsettled(earlier.pk):
            return False
        _switch(mapping, following)
        return True


# What is billed on another line from its day on.
MOVES = (OperationKind.CONTINUE.value, OperationKind.CHANGE_OFFER.value)


def _is_proved(lane_id: int) -> bool:
    """Whether what began the new line is settled, and not merely set aside."""
    begins = Delivery.objects.filter(UNSETTLED, lane_id=lane_id, operation__kind__in=MOVES)
    known = Lane.objects.filter(pk=lane_id, expected_units__isnull=False)
    return known.exists() and not begins.exists()


def _is_unsettled(lane_id: int) -> bool:
    return Delivery.objects.filter(UNSETTLED, lane_id=lane_id).exists()


def _bills_on(earlier: Lane) -> bool:
    """Whether the earlier line is said to have units that may go on. (Its contract's last day is
    not asked here: it may have been moved since it was read.)"""
    return earlier.expected_units != 0 or _is_unsettled(earlier.pk)


def end_of_move(lane_ids: Sequence[int], *, now: datetime, wake: Wake) -> int | None:
    """For a look ahead: what would end the earlier line, once one of these is proved. In the
    transaction that recorded the move; answers the operation's id."""
    following = NextPlace.objects.filter(lane__in=lane_ids, end_operation=None).first()
    if following is None:
        return None
    mapping = SubscriptionMapping.objects.get(subscription_id=following.subscription_id)
    if not _bills_on(Lane.objects.get(pk=mapping.lane_id)):
        return None
    return record_end(following, now=now, wake=wake)


def record_end(following: NextPlace, *, now: datetime, wake: Wake) -> int:
    """The operation that takes the earlier line to 0; answers its id. In a transaction."""
    mapping = SubscriptionMapping.objects.get(subscription_id=following.subscription_id)
    earlier = Lane.objects.get(pk=mapping.lane_id)
    continued = Operation.objects.filter(
        subscription_id=following.subscription_id, kind__in=MOVES
    ).latest("sequence")
    left, to = names_of(mapping, following)
    actor = Actor(ref="system", name=f"Tallystick, for {following.asked_by}"[:200])
    asked = Asked(
        context=Context(following.tenant_id, None, Role.OPERATOR, actor),
        origin=Origin(SOURCE, f"end/{continued.pk}"),
        correlation_id=correlation_id(),
        now=now,
        wake=wake,
    )

    def decide(view: SubscriptionView) -> Change:
        return Change(
            kind=OperationKind.END,
            event=Event.END_SUBSCRIPTION_ON_CONTRACT,
            before={"quantity": earlier.expected_units, "contract": left},
            after={
                "quantity": 0,
                "contract": to,
                "continued_by": continued.sequence,
            },
            effective_on=following.begins_on,
            fields={},
            summary=f"{view.name} ends on {left} from {in_words(following.begins_on)}: operation "
            f"{continued.sequence} continues it on {to}",
            only_lane_id=earlier.pk,
        )

    return finish(following.subscription_id, decide, asked=asked).operation_id


def names_of(left: Billed, to: Billed) -> tuple[str, str]:
    """Two lines of one contract are told apart by their services."""
    here, there = (one.contract_name or str(one.contract_id) for one in (left, to))
    if left.contract_id == to.contract_id:
        return f"{here}, {left.service_name}", f"{there}, {to.service_name}"
    return here, there


def _switch(mapping: SubscriptionMapping, following: NextPlace) -> None:
    close_lane(mapping.lane_id)
    place, lane_id = place_of(following), following.lane_id
    own_line = following.own_line
    following.delete()
    for name, value in {**fields_of(place), "lane_id": lane_id, "own_line": own_line}.items():
        setattr(mapping, name, value)
    mapping.save()
