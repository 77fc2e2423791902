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
