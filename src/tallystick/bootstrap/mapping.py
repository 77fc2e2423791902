"""Map a subscription to a line as a person decides: look first, then one of three first syncs.

Looking is the only call to Autotask here, and it is never made inside a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from django.db import transaction

from tallystick.bootstrap.clients import make_client
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.connections.trouble import BillingError
from tallystick.connectors.autotask.billing import AutotaskBilling
from tallystick.identity.roles import Right
from tallystick.kit.clock import day_begins
from tallystick.kit.problem import Conflicting, InvalidInput, Unreachable
from tallystick.ledger.record import Begins
from tallystick.mappings.map_subscription import Place, map_subscription
from tallystick.mappings.places import check_place, hold_names
from tallystick.operations.finish import Asked
from tallystick.operations.map_existing import map_existing
from tallystick.subscriptions.queries import SubscriptionView, get_subscription
from tallystick.subscriptions.rules import read_effective_day
from tallystick.sync.first_look import Look, Ours, adopt, look_at
from tallystick.sync.port import Billing

BillingOf = Callable[[int], Billing]


class FirstSync(StrEnum):
    """What happens to a difference when a subscription is mapped."""

    ADOPT = "adopt"  # what Autotask shows is what is expected from now on; nothing is sent
    BRING = "bring"  # Autotask is brought to ours from a day on
    LEAVE = "leave"  # nothing is compared or sent before a day; then it is brought to ours
    NONE = "none"  # nothing is compared and nothing sent until the next change


@dataclass(frozen=True, slots=True)
class Seen:
    """A line beside what we have. ``look`` None: the line is still to be created."""

    place: Place
    ours: Ours
    look: Look | None


def billing_of(connection_id: int) -> Billing:
    """Raises Misconfigured."""
    return AutotaskBilling(make_client(connection_id))


def look_before(
    subscription_id: int,
    connection_id: int,
    *,
    contract_id: int,
    line_id: int | None,
    day: date,
    asked: Asked,
    billing: BillingOf = billing_of,
) -> Seen:
    """What mapping it there would meet. Reads Autotask, stores nothing.

    Raises NotFound, NotAllowed, Conflicting, InvalidInput, Unreachable.
    """
    asked.context.require(Right.MAP)
    connection = get_connection(asked.context, connection_id)
    view = get_subscription(asked.context, subscription_id)
    place = check_place(
        asked.context,
        connection.id,
        view.id,
        contract_id=contract_id,
        line_id=line_id,
        from_on=day,
    )
    ours = ours_of(view, connection)
    looks = look_or_say(billing, connection.id, {view.id: (place, ours)}, since=day)
    return Seen(place, ours, looks.get(view.id))


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
    look: Seen | None = None
    if first_sync is FirstSync.ADOPT:
        if line_id is None:
            raise InvalidInput.one("first_sync", "a line of its own has nothing to adopt yet")
        look = look_before(
            subscription_id,
            connection_id,
            contract_id=contract_id,
            line_id=line_id,
            day=today,
            asked=asked,
            billing=billing,
        )
        check_seen(look, seen_units)
    store_line(
        subscription_id,
        connection_id,
        contract_id=contract_id,
        line_id=line_id,
        first_sync=first_sync,
        day=day,
        look=look,
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
    """In one transaction; ``look``: what is to be adopted. Raises as ``map_line``."""
    if first_sync is FirstSync.LEAVE and day <= today:
        raise InvalidInput.one(
            "effective_on", "must be a later day than today: until then nothing is compared"
        )
    with transaction.atomic():
        connection = get_connection(asked.context, connection_id)
        view = get_subscription(asked.context, subscription_id)
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
            map_existing(
                subscription_id=view.id,
                connection_id=connection.id,
                place=place,
                effective_on=day,
                today=today,
                asked=asked,
                begins=Begins(day, at) if first_sync is FirstSync.LEAVE else None,
            )
            return
        map_seen(view, connection, place, look, asked)


def check_seen(seen: Seen, seen_units: int | None) -> None:
    """Raises Conflicting when Autotask does not show what the person was shown."""
    shown = seen.look.units if seen.look else 0
    if seen_units is not None and shown != seen_units:
        raise Conflicting(
            f"Autotask shows {shown} units now, not {seen_units}. Nothing was changed. Look again."
        )


def ours_of(view: SubscriptionView, connection: ConnectionView) -> Ours:
    """A price or cost in another currency than the connection's is not compared with its own."""
    same_price = view.price_currency == connection.price_currency
    same_cost = view.cost_currency == connection.cost_currency
    return Ours(
        units=view.quantity,
        unit_price=view.unit_price if same_price else None,
        unit_cost=view.unit_cost if same_cost else None,
    )


def map_seen(
    view: SubscriptionView,
    connection: ConnectionView,
    place: Place,
    seen: Seen | None,
    asked: Asked,
) -> None:
    lane_id = map_subscription(
        view.id,
        connection.id,
        place,
        context=asked.context,
        now=asked.now,
        correlation_id=asked.correlation_id,
    )
    if seen is not None and seen.look is not None:
        adopt_seen(lane_id, view, connection, seen.look, seen.ours, asked)


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
        subject=replace(
            view.subject(), connection_id=connection.id, connection_name=connection.name
        ),
        actor=asked.context.actor,
        now=asked.now,
        correlation_id=asked.correlation_id,
    )


def look_or_say(
    billing: BillingOf,
    connection_id: int,
    wanted: Mapping[int, tuple[Place, Ours]],
    *,
    since: date,
) -> Mapping[int, Look]:
    try:
        return look_at(billing(connection_id), wanted, since=since) if wanted else {}
    except BillingError as error:
        raise Unreachable(f"{error} Nothing was mapped, and nothing was sent.") from error
