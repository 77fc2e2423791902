"""Carry out an act from what somebody typed, by its own verb.

A field's value is text; what is left out, or empty, is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, assert_never

from tallystick.connections.policies import PriceDay
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.record import Recorded
from tallystick.operations.acts import Act
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.end import delete_by_vendor
from tallystick.operations.finish import Asked
from tallystick.operations.note import rename, set_end_of_term, set_purchase_order
from tallystick.operations.reactivate import reactivate
from tallystick.operations.renew import NewPrice, convert_trial, end_promotion, renew
from tallystick.operations.suspend import suspend
from tallystick.operations.update_price import update_price
from tallystick.subscriptions.rules import ACCEPT, read_effective_day

YES = frozenset({"yes", "true"})
NO = frozenset({"", "no", "false"})


def perform(  # noqa: PLR0912 - one case an act
    act: Act, subscription_id: int, values: Mapping[str, str], *, today: date, asked: Asked
) -> Recorded:
    """Record it. Raises InvalidInput (naming the field), NotFound, NotAllowed, Conflicting."""
    given = {name: text for name, value in values.items() if (text := value.strip())}
    it: dict[str, Any] = {"subscription_id": subscription_id, "asked": asked}
    now: dict[str, Any] = {**it, "today": today}
    dated: dict[str, Any] = {**now, "effective_on": given.get("effective_on")}
    match act:
        case Act.QUANTITY:
            return change_quantity(
                **dated, quantity=given.get("quantity"), accept_large_change=_accepted(given)
            )
        case Act.PRICE:
            return update_price(
                **dated,
                unit_price=given.get("unit_price", ""),
                unit_cost=given.get("unit_cost"),
                currency=given.get("currency", "").upper(),
                price_from=_price_from(given.get("price_from", "")),
                accept_large_change=_accepted(given),
            )
        case Act.SUSPEND:
            return suspend(**dated)
        case Act.REACTIVATE:
            months = given.get("months", "").replace(",", " ").split()
            return reactivate(**dated, months=months)
        case Act.RENEW:
            price = _price(given, needed=False)
            quantity = given.get("quantity")
            return renew(**it, price=price, quantity=quantity, ends_on=_ends_on(given, today))
        case Act.END_PROMOTION:
            return end_promotion(**dated, price=_price(given))
        case Act.CONVERT_TRIAL:
            return convert_trial(**dated, price=_price(given))
        case Act.END_OF_TERM:
            return set_end_of_term(**now, to=given.get("end_of_term", ""))
        case Act.RENAME:
            return rename(**now, name=given.get("friendly_name", ""))
        case Act.PURCHASE_ORDER:
            return set_purchase_order(**now, number=given.get("purchase_order", ""))
        case Act.DELETED:
            return delete_by_vendor(**dated)
        case Act.CANCEL:
            return cancel(**dated)
        case _:
            assert_never(act)


def _price(given: Mapping[str, str], *, needed: bool = True) -> NewPrice:
    return NewPrice.read(
        given.get("unit_price", "" if needed else None),
        given.get("unit_cost"),
        currency=given.get("currency", "").upper(),
        accepted=_accepted(given),
    )


def _accepted(given: Mapping[str, str]) -> bool:
    """Raises InvalidInput."""
    text = given.get(ACCEPT, "").lower()
    if text not in YES | NO:
        raise InvalidInput.one(ACCEPT, "must be yes or no")
    return text in YES


def _ends_on(given: Mapping[str, str], today: date) -> date | None:
    if "ends_on" not in given:
        return None
    return read_effective_day(given["ends_on"], today=today, field="ends_on")


def _price_from(text: str) -> PriceDay | None:
    """Raises InvalidInput."""
    try:
        return PriceDay(text) if text else None
    except ValueError:
        known = ", ".join(one.value for one in PriceDay)
        raise InvalidInput.one("price_from", f"must be one of {known}") from None
