"""Everything that can be asked to happen to a subscription, by name: its fields, and its verb.

Pages, commands and files all speak of the same acts. A field's value is text as a person typed
it; what is left out, or empty, is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, assert_never

from tallystick.connections.policies import PriceDay
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.end import delete_by_vendor
from tallystick.operations.finish import Asked
from tallystick.operations.note import rename, set_end_of_term, set_purchase_order
from tallystick.operations.reactivate import reactivate
from tallystick.operations.renew import NewPrice, convert_trial, end_promotion, renew
from tallystick.operations.suspend import suspend
from tallystick.operations.update_price import update_price
from tallystick.subscriptions.large_change import ACCEPT
from tallystick.subscriptions.rules import read_effective_day

YES = frozenset({"yes", "true", "1"})
NO = frozenset({"", "no", "false", "0"})


class Act(StrEnum):
    """The value is the operation's kind, as the API and files write it."""

    QUANTITY = OperationKind.UPDATE_QUANTITY.value
    PRICE = OperationKind.UPDATE_PRICE_MARGIN.value
    SUSPEND = OperationKind.SUSPEND.value
    REACTIVATE = OperationKind.REACTIVATE.value
    RENEW = OperationKind.RENEW.value
    END_PROMOTION = OperationKind.END_PROMOTION.value
    CONVERT_TRIAL = OperationKind.CONVERT_TRIAL.value
    END_OF_TERM = OperationKind.SET_END_OF_TERM.value
    RENAME = OperationKind.RENAME.value
    PURCHASE_ORDER = OperationKind.SET_PURCHASE_ORDER.value
    DELETED = OperationKind.DELETE.value
    CANCEL = OperationKind.CANCEL.value

    @property
    def word(self) -> str:
        """As commands and addresses write it: ``end-of-term``."""
        return self.name.lower().replace("_", "-")

    @property
    def label(self) -> str:
        return _ACTS[self].label

    @property
    def fields(self) -> tuple[str, ...]:
        """In the order a form asks for them."""
        return _ACTS[self].fields

    @property
    def needs(self) -> frozenset[str]:
        """The fields without which there is nothing to record."""
        return _ACTS[self].needs

    @property
    def sets_price(self) -> bool:
        return "unit_price" in self.fields


@dataclass(frozen=True, slots=True)
class _Facts:
    label: str
    fields: tuple[str, ...]
    needs: frozenset[str] = frozenset()


_PRICE = ("unit_price", "unit_cost", "currency")
_ACTS = {
    Act.QUANTITY: _Facts("Change quantity", ("quantity", "effective_on"), frozenset({"quantity"})),
    Act.PRICE: _Facts(
        "Update price margin",
        (*_PRICE, "effective_on", "price_from", ACCEPT),
        frozenset({"unit_price"}),
    ),
    Act.SUSPEND: _Facts("Suspend", ("effective_on",)),
    Act.REACTIVATE: _Facts("Reactivate", ("effective_on",)),
    Act.RENEW: _Facts("Renew", ("unit_price", "unit_cost", "quantity", "ends_on", ACCEPT)),
    Act.END_PROMOTION: _Facts(
        "Promotion ends",
        ("unit_price", "unit_cost", "effective_on", ACCEPT),
        frozenset({"unit_price"}),
    ),
    Act.CONVERT_TRIAL: _Facts(
        "Trial converts to paid", (*_PRICE, "effective_on", ACCEPT), frozenset({"unit_price"})
    ),
    Act.END_OF_TERM: _Facts("When the term ends", ("end_of_term",), frozenset({"end_of_term"})),
    Act.RENAME: _Facts("Friendly name", ("friendly_name",)),
    Act.PURCHASE_ORDER: _Facts("PO number", ("purchase_order",)),
    Act.DELETED: _Facts("Deleted by the vendor", ("effective_on",)),
    Act.CANCEL: _Facts("Cancel", ("effective_on",)),
}
BY_WORD = {act.word: act for act in Act}


def carry_out(  # noqa: PLR0912 - one case an act
    act: Act, subscription_id: int, values: Mapping[str, str], *, today: date, asked: Asked
) -> Recorded:
    """Record it. Raises InvalidInput (naming the field), NotFound, NotAllowed, Conflicting."""
    given = {name: text for name, value in values.items() if (text := value.strip())}
    it: dict[str, Any] = {"subscription_id": subscription_id, "asked": asked}
    now: dict[str, Any] = {**it, "today": today}
    dated: dict[str, Any] = {**now, "effective_on": given.get("effective_on")}
    match act:
        case Act.QUANTITY:
            return change_quantity(**dated, quantity=given.get("quantity"))
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
            return reactivate(**dated)
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
