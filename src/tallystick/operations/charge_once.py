"""A one-off charge: an amount that is billed once, beside the subscription's line.

For the days in which a price margin is not billed yet, because their period is posted: recorded
with that operation in one transaction, and naming it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tallystick.audit.events import Event
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError
from tallystick.ledger.group import group_of
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked, Change, finish
from tallystick.subscriptions.queries import SubscriptionView


def charge_gap(
    *,
    subscription_id: int,
    of_operation: int,
    price: Decimal,
    currency: str,
    since: date,
    until: date,
    lane_id: int,
    asked: Asked,
) -> Recorded:
    """Record the charge for what a price margin would have come to from ``since`` until the day
    it counts. ``of_operation``: its number. Below 0: a credit. Where a line bills several, it is
    charged with the one whose line it is.

    Raises NotFound, NotAllowed, Conflicting.
    """
    days = f"{in_words(since)} until {in_words(until)}"
    group = group_of(subscription_id)
    whose = group[0] if group else subscription_id

    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        return Change(
            kind=OperationKind.ONE_OFF_CHARGE,
            event=Event.RECORD_ONE_OFF_CHARGE,
            before={},
            after={
                "price": f"{price:.4f}",
                "cost": "0.0000",
                "price_currency": currency,
                "cost_currency": currency,
                "name": f"{view.name}: price from {in_words(since)}"[:100],
                "for_operation": of_operation,
                **({} if whose == subscription_id else {"for_subscription": subscription_id}),
                "since": since.isoformat(),
                "until": until.isoformat(),
            },
            effective_on=since,
            fields={},
            summary=f"One-off charge of {price:.2f} {currency}, {days}",
            only_lane_id=lane_id,
        )

    return finish(whose, decide, asked=asked)
