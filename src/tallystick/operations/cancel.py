"""Cancel: the subscription ends, and is billed no more from a day on."""

from __future__ import annotations

from datetime import date

from tallystick.audit.events import Event
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked, Change, finish
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import check_cancellation, read_effective_day
from tallystick.subscriptions.status import SubscriptionStatus


def cancel(
    *, subscription_id: int, effective_on: object = None, today: date, asked: Asked
) -> Recorded:
    """Record it. Raises InvalidInput (naming the field), NotFound, NotAllowed, Conflicting."""
    day = read_effective_day(effective_on, today=today)

    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        if errors := check_cancellation(view.holding(), day, today=today):
            return errors
        return Change(
            kind=OperationKind.CANCEL,
            event=Event.CANCEL_SUBSCRIPTION,
            before={"quantity": view.quantity, "status": view.status.value},
            after={"quantity": 0, "status": SubscriptionStatus.CANCELLED.value},
            effective_on=day,
            fields={"quantity": 0, "status": SubscriptionStatus.CANCELLED.value},
            summary=f"Cancelled from {in_words(day)}",
        )

    return finish(subscription_id, decide, asked=asked)
