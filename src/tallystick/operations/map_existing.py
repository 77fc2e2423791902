"""Map an existing subscription: its line is brought to today's quantity, price and cost.

The mapping itself sends nothing; this operation, recorded with it, is what brings the line to
ours from the chosen day. Equal already: nothing is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Begins, Recorded
from tallystick.mappings.map_subscription import Place, map_subscription
from tallystick.operations.finish import Asked, Change, Decide, finish
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
    begins: Begins | None = None,
) -> Mapped:
    """Map it and record the first sync. ``begins``: nothing is sent before that day.

    Raises InvalidInput, NotFound, NotAllowed, Conflicting.
    """
    day = read_effective_day(effective_on, today=today)
    decide = _decide(get_connection(asked.context, connection_id), day, today)
    with transaction.atomic():
        lane_id = map_subscription(
            subscription_id,
            connection_id,
            place,
            context=asked.context,
            now=asked.now,
            correlation_id=asked.correlation_id,
            begins=begins,
        )
        recorded = finish(subscription_id, decide, asked=asked)
    return Mapped(lane_id, recorded)


def bring_to_ours(
    *,
    subscription_id: int,
    connection_id: int,
    effective_on: object = None,
    today: date,
    asked: Asked,
) -> Recorded:
    """Record the first sync of one that was mapped without. Raises as ``map_existing``."""
    day = read_effective_day(effective_on, today=today)
    decide = _decide(get_connection(asked.context, connection_id), day, today)
    return finish(subscription_id, decide, asked=asked)


def in_its_currencies(
    view: SubscriptionView, connection: ConnectionView
) -> tuple[str | None, str | None]:
    """Price and cost; what is in another currency than the connection's is not sent."""
    price = view.unit_price if view.price_currency == connection.price_currency else None
    cost = view.unit_cost if view.cost_currency == connection.cost_currency else None
    return (
        None if price is None else str(price),
        None if cost is None else str(cost),
    )


def _decide(connection: ConnectionView, day: date, today: date) -> Decide:
    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        if errors := check_effective_day(view.holding(), day, today=today):
            return errors
        price, cost = in_its_currencies(view, connection)
        return Change(
            kind=OperationKind.MAP,
            event=Event.UPDATE_SUBSCRIPTION,
            before={},
            after={"quantity": view.quantity, "unit_price": price, "unit_cost": cost},
            effective_on=day,
            fields={},
            summary=f"First sync of {view.quantity} units from {in_words(day)}",
        )

    return decide
