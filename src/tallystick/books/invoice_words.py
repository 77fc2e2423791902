"""What the comparison of an invoice finds, and the words for it. Pure."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from tallystick.kit.problem import InvalidInput

# No vendor billed before, and nobody knows what is after: such days stand for *no end*.
FIRST_YEAR, LAST_YEAR = 2000, 2100


def check_month(month: date) -> date:
    """Raises InvalidInput naming ``month``."""
    if not FIRST_YEAR <= month.year < LAST_YEAR:
        raise InvalidInput.one("month", f"must be from {FIRST_YEAR}-01 to {LAST_YEAR - 1}-12")
    return month


class Found(StrEnum):
    EQUAL = "equal"
    DIFFERENT = "different"
    NO_HISTORY = "no_history"
    NOTHING = "nothing"

    @property
    def label(self) -> str:
        return {
            Found.EQUAL: "Equal",
            Found.DIFFERENT: "Different",
            Found.NO_HISTORY: "No history for that month",
            Found.NOTHING: "Nothing to compare",
        }[self]

    @property
    def short(self) -> str:
        """In a column."""
        return "No history" if self is Found.NO_HISTORY else self.label

    @property
    def tone(self) -> str:
        return {Found.EQUAL: "green", Found.DIFFERENT: "red"}.get(self, "secondary")


class Cause(StrEnum):
    NOT_OURS = "not_ours"
    NOT_ON_INVOICE = "not_on_invoice"
    OTHER_PERIOD = "other_period"
    CREDIT = "credit"
    QUANTITY = "quantity"
    PRICE = "price"
    NOT_BILLED = "not_billed"
    AUTOTASK = "autotask"
    NONE = "none"

    @property
    def label(self) -> str:
        return {
            Cause.NOT_OURS: "Not in our ledger",
            Cause.NOT_ON_INVOICE: "Not on the invoice",
            Cause.OTHER_PERIOD: "A charge for another period",
            Cause.CREDIT: "A credit",
            Cause.QUANTITY: "Quantity differs",
            Cause.PRICE: "Price differs",
            Cause.NOT_BILLED: "Not mapped",
            Cause.AUTOTASK: "Autotask differs",
            Cause.NONE: "No single cause",
        }[self]
