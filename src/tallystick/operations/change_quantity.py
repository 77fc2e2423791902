"""Update quantity: the subscription has another number of units from a day on.

While a promotion runs it sets unit price and cost too: what the engine comes to for that day and
quantity. Such a price is held like every other one that moves by more than a factor 3. Otherwise,
and where it comes to nothing, a quantity says nothing of prices.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from tallystick.audit.events import Event
from tallystick.catalog.because import because_of
from tallystick.catalog.explained import Explained
from tallystick.identity.context import Context
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.ledger.group import group_of
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.price_steps import steps_after
from tallystick.ledger.queries import price_steps
from tallystick.ledger.record import Recorded
from tallystick.operations.amounts import as_text, by_months
from tallystick.operations.as_of import as_of
from tallystick.operations.finish import Asked, Change, finish
from tallystick.subscriptions.large_change import hold_large_change, large_change
from tallystick.subscriptions.pricing import benefit_ends_on, price_to_record
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import (
    check_quantity_change,
    read_effective_day,
    read_quantity,
)


@dataclass(frozen=True, slots=True)
class Promoted:
    """What a promotion adds to the operation; all of it empty without one. ``far``: what moves by
    more than a factor 3."""

    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""
    far: str = ""


ALONE = "recorded: its line has one price, and bills others, too"


def change_quantity(
    *,
    subscription_id: int,
    quantity: object,
    effective_on: object = None,
    today: date,
    asked: Asked,
    accept_large_change: bool = False,
) -> Recorded:
    """Record it. ``quantity`` and ``effective_on`` may be text as a person typed it. A price of the
    promotion that moves by more than a factor 3 needs ``accept_large_change``.

    Raises InvalidInput (naming the field), NotFound, NotAllowed, Conflicting.
    """
    wanted = read_quantity(quantity)
    day = read_effective_day(effective_on, today=today)

    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        if errors := check_quantity_change(view.holding(), wanted, day, today=today):
            return errors
        promoted = _promoted(asked.context, replace(view, quantity=wanted), day)
        if errors := hold_large_change(promoted.far, accepted=accept_large_change):
            return errors
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


def large_change_with(
    context: Context, view: SubscriptionView, *, quantity: str, effective_on: str, today: date
) -> str:
    """What moves by more than a factor 3 with a quantity, as it is typed; empty while nothing does,
    or while it cannot be read."""
    try:
        wanted = replace(view, quantity=read_quantity(quantity))
        day = read_effective_day(effective_on, today=today)
    except InvalidInput:
        return ""
    return _promoted(context, wanted, day).far


def _promoted(context: Context, view: SubscriptionView, day: date) -> Promoted:
    """``view`` with its new quantity. A trial has no price yet: what makes it paid brings one."""
    if view.is_trial or by_months(view):
        return Promoted()
    price = price_to_record(context, view, on=day)
    if not isinstance(price, Explained) or price.promotion is None:
        return Promoted()
    view = as_of(view, day)
    cost = view.unit_cost if price.unit_cost is None else price.unit_cost
    ends = {"promotion_ends_on": benefit_ends_on(price, view)}
    if (price.unit_price, cost) == (view.unit_price, view.unit_cost):
        # What is recorded for later already says what follows, and stays.
        follows = steps_after(price_steps([view.id])[view.id], day)
        return Promoted(fields={} if follows else ends)
    if group_of(view.id):
        return Promoted(words=f"; the price of the promotion {price.promotion.name} is not {ALONE}")
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
        fields={"unit_price": price.unit_price, "unit_cost": cost, **money, **ends},
        words=f", unit price {price.unit_price:f} by the promotion {price.promotion.name}",
        far=large_change(view, price.unit_price, cost),
    )
