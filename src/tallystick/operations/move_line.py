"""Which line bills a subscription once its offer has changed: the one it has, or another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tallystick.connections.queries import get_connection, load
from tallystick.identity.context import Context
from tallystick.identity.roles import Right, Role
from tallystick.kit.problem import InvalidInput
from tallystick.mappings.fit import fit, stays
from tallystick.mappings.map_subscription import Place
from tallystick.mappings.models import SubscriptionMapping
from tallystick.mappings.next_place import plan_line_of_offer, refuse_other_line
from tallystick.mappings.places import check_place_of
from tallystick.mappings.supersede import supersede
from tallystick.operations.finish import Asked
from tallystick.subscriptions.queries import SubscriptionView


@dataclass(frozen=True, slots=True)
class ChosenLine:
    """The line that is to bill the new offer; ``line_id`` None: one of its own."""

    contract_id: int
    line_id: int | None


@dataclass(frozen=True, slots=True)
class Moving:
    """``lane_id`` None: it stays on the lines it has. ``anew``: quantity and price are said again
    whatever they were."""

    lane_id: int | None
    anew: bool


def move_line(
    view: SubscriptionView,
    then: SubscriptionView,
    line: ChosenLine | None,
    day: date,
    asked: Asked,
) -> Moving:
    """In the transaction that records the change of offer; ``then``: with the new one.

    Raises InvalidInput, NotFound, NotAllowed, Conflicting.
    """
    mapping = SubscriptionMapping.objects.filter(subscription_id=view.id).first()
    if mapping is None:
        if line is not None:
            raise InvalidInput.one("contract_id", "is not asked for: it is not mapped")
        return Moving(None, anew=False)
    anew = supersede(mapping, now=asked.now)
    refuse_other_line(mapping)
    if line is None and stays(mapping, None if anew else view, then):
        return Moving(None, anew)
    lane_id = plan_line_of_offer(
        then,
        mapping,
        _place(mapping, then, line, day, asked),
        from_on=day,
        zone=load(mapping.connection_id).time_zone,
        context=asked.context,
        now=asked.now,
    )
    return Moving(lane_id, anew=True)


def _place(
    mapping: SubscriptionMapping,
    then: SubscriptionView,
    line: ChosenLine | None,
    day: date,
    asked: Asked,
) -> Place | None:
    """None: none is clear; why is said when its turn has come."""
    if line is not None:
        asked.context.require(Right.MAP)
        connection = get_connection(asked.context, mapping.connection_id)
        return check_place_of(
            asked.context,
            connection.id,
            then,
            contract_id=line.contract_id,
            line_id=line.line_id,
            from_on=day,
        )
    # The line is found as the engine would find it: also on a connection the asker does not see.
    anybody = Context(then.tenant_id, None, Role.OPERATOR, asked.context.actor)
    return fit(anybody, mapping.connection_id, then, from_on=day, left=mapping.contract_id).place
