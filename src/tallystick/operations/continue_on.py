"""Continue on another contract: from a day on the subscription is billed there.

The new line gets units, price and cost from that day; the line it leaves goes to 0 from the same
day, unless its contract has ended by then (``take_over``). One linked pair of operations.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.connections.queries import get_connection
from tallystick.kit.clock import day_begins
from tallystick.kit.days import in_words
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Begins, Recorded
from tallystick.mappings.hold import hold_subscription
from tallystick.mappings.map_subscription import Place
from tallystick.mappings.next_place import plan_next_place
from tallystick.operations.finish import Asked, Change, finish
from tallystick.operations.map_existing import in_its_currencies
from tallystick.subscriptions.queries import SubscriptionView


def continue_on(
    *,
    subscription_id: int,
    connection_id: int,
    place: Place,
    from_on: date,
    today: date,
    asked: Asked,
) -> Recorded:
    """Plan and record it. Raises InvalidInput, NotFound, NotAllowed, Conflicting."""
    if from_on < today:
        raise InvalidInput.one("from_on", "is over: choose today or a later day")
    connection = get_connection(asked.context, connection_id)
    begins = Begins(from_on, day_begins(from_on, connection.time_zone))
    with transaction.atomic():
        held = hold_subscription(asked.context, subscription_id)
        planned = plan_next_place(
            held, connection, place, begins=begins, context=asked.context, now=asked.now
        )

        def decide(view: SubscriptionView) -> Change:
            price, cost = in_its_currencies(view, connection)
            return Change(
                kind=OperationKind.CONTINUE,
                event=Event.CONTINUE_SUBSCRIPTION_MAPPING,
                before={"quantity": view.quantity, "contract": planned.leaves},
                after={
                    "quantity": view.quantity,
                    "unit_price": price,
                    "unit_cost": cost,
                    "contract": place.contract_name,
                    "contract_id": place.contract_id,
                    "line_id": place.line_id,
                },
                effective_on=from_on,
                fields={},
                summary=f"Continues on {place.contract_name} from {in_words(from_on)}",
                only_lane_id=planned.lane_id,
            )

        return finish(subscription_id, decide, asked=asked)
