"""Decide later on a subscription that was mapped without a first sync."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.db import transaction

from tallystick.bootstrap.look_around import changed_by_others
from tallystick.bootstrap.look_before import (
    BillingOf,
    Seen,
    billing_of,
    check_seen,
    look_or_say,
    ours_of,
)
from tallystick.bootstrap.mapping import FirstSync, adopt_seen
from tallystick.connections.queries import get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.ledger.group import group_of
from tallystick.ledger.models import Delivery, Lane
from tallystick.ledger.queries import UNSETTLED
from tallystick.mappings.map_subscription import place_of
from tallystick.mappings.next_place import current_mapping
from tallystick.operations.finish import Asked
from tallystick.operations.map_existing import bring_to_ours
from tallystick.subscriptions.queries import get_subscription, views_by_id
from tallystick.sync.first_look import Ours


def look_at_left(
    subscription_id: int,
    connection_id: int,
    *,
    day: date,
    asked: Asked,
    billing: BillingOf = billing_of,
) -> Seen:
    """Its line beside what we have. Reads Autotask, stores nothing.

    Raises NotFound, NotAllowed, Unreachable.
    """
    asked.context.require(Right.MAP)
    connection = get_connection(asked.context, connection_id)
    view = get_subscription(asked.context, subscription_id)
    place = place_of(current_mapping(view.id, connection.id))
    ours = _together(ours_of(view, connection), view.id)
    look = look_or_say(billing, connection.id, {view.id: (place, ours)}, since=day).get(view.id)
    return Seen(place, ours, look, changed_by_others(connection.id, place, look))


def _together(ours: Ours, subscription_id: int) -> Ours:
    """With what the others have that are billed on the same line."""
    others = [one for one in group_of(subscription_id) if one != subscription_id]
    more = sum(view.quantity for view in views_by_id(others).values())
    return replace(ours, units=ours.units + more, quantity=(ours.quantity or 0) + more)


def decide_first_sync(
    subscription_id: int,
    connection_id: int,
    *,
    first_sync: FirstSync,
    effective_on: object = None,
    today: date,
    asked: Asked,
    seen_units: int | None = None,
    billing: BillingOf = billing_of,
) -> None:
    """Adopt Autotask's value, or bring Autotask to ours from a day.

    Raises NotFound, NotAllowed, Conflicting (it is compared already), InvalidInput, Unreachable.
    """
    if first_sync not in {FirstSync.ADOPT, FirstSync.BRING}:
        raise InvalidInput.one("first_sync", "must be adopt or bring")
    seen = None
    if first_sync is FirstSync.ADOPT:
        seen = look_at_left(subscription_id, connection_id, day=today, asked=asked, billing=billing)
        if seen.look is None:
            raise InvalidInput.one("first_sync", "a line of its own has nothing to adopt yet")
        check_seen(seen, seen_units)
    with transaction.atomic():
        connection = get_connection(asked.context, connection_id)
        view = get_subscription(asked.context, subscription_id)
        lane_id = current_mapping(view.id, connection.id).lane_id
        lane = Lane.objects.select_for_update(no_key=True).get(pk=lane_id)
        if lane.expected_units is not None or Delivery.objects.filter(UNSETTLED, lane=lane):
            raise Conflicting(
                "It is compared and sent already: somebody decided on it, or it has changed since. "
                "Nothing was changed. Look at its timeline."
            )
        if seen is not None and seen.look is not None:
            adopt_seen(lane_id, view, connection, seen.look, seen.ours, asked)
            return
        bring_to_ours(
            subscription_id=view.id,
            connection_id=connection.id,
            effective_on=effective_on,
            today=today,
            asked=asked,
        )
