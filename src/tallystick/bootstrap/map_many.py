"""Map many subscriptions at once: only those whose line shows exactly what we have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from tallystick.bootstrap.mapping import (
    BillingOf,
    Seen,
    billing_of,
    look_or_say,
    map_seen,
    ours_of,
)
from tallystick.connections.queries import get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import Problem
from tallystick.mappings.map_subscription import Place
from tallystick.mappings.places import check_place, hold_names, places_for
from tallystick.operations.finish import Asked
from tallystick.subscriptions.queries import get_subscriptions
from tallystick.sync.first_look import Ours


@dataclass(frozen=True, slots=True)
class Mapped:
    """``differing`` and ``refused``: a sentence each, for those left to a person."""

    mapped: int
    differing: tuple[str, ...]
    refused: tuple[str, ...]


def map_what_is_equal(
    subscription_ids: Sequence[int],
    connection_id: int,
    *,
    today: date,
    asked: Asked,
    billing: BillingOf = billing_of,
) -> Mapped:
    """Map every one of these that has one clear place whose line is what we have, exactly.

    Many lines are read with a call; nothing is sent. What differs is left to a person.
    Raises NotFound, NotAllowed, Unreachable.
    """
    asked.context.require(Right.MAP)
    connection = get_connection(asked.context, connection_id)
    views = get_subscriptions(asked.context, subscription_ids)
    places = places_for(asked.context, connection.id, views, today=today)
    wanted: dict[int, tuple[Place, Ours]] = {}
    refused = []
    for view in views:
        proposal = places[view.id].proposal
        if proposal is None or not proposal.is_clear:
            continue
        try:
            place = check_place(
                asked.context,
                connection.id,
                view.id,
                contract_id=proposal.contract_id,
                line_id=proposal.line_id,
                from_on=today,
            )
        except Problem as problem:
            refused.append(f"{view.customer.name}, {view.name}: {problem}")
        else:
            wanted[view.id] = (place, ours_of(view, connection))
    looks = look_or_say(billing, connection.id, wanted, since=today)
    differing, mapped = [], 0
    for view in views:
        look = looks.get(view.id)
        if look is None:
            continue
        place, ours = wanted[view.id]
        if not look.is_same:
            differing.append(
                f"{view.customer.name}, {view.name}: Autotask shows {look.in_words()}, "
                f"we have {ours.units}."
            )
            continue
        try:
            with transaction.atomic():
                hold_names(connection.id, view)
                map_seen(view, connection, place, Seen(place, ours, look), asked)
            mapped += 1
        except Problem as problem:
            refused.append(f"{view.customer.name}, {view.name}: {problem}")
    return Mapped(mapped, tuple(differing), tuple(refused))
