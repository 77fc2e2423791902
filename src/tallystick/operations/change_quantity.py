"""Update quantity: the subscription has another number of units from a day on.

While a promotion runs it sets unit price and cost too: what the engine comes to for that day and
quantity. Otherwise, and where it comes to nothing, a quantity says nothing of prices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from tallystick.audit.events import Event
from tallystick.catalog.because import because_of
from tallystick.catalog.explained import Explained
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.operations.amounts import as_text, by_months
from tallystick.operations.finish import Asked, Change, finish
from tallystick.subscriptions.pricing import price_to_record
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import (
    check_quantity_change,
    read_effective_day,
    read_quantity,
)


@dataclass(frozen=True, slots=True)
class Promoted:
    """What a promotion adds to the operation; all of it empty without one."""

    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""


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
        promoted = _promoted(replace(view, quantity=wanted), day, asked)
        return Change(
            kind=OperationKind.UPDATE_QUANTITY,
            event=Event.UPDATE_SUBSCRIPTION,
            before={"quantity": view.quantity, **promoted.before},
            after={"quantity": wanted, **promoted.after},
            effective_on=day,
            fields={"quantity": wanted, **promoted.fields},
            summary=f"Quantity {view.quantity} to {wanted} from {in_words(day)}{promoted.words}",
            not_applicable=lambda _: by_months(view),
        )

    return finish(subscription_id, decide, asked=asked)


def _promoted(view: SubscriptionView, day: date, asked: Asked) -> Promoted:
    """``view`` with its new quantity. A trial has no price yet: what makes it paid brings one."""
    if view.is_trial or by_months(view):
        return Promoted()
    price = price_to_record(asked.context, view, on=day)
    if not isinstance(price, Explained) or price.promotion is None:
        return Promoted()
    cost = view.unit_cost if price.unit_cost is None else price.unit_cost
    if (price.unit_price, cost) == (view.unit_price, view.unit_cost):
        return Promoted()
    cost_currency = view.cost_currency if cost is None else price.cost_currency
    money = {"price_currency": price.price_currency, "cost_currency": cost_currency}
    return Promoted(
        before={"unit_price": as_text(view.unit_price), "unit_cost": as_text(view.unit_cost)},
        after={
            "unit_price": as_text(price.unit_price),
            "unit_cost": as_text(cost),
            **money,
            "because": because_of(price.because, f"Promotion: {price.promotion.name}"),
        },
        fields={"unit_price": price.unit_price, "unit_cost": cost, **money},
        words=f", unit price {price.unit_price:f} by the promotion {price.promotion.name}",
    )
