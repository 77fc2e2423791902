"""Update price margin: the subscription has another unit price from a day on.

The day is when the change happened. From when on it is billed is decided for each connection: the
start of the billing period that contains the day, unless a policy or ``price_from`` says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from tallystick.audit.events import Event
from tallystick.connections.policies import PriceDay
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.operations.amounts import by_months
from tallystick.operations.as_of import as_of
from tallystick.operations.finish import Asked, Change, finish
from tallystick.operations.for_all import Said, for_all
from tallystick.subscriptions.large_change import check_large_change
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import (
    check_currency,
    check_price_change,
    read_effective_day,
    read_price,
)


def update_price(
    *,
    subscription_id: int,
    unit_price: object,
    unit_cost: object = None,
    currency: str = "",
    price_from: PriceDay | None = None,
    effective_on: object = None,
    today: date,
    asked: Asked,
    because: Mapping[str, Any] | None = None,
    accept_large_change: bool = False,
    promotion_ends_on: date | None = None,
    alone: bool = False,
) -> Recorded:
    """Record it. Prices are per unit per billing cycle, as text or Decimal; ``currency`` is of a
    subscription's first price, later ones are in the same. ``because`` is kept with the operation
    and answers *Why is this number?* A move by more than a factor 3 needs ``accept_large_change``.
    A cost that is not said is the one that holds on the day, and is measured so.
    ``promotion_ends_on``: of the promotion it was made with, within the term. Where a line bills
    it together with others, theirs is recorded, too; ``alone``: it was said of this one only, and
    is refused then.

    Raises InvalidInput (naming the field), NotFound, NotAllowed, Conflicting.
    """
    price = read_price(unit_price, field="unit_price")
    cost = None if unit_cost is None else read_price(unit_cost, field="unit_cost")
    day = read_effective_day(effective_on, today=today)

    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        then = as_of(view, day)
        new_cost = then.unit_cost if cost is None else cost
        not_sent = by_months(view)
        known = view.price_currency or currency
        money = {
            "price_currency": known,
            "cost_currency": view.cost_currency or (known if new_cost is not None else ""),
        }
        # There is nothing to record when it is so on that day, and is what was recorded last.
        is_newest = (price, new_cost) == (view.unit_price, view.unit_cost)
        held = (then if is_newest else view).holding()
        errors = check_price_change(held, price, new_cost, day, today=today)
        errors += check_currency(view.price_currency, currency)
        errors += check_large_change(
            view, price, new_cost, accepted=accept_large_change or bool(not_sent)
        )
        if errors:
            return errors
        return Change(
            kind=OperationKind.UPDATE_PRICE_MARGIN,
            event=Event.UPDATE_SUBSCRIPTION,
            before=_amounts(then),
            after={
                "unit_price": _text(price),
                "unit_cost": _text(new_cost),
                **money,
                "price_from": None if price_from is None else price_from.value,
                "because": dict(because or {}),
            },
            effective_on=day,
            fields={
                "unit_price": price,
                "unit_cost": new_cost,
                **money,
                "promotion_ends_on": promotion_ends_on,
            },
            summary=f"Unit price {_text(then.unit_price) or 'none'} to {_text(price)} from "
            f"{in_words(day)}",
            not_applicable=lambda _: not_sent,
        )

    if alone:
        return finish(subscription_id, decide, asked=asked)
    return for_all(subscription_id, decide, Said(price, cost, day), asked=asked)


def _amounts(view: SubscriptionView) -> Mapping[str, str | None]:
    return {
        "unit_price": _text(view.unit_price),
        "unit_cost": _text(view.unit_cost),
        "price_currency": view.price_currency,
        "cost_currency": view.cost_currency,
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"
