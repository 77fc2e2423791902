"""How an Azure plan's amounts of a month are billed, in words."""

from __future__ import annotations

from enum import StrEnum


class AzureAmounts(StrEnum):
    """How an Azure plan's amounts of a month are billed."""

    CHARGE = "charge"
    LINE = "line"

    @property
    def label(self) -> str:
        return {
            AzureAmounts.CHARGE: "One contract charge a month",
            AzureAmounts.LINE: "Set the amounts on the contract service, and reset them",
        }[self]

    @property
    def consequence(self) -> str:
        return {
            AzureAmounts.CHARGE: "The contract gets one charge, dated on the month's last day. A "
            "correction changes it, or adds a second one once it is billed.",
            AzureAmounts.LINE: "Unit price and cost are the month's amounts from its first day on, "
            "and 0 again from the next month on. Where that cannot be, it is a charge.",
        }[self]
