"""Map many subscriptions at once: only those whose line shows exactly what we have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from tallystick.bootstrap.look_around import changed_by_others
from tallystick.bootstrap.look_before import BillingOf, Seen, billing_of, look_or_say, ours_of_many
from tallystick.bootstrap.mapping import keep_seen, map_only
from tallystick.connections.queries import get_connection
from tallystick.identity.roles import Right
from tallystick.kit.problem import Problem
from tallystick.mappings.hold import hold_names
from tallystick.mappings.map_subscription import Place, hold_unmapped
from tallystick.mappings.places import check_place, places_for
from tallystick.operations.finish import Asked
from tallystick.subscriptions.queries import get_subscriptions
from tallystick.sync.first_look import Ours


@dataclass(frozen=True, slots=True)
class Mapped:
    """``differing`` and ``refused``: a sentence each, for those left to a person.

    ``changing``: one for each of the mapped that others kept changing lately.
    """

    mapped: int
    differing: tuple[str, ...]
    refused: tuple[str, ...]
    changing: tuple[str, ...] = ()


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
    ours_by_id = ours_of_many(views, connection)
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
            wanted[view.id] = (place, ours_by_id[view.id])
    looks = look_or_say(billing, connection.id, wanted, since=today)
    differing, changing, mapped = [], [], 0
    for view in views:
        look = looks.get(view.id)
        if look is None:
            continue
        place, ours = wanted[view.id]
        if not look.is_same:
            differing.append(
                f"{view.customer.name}, {view.name}: Autotask shows {look.in_words()}, "
                f"we have {ours.in_words()}."
            )
            continue
        try:
            seen = Seen(place, ours, look, changed_by_others(connection.id, place, look))
            with transaction.atomic():
                hold_names(connection.id, hold_unmapped(asked.context, view.id))
                lane_id = map_only(view, connection, place, asked)
                keep_seen(lane_id, view, connection, seen, asked, adopts=True)
            mapped += 1
            if seen.keeps_changing:
                changing.append(
                    f"{view.customer.name}, {view.name}: others changed its line lately "
                    f"({seen.changes_in_words()}). If that was another tool, stop its sync for "
                    "this contract now."
                )
        except Problem as problem:
            refused.append(f"{view.customer.name}, {view.name}: {problem}")
    return Mapped(mapped, tuple(differing), tuple(refused), tuple(changing))
