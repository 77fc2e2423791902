"""What a connection is known to do and what it was told to do, in words."""

from __future__ import annotations

from enum import StrEnum


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
