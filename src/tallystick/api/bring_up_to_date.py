"""A subscription as it is at the provider becomes a purchase, or the operations that lead there."""

from __future__ import annotations

from typing import Any

from tallystick.api.auth import Caller
from tallystick.api.schemas_subscriptions import SubscriptionAsIs, SubscriptionIn
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.purchase import Order, purchase
from tallystick.subscriptions.queries import SubscriptionView, subscription_by_provider_id
from tallystick.subscriptions.status import SubscriptionStatus

# Without these there is nothing to record.
_NEEDED = ("customer_id", "offer_id", "quantity", "starts_on")
# There is no operation yet that changes one of these.
_FIXED = (
    "starts_on",
    "commitment_ends_on",
    "cancellable_until",
    "friendly_name",
    "unit_price",
    "price_currency",
    "unit_cost",
    "cost_currency",
)


def in_order(body: SubscriptionIn) -> Order:
    return _order(body.provider_id, body.model_dump(exclude={"provider_id"}))


def bring_up_to_date(
    provider_id: str, body: SubscriptionAsIs, *, caller: Caller
) -> tuple[int, bool]:
    """Its id, and whether it is new. Raises InvalidInput, Conflicting, NotAllowed."""
    known = subscription_by_provider_id(caller.context, provider_id)
    if known is None:
        return _buy(provider_id, body, caller), True
    if errors := _not_changeable(known, body):
        raise InvalidInput(errors)
    try:
        _change(known, body, caller)
    except InvalidInput:
        # Somebody else may have brought it there since it was read: then there is less to do.
        newer = subscription_by_provider_id(caller.context, provider_id)
        if newer is None or newer == known:
            raise
        _change(newer, body, caller)
    return known.id, False


def _buy(provider_id: str, body: SubscriptionAsIs, caller: Caller) -> int:
    missing = [name for name in _NEEDED if getattr(body, name) is None]
    if missing:
        raise InvalidInput(
            [FieldError(name, "is missing: the subscription is new") for name in missing]
        )
    if body.status not in {None, SubscriptionStatus.ACTIVE}:
        raise InvalidInput.one("status", "must be active: the subscription is new")
    values = body.model_dump(exclude={"status", "effective_on"})
    subscription_id, _ = purchase(_order(provider_id, values), asked=caller.asked())
    return subscription_id


def _order(provider_id: str, values: dict[str, Any]) -> Order:
    return Order(
        customer_id=values["customer_id"],
        offer_id=values["offer_id"],
        provider_id=provider_id,
        quantity=values["quantity"],
        starts_on=values["starts_on"],
        commitment_ends_on=values["commitment_ends_on"],
        cancellable_until=values["cancellable_until"],
        friendly_name=values["friendly_name"] or "",
        unit_price=values["unit_price"],
        unit_cost=values["unit_cost"],
        price_currency=values["price_currency"] or "",
        cost_currency=values["cost_currency"] or "",
        is_trial=values.get("is_trial", False),
    )


def _not_changeable(known: SubscriptionView, body: SubscriptionAsIs) -> list[FieldError]:
    """Named, not ignored: what differs and cannot be brought up to date."""
    errors = []
    if body.customer_id not in {None, known.customer.id}:
        errors.append(
            FieldError("customer_id", "is another one: a subscription stays with its customer")
        )
    if body.offer_id not in {None, known.offer_id}:
        errors.append(FieldError("offer_id", "is another one: that is a new subscription"))
    for name in _FIXED:
        wanted, there = getattr(body, name), getattr(known, name)
        if wanted is not None and wanted != there:
            errors.append(FieldError(name, "is another one here: it cannot be changed yet"))
    if body.status not in {None, known.status, SubscriptionStatus.CANCELLED}:
        errors.append(
            FieldError("status", f"is {known.status.value} here: it can only be cancelled")
        )
    return errors


def _change(known: SubscriptionView, body: SubscriptionAsIs, caller: Caller) -> None:
    if body.status is SubscriptionStatus.CANCELLED:
        if known.status is not SubscriptionStatus.CANCELLED:
            cancel(
                subscription_id=known.id,
                effective_on=body.effective_on,
                today=caller.today,
                asked=caller.asked(),
            )
        return
    if body.quantity is not None and body.quantity != known.quantity:
        change_quantity(
            subscription_id=known.id,
            quantity=body.quantity,
            effective_on=body.effective_on,
            today=caller.today,
            asked=caller.asked(),
        )
