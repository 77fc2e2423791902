"""Everything that can be asked to happen to a subscription, by name, with its fields. Pure.

Pages, commands and files all speak of the same acts; ``perform`` records them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tallystick.ledger.kinds import OperationKind
from tallystick.subscriptions.rules import ACCEPT


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
    Act.QUANTITY: _Facts(
        "Change quantity", ("quantity", "effective_on", ACCEPT), frozenset({"quantity"})
    ),
    Act.PRICE: _Facts(
        "Update price margin",
        (*_PRICE, "effective_on", "price_from", ACCEPT),
        frozenset({"unit_price"}),
    ),
    Act.SUSPEND: _Facts("Suspend", ("effective_on",)),
    Act.REACTIVATE: _Facts("Reactivate", ("effective_on", "months")),
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
