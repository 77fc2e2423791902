"""Map an existing subscription: its line is brought to today's quantity, price and cost.

The mapping itself sends nothing; this operation, recorded with it, is what brings the line to
ours from the chosen day. Equal already: nothing is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.connections.queries import get_connection
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.mappings.map_subscription import Place, map_subscription
from tallystick.operations.finish import Asked, Change, finish
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import check_effective_day, read_effective_day


@dataclass(frozen=True, slots=True)
class Mapped:
    lane_id: int
    recorded: Recorded


def map_existing(
    *,
    subscription_id: int,
    connection_id: int,
    place: Place,
    effective_on: object = None,
    today: date,
    asked: Asked,
) -> Mapped:
    """Map it and record the first sync. Raises InvalidInput, NotFound, NotAllowed, Conflicting."""
    day = read_effective_day(effective_on, today=today)
    connection = get_connection(asked.context, connection_id)

    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        if errors := check_effective_day(view.holding(), day, today=today):
            return errors
        # A price or cost in another currency than the connection's is not sent as one of its own.
        price = view.unit_price if view.price_currency == connection.price_currency else None
        cost = view.unit_cost if view.cost_currency == connection.cost_currency else None
        return Change(
            kind=OperationKind.MAP,
            event=Event.UPDATE_SUBSCRIPTION,
            before={},
            after={
                "quantity": view.quantity,
                "unit_price": str(price) if price is not None else None,
                "unit_cost": str(cost) if cost is not None else None,
            },
            effective_on=day,
            fields={},
            summary=f"First sync of {view.quantity} units from {in_words(day)}",
        )

    with transaction.atomic():
        lane_id = map_subscription(
            subscription_id,
            connection_id,
            place,
            context=asked.context,
            now=asked.now,
            correlation_id=asked.correlation_id,
        )
        recorded = finish(subscription_id, decide, asked=asked)
    return Mapped(lane_id, recorded)
