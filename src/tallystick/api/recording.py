"""From a body to the verb that records it."""

from __future__ import annotations

from datetime import date
from typing import Any, assert_never

from tallystick.api.schemas_recording import (
    AnyOperation,
    AzureAmountsIn,
    Cancel,
    ChangeOffer,
    ConvertTrial,
    DeletedByVendor,
    EndPromotion,
    Reactivate,
    Rename,
    Renew,
    ScheduleChange,
    SetEndOfTerm,
    SetPurchaseOrder,
    Suspend,
    TakeBackScheduledChange,
    UpdatePriceMargin,
    UpdateQuantity,
)
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.record import Recorded
from tallystick.operations.cancel import cancel
from tallystick.operations.change_offer import NewOffer, change_offer
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.end import delete_by_vendor
from tallystick.operations.finish import Asked
from tallystick.operations.note import (
    rename,
    schedule_change,
    set_end_of_term,
    set_purchase_order,
)
from tallystick.operations.reactivate import reactivate
from tallystick.operations.renew import NewPrice, convert_trial, end_promotion, renew
from tallystick.operations.schedule import (
    change_offer_from,
    schedule,
    take_back_scheduled,
)
from tallystick.operations.schedule_ahead import schedule_ahead
from tallystick.operations.state_amounts import Stated, state_amounts
from tallystick.operations.suspend import suspend
from tallystick.operations.update_price import update_price


def record(  # noqa: PLR0912 - one case a kind
    subscription_id: int, body: AnyOperation, *, today: date, asked: Asked, looks: bool = False
) -> Recorded:
    """Raises what its verb raises. ``looks``: what a later day will bring is looked at now."""
    it: dict[str, Any] = {"subscription_id": subscription_id, "asked": asked}
    now: dict[str, Any] = {**it, "today": today}
    match body:
        case UpdateQuantity():
            return change_quantity(
                **now,
                quantity=body.quantity,
                effective_on=body.effective_on,
                accept_large_change=body.accept_large_change,
            )
        case UpdatePriceMargin():
            return _price_margin(body, now)
        case Cancel():
            return cancel(**now, effective_on=body.effective_on)
        case Suspend():
            return suspend(**now, effective_on=body.effective_on)
        case Reactivate():
            return reactivate(**now, effective_on=body.effective_on, months=body.months)
        case AzureAmountsIn():
            stated = Stated(
                body.month,
                body.price,
                body.cost,
                body.currency,
                body.cost_currency or "",
                body.amount_kind,
            )
            return state_amounts(**now, stated=stated)
        case DeletedByVendor():
            return delete_by_vendor(**now, effective_on=body.effective_on)
        case Renew():
            price = _price(body)
            return renew(**it, price=price, quantity=body.quantity, ends_on=body.ends_on)
        case ChangeOffer():
            to = NewOffer.read(
                body.offer_id,
                quantity=body.quantity,
                unit_price=body.unit_price,
                unit_cost=body.unit_cost,
                ends_on=body.ends_on,
                accepted=body.accept_large_change,
            )
            verb = change_offer if looks else change_offer_from
            return verb(**now, to=to, line=body.chosen(), effective_on=body.effective_on)
        case EndPromotion():
            price = _price(body)
            return end_promotion(**now, price=price, effective_on=body.effective_on)
        case ConvertTrial():
            price = _price(body, currency=body.currency or "")
            return convert_trial(**now, price=price, effective_on=body.effective_on)
        case Rename():
            return rename(**now, name=body.friendly_name)
        case SetPurchaseOrder():
            return set_purchase_order(**now, number=body.purchase_order)
        case SetEndOfTerm():
            return set_end_of_term(**now, to=body.end_of_term.value)
        case ScheduleChange():
            if body.change is None:
                plan_ahead = schedule_ahead if looks else schedule
                return plan_ahead(**now, plan=body.plan())
            if body.says_more():
                raise InvalidInput.one("change", "stands alone: it is words, and not carried out")
            return schedule_change(**now, words=body.change)
        case TakeBackScheduledChange():
            return take_back_scheduled(**now)
        case _:
            assert_never(body)


def _price_margin(body: UpdatePriceMargin, now: dict[str, Any]) -> Recorded:
    return update_price(
        **now,
        unit_price=body.unit_price,
        unit_cost=body.unit_cost,
        currency=body.currency or "",
        price_from=body.price_from,
        effective_on=body.effective_on,
        accept_large_change=body.accept_large_change,
    )


def _price(body: Renew | EndPromotion | ConvertTrial, *, currency: str = "") -> NewPrice:
    return NewPrice.read(
        body.unit_price, body.unit_cost, currency=currency, accepted=body.accept_large_change
    )
