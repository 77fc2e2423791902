"""Suspend: the service stops. What is billed meanwhile is a policy (``connections/overrides``).

Microsoft goes on billing a suspended NCE licence, so its units stay unless the connection says
otherwise; other licences go to 0; an Azure plan's line has price 0 from the next billing period.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from tallystick.audit.events import Event
from tallystick.catalog.terms import OfferKind
from tallystick.connections.overrides import how_billed
from tallystick.connections.policies import PriceDay, SuspendRule
from tallystick.connections.queries import load as load_connection
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import NotApplicable, Recorded, applies
from tallystick.operations.finish import Asked, Change, finish
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import check_suspension, read_effective_day
from tallystick.subscriptions.status import SubscriptionStatus

KEPT = (
    "Suspended: its units stay as they are, because the vendor goes on billing it. Nothing is sent."
)


def suspend(
    *, subscription_id: int, effective_on: object = None, today: date, asked: Asked
) -> Recorded:
    """Record it. Raises InvalidInput (naming the field), NotFound, NotAllowed, Conflicting."""
    day = read_effective_day(effective_on, today=today)

    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        if errors := check_suspension(view.holding(), day, today=today):
            return errors
        effect, not_applicable = _effect(view)
        return Change(
            kind=OperationKind.SUSPEND,
            event=Event.SUSPEND_SUBSCRIPTION,
            before={"status": view.status.value, "quantity": view.quantity},
            after={"status": SubscriptionStatus.SUSPENDED.value, **effect},
            effective_on=day,
            fields={"status": SubscriptionStatus.SUSPENDED.value},
            summary=f"Suspended from {in_words(day)}",
            not_applicable=not_applicable,
        )

    return finish(subscription_id, decide, asked=asked)


def _effect(view: SubscriptionView) -> tuple[Mapping[str, Any], NotApplicable]:
    """What it makes of a line, and where it makes nothing of it."""
    if view.offer.kind is OfferKind.AZURE_PLAN:
        return {"unit_price": "0", "price_from": PriceDay.NEXT_PERIOD.value}, applies
    policy = "suspend_nce" if view.offer.kind is OfferKind.NCE_LICENCE else "suspend_other"

    def not_applicable(connection_id: int) -> str:
        told = how_billed(
            load_connection(connection_id),
            customer_id=view.customer.id,
            subscription_id=view.id,
        )
        rule = getattr(told, policy)
        return KEPT if rule is SuspendRule.KEEP_UNITS else ""

    return {"units": 0}, not_applicable
