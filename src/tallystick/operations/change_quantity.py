"""Update quantity: the subscription has another number of units from a day on."""

from __future__ import annotations

from datetime import date

from tallystick.audit.events import Event
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked, Change, finish
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import (
    check_quantity_change,
    read_effective_day,
    read_quantity,
)


def change_quantity(
    *,
    subscription_id: int,
    quantity: object,
    effective_on: object = None,
    today: date,
    asked: Asked,
) -> Recorded:
    """Record it. ``quantity`` and ``effective_on`` may be text as a person typed it.

    Raises InvalidInput (naming the field), NotFound, NotAllowed, Conflicting.
    """
    wanted = read_quantity(quantity)
    day = read_effective_day(effective_on, today=today)

    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        if errors := check_quantity_change(view.holding(), wanted, day, today=today):
            return errors
        return Change(
            kind=OperationKind.UPDATE_QUANTITY,
            event=Event.UPDATE_SUBSCRIPTION,
            before={"quantity": view.quantity},
            after={"quantity": wanted},
            effective_on=day,
            fields={"quantity": wanted},
            summary=f"Quantity {view.quantity} to {wanted} from {in_words(day)}",
        )

    return finish(subscription_id, decide, asked=asked)
