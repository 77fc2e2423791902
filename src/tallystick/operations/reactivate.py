"""Reactivate: the service goes on, and is billed as it is held."""

from __future__ import annotations

from datetime import date

from tallystick.audit.events import Event
from tallystick.catalog.terms import OfferKind
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.operations.amounts import amounts_of
from tallystick.operations.finish import Asked, Change, finish
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import check_reactivation, read_effective_day
from tallystick.subscriptions.status import SubscriptionStatus

AMOUNTS_RESUME = (
    "Reactivated: an Azure plan is billed by its monthly amounts, which resume. Nothing is sent."
)


def reactivate(
    *, subscription_id: int, effective_on: object = None, today: date, asked: Asked
) -> Recorded:
    """Record it. Raises InvalidInput (naming the field), NotFound, NotAllowed, Conflicting."""
    day = read_effective_day(effective_on, today=today)

    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        if errors := check_reactivation(view.holding(), day, today=today):
            return errors
        is_plan = view.offer.kind is OfferKind.AZURE_PLAN
        return Change(
            kind=OperationKind.REACTIVATE,
            event=Event.REACTIVATE_SUBSCRIPTION,
            before={"status": view.status.value},
            # Whatever the suspension made of the line: all of it is said again.
            after={
                "status": SubscriptionStatus.ACTIVE.value,
                "units": view.quantity,
                **amounts_of(view),
            },
            effective_on=day,
            fields={"status": SubscriptionStatus.ACTIVE.value},
            summary=f"Reactivated from {in_words(day)}",
            not_applicable=lambda _: AMOUNTS_RESUME if is_plan else "",
        )

    return finish(subscription_id, decide, asked=asked)
