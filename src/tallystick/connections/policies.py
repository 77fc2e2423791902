"""What a connection is known to do and what it was told to do, in words."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tallystick.connections.amounts_policy import AzureAmounts


class SameDay(StrEnum):
    """How the tenant treats a second adjustment of a line on one day. Unknown until seen."""

    UNKNOWN = "unknown"
    REFUSES = "refuses"
    ADDS = "adds"
    REPLACES = "replaces"

    @property
    def label(self) -> str:
        return {
            SameDay.UNKNOWN: "Not known yet",
            SameDay.REFUSES: "Autotask refuses a second change on one day",
            SameDay.ADDS: "Autotask adds a second change on one day",
            SameDay.REPLACES: "Autotask replaces the day's first change",
        }[self]

    @property
    def consequence(self) -> str:
        return {
            SameDay.UNKNOWN: "It is found out with the first such change. When that surprises, a "
            "person is asked.",
            SameDay.REFUSES: "The choice below says what happens instead.",
            SameDay.ADDS: "Both changes of a day are sent, and both count.",
            SameDay.REPLACES: "The second change is sent as what the whole day comes to.",
        }[self]


class SameDayPolicy(StrEnum):
    """What to do when Autotask refuses a second change on one day."""

    HOLD = "hold"
    NEXT_DAY = "next_day"

    @property
    def label(self) -> str:
        return {
            SameDayPolicy.HOLD: "Stop and let a person decide",
            SameDayPolicy.NEXT_DAY: "Send it for the next day",
        }[self]

    @property
    def consequence(self) -> str:
        return {
            SameDayPolicy.HOLD: "The subscription turns Out of Sync until somebody chooses a day. "
            "Nothing is billed otherwise than you said.",
            SameDayPolicy.NEXT_DAY: "Nobody has to act; the customer is billed for the change one "
            "day later than it was made.",
        }[self]


class BackDated(StrEnum):
    """What to do with a quantity change dated before one that is already proved."""

    HOLD = "hold"
    MOVE = "move"

    @property
    def label(self) -> str:
        return {
            BackDated.HOLD: "Stop and let a person decide",
            BackDated.MOVE: "Move it to the day of the last proved change",
        }[self]

    @property
    def consequence(self) -> str:
        return {
            BackDated.HOLD: "The subscription turns Out of Sync until somebody decides. What has "
            "been billed since is not touched.",
            BackDated.MOVE: "Nobody has to act; the change counts from that later day on.",
        }[self]


class CancelRule(StrEnum):
    """How a cancellation is billed."""

    UNITS_ZERO = "units_zero"
    PRICE_ZERO = "price_zero"

    @property
    def label(self) -> str:
        return {
            CancelRule.UNITS_ZERO: "Set the units to 0",
            CancelRule.PRICE_ZERO: "Leave the units and set the price to 0",
        }[self]

    @property
    def consequence(self) -> str:
        return {
            CancelRule.UNITS_ZERO: "The contract shows 0 from the day of the cancellation.",
            CancelRule.PRICE_ZERO: "The contract goes on showing how many there were, and bills "
            "nothing for them.",
        }[self]


class ChangeDay(StrEnum):
    """From which day another number of units is billed."""

    OWN_DAY = "own_day"
    PERIOD_START = "period_start"
    NEXT_PERIOD = "next_period"

    @property
    def label(self) -> str:
        return {
            ChangeDay.OWN_DAY: "From its own day: Autotask bills the period's rest by the day",
            ChangeDay.PERIOD_START: "From the start of the billing period: nothing is prorated",
            ChangeDay.NEXT_PERIOD: "From the next billing period: nothing is prorated",
        }[self]

    @property
    def consequence(self) -> str:
        return {
            ChangeDay.OWN_DAY: "The customer pays from the very day, by the day.",
            ChangeDay.PERIOD_START: "The customer pays for the whole period in which it happened.",
            ChangeDay.NEXT_PERIOD: "The period in which it happened is billed as it was. Autotask "
            "has it at once, dated for the next period: another change of units in this period is "
            "dated before it, and stops or begins with that period too, as chosen for such.",
        }[self]


class PostedQuantity(StrEnum):
    """What to do with a change of units in a period that is approved and posted already."""

    OWN_DAY = "own_day"
    NEXT_PERIOD = "next_period"

    @property
    def label(self) -> str:
        return {
            PostedQuantity.OWN_DAY: "Send it for its own day: Autotask bills the difference",
            PostedQuantity.NEXT_PERIOD: "Send it for the next period that is open",
        }[self]

    @property
    def consequence(self) -> str:
        return {
            PostedQuantity.OWN_DAY: "A line for the difference is added to the next invoice.",
            PostedQuantity.NEXT_PERIOD: "What was posted stays as it is; the difference is not "
            "billed.",
        }[self]


class PriceDay(StrEnum):
    """From which day another price is billed. A period that is approved is never re-priced."""

    OWN_DAY = "own_day"
    PERIOD_START = "period_start"
    NEXT_PERIOD = "next_period"

    @property
    def label(self) -> str:
        return {
            PriceDay.OWN_DAY: "From its own day",
            PriceDay.PERIOD_START: "From the start of the billing period",
            PriceDay.NEXT_PERIOD: "From the next billing period",
        }[self]

    @property
    def consequence(self) -> str:
        return {
            PriceDay.OWN_DAY: "The period is billed at two prices, by the day.",
            PriceDay.PERIOD_START: "The whole period is billed at the new price, unless it is "
            "posted: then the next one is the first.",
            PriceDay.NEXT_PERIOD: "The period in which it changed is billed at the old price.",
        }[self]


class SuspendRule(StrEnum):
    """What a suspended subscription is billed with."""

    KEEP_UNITS = "keep_units"
    UNITS_ZERO = "units_zero"

    @property
    def label(self) -> str:
        return {
            SuspendRule.KEEP_UNITS: "Leave the units as they are",
            SuspendRule.UNITS_ZERO: "Set the units to 0 until it is active again",
        }[self]

    @property
    def consequence(self) -> str:
        return {
            SuspendRule.KEEP_UNITS: "The customer goes on paying, as you do.",
            SuspendRule.UNITS_ZERO: "The customer pays nothing while it is suspended.",
        }[self]


class Mode(StrEnum):
    """Whether what is recorded is sent by itself."""

    AUTOMATIC = "automatic"
    REVIEW = "review"

    @property
    def label(self) -> str:
        return {
            Mode.AUTOMATIC: "Send it by itself",
            Mode.REVIEW: "Hold it until somebody approves it",
        }[self]

    @property
    def consequence(self) -> str:
        return {
            Mode.AUTOMATIC: "A change is in Autotask seconds after it was recorded.",
            Mode.REVIEW: "Nothing is sent before a person has approved it, and nothing behind it "
            "either. What waits is counted on every page.",
        }[self]


class InvoiceName(StrEnum):
    """How the invoice calls a subscription's line."""

    LEAVE = "leave"
    FRIENDLY_NAME = "friendly_name"

    @property
    def label(self) -> str:
        return {
            InvoiceName.LEAVE: "Leave it as Autotask has it",
            InvoiceName.FRIENDLY_NAME: "Write the friendly name as its invoice description",
        }[self]

    @property
    def consequence(self) -> str:
        return {
            InvoiceName.LEAVE: "A friendly name is kept here alone.",
            InvoiceName.FRIENDLY_NAME: "The customer reads it on the invoice. What stands there "
            "is replaced when somebody changes the name.",
        }[self]


Policy = (
    SameDay
    | SameDayPolicy
    | BackDated
    | CancelRule
    | ChangeDay
    | PostedQuantity
    | PriceDay
    | SuspendRule
    | AzureAmounts
    | Mode
    | InvoiceName
)

# By the name of the column that holds it.
POLICIES: Mapping[str, type[Policy]] = {
    "same_day": SameDay,
    "same_day_policy": SameDayPolicy,
    "back_dated": BackDated,
    "cancel_rule": CancelRule,
    "increase_day": ChangeDay,
    "decrease_day": ChangeDay,
    "posted_quantity": PostedQuantity,
    "price_day": PriceDay,
    "suspend_nce": SuspendRule,
    "suspend_other": SuspendRule,
    "azure_amounts": AzureAmounts,
    "mode": Mode,
    "invoice_name": InvoiceName,
}
# A fact of the tenant is the same for everybody; the others may be told otherwise for one customer
# or one subscription (``overrides``).
OVERRIDABLE = tuple(name for name in POLICIES if name != "same_day")
# Kept beside the overrides of a subscription: a number, not a choice.
INCLUDED_UNITS = "included_units"
