"""Map a subscription to a line as a person decides: look first, then one of three first syncs.

Looking is the only call to Autotask here, and it is never made inside a transaction.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from django.db import transaction

from tallystick.bootstrap.look_before import BillingOf, Seen, billing_of, check_seen, look_before
from tallystick.connections.queries import ConnectionView, get_connection, subject_on
from tallystick.kit.clock import day_begins
from tallystick.kit.problem import InvalidInput, Unreachable
from tallystick.ledger.record import Begins
from tallystick.ledger.sightings import keep_what_was_before
from tallystick.mappings.hold import hold_names
from tallystick.mappings.map_subscription import (
    Place,
    hold_unmapped,
    map_subscription,
    refuse_mapped,
)
from tallystick.mappings.places import check_place
from tallystick.operations.finish import Asked
from tallystick.operations.map_existing import map_existing
from tallystick.subscriptions.queries import SubscriptionView, get_subscription
from tallystick.subscriptions.rules import read_effective_day
from tallystick.sync.first_look import Look, Ours, adopt


class FirstSync(StrEnum):
    """What happens to a difference when a subscription is mapped."""

    ADOPT = "adopt"  # what Autotask shows is what is expected from now on; nothing is sent
    BRING = "bring"  # Autotask is brought to ours from a day on
    LEAVE = "leave"  # nothing is compared or sent before a day; then it is brought to ours
    NONE = "none"  # nothing is compared and nothing sent until the next change


def map_line(
    subscription_id: int,
    connection_id: int,
    *,
    contract_id: int,
    line_id: int | None,
    first_sync: FirstSync,
    effective_on: object = None,
    today: date,
    asked: Asked,
    seen_units: int | None = None,
    billing: BillingOf = billing_of,
) -> None:
    """Map it and do the first sync that was chosen. ``seen_units``: what the person was shown.

    Raises NotFound, NotAllowed, Conflicting, InvalidInput, Unreachable.
    """
    day = read_effective_day(effective_on, today=today)
    adopts = first_sync is FirstSync.ADOPT
    if adopts and line_id is None:
        raise InvalidInput.one("first_sync", "a line of its own has nothing to adopt yet")
    refuse_mapped(get_subscription(asked.context, subscription_id).id)
    seen: Seen | None = None
    try:
        seen = look_before(
            subscription_id,
            connection_id,
            contract_id=contract_id,
            line_id=line_id,
            day=today if adopts else day,
            asked=asked,
            billing=billing,
        )
    except Unreachable:
        # What others did to it is only told: nothing waits for that.
        if adopts:
            raise
    if adopts and seen is not None:
        check_seen(seen, seen_units)
    store_line(
        subscription_id,
        connection_id,
        contract_id=contract_id,
        line_id=line_id,
        first_sync=first_sync,
        day=day,
        look=seen,
        today=today,
        asked=asked,
    )


def store_line(
    subscription_id: int,
    connection_id: int,
    *,
    contract_id: int,
    line_id: int | None,
    first_sync: FirstSync,
    day: date,
    look: Seen | None,
    today: date,
    asked: Asked,
) -> None:
    """In one transaction; ``look``: what was seen of the line, and is to be adopted if so chosen.

    Raises as ``map_line``.
    """
    if first_sync is FirstSync.LEAVE and day <= today:
        raise InvalidInput.one(
            "effective_on", "must be a later day than today: until then nothing is compared"
        )
    with transaction.atomic():
        connection = get_connection(asked.context, connection_id)
        view = hold_unmapped(asked.context, subscription_id)
        hold_names(connection.id, view)
        place = check_place(
            asked.context,
            connection.id,
            view.id,
            contract_id=contract_id,
            line_id=line_id,
            from_on=day,
        )
        if first_sync in {FirstSync.BRING, FirstSync.LEAVE}:
            at = day_begins(day, connection.time_zone)
            lane_id = map_existing(
                subscription_id=view.id,
                connection_id=connection.id,
                place=place,
                effective_on=day,
                today=today,
                asked=asked,
                begins=Begins(day, at) if first_sync is FirstSync.LEAVE else None,
            ).lane_id
        else:
            lane_id = map_only(view, connection, place, asked)
        if look is not None:
            keep_seen(lane_id, view, connection, look, asked, adopts=first_sync is FirstSync.ADOPT)


def map_only(view: SubscriptionView, connection: ConnectionView, place: Place, asked: Asked) -> int:
    """Answers the lane's id; nothing is compared yet."""
    return map_subscription(
        view.id,
        connection.id,
        place,
        context=asked.context,
        now=asked.now,
        correlation_id=asked.correlation_id,
    )


def keep_seen(
    lane_id: int,
    view: SubscriptionView,
    connection: ConnectionView,
    seen: Seen,
    asked: Asked,
    *,
    adopts: bool,
) -> None:
    """What others did to the line; and, when it is adopted, what it shows. In a transaction."""
    if adopts and seen.look is not None:
        adopt_seen(lane_id, view, connection, seen.look, seen.ours, asked)
    if seen.place.line_id is not None:
        keep_what_was_before(
            lane_id,
            seen.changes,
            contract_id=seen.place.contract_id,
            line_id=seen.place.line_id,
            now=asked.now,
        )


def adopt_seen(
    lane_id: int,
    view: SubscriptionView,
    connection: ConnectionView,
    look: Look,
    ours: Ours,
    asked: Asked,
) -> None:
    """What was seen is what is expected from now on; in a transaction."""
    adopt(
        lane_id,
        look,
        ours,
        subject=subject_on(view.subject(), connection),
        actor=asked.context.actor,
        now=asked.now,
        correlation_id=asked.correlation_id,
    )
