"""What a dry run says of one operation, on the screen and as a row of a sheet. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

HEADER = (
    "Customer",
    "Subscription",
    "Contract",
    "Operation",
    "What",
    "Asked for",
    "Would be sent for",
    "Outcome",
    "Why or what",
    "This period",
    "Currency",
)


class Outcome(StrEnum):
    SENT = "sent"
    ALREADY_SO = "already_so"
    STOPS = "stops"
    WAITS = "waits"
    HELD = "held"
    LOOKED_AT = "looked_at"

    @property
    def label(self) -> str:
        return {
            Outcome.SENT: "Sent",
            Outcome.ALREADY_SO: "Already so",
            Outcome.STOPS: "Stops",
            Outcome.WAITS: "Waits behind it",
            Outcome.HELD: "Not sent",
            Outcome.LOOKED_AT: "Only looked at",
        }[self]

    @property
    def tone(self) -> str:
        return {
            Outcome.SENT: "blue",
            Outcome.ALREADY_SO: "green",
            Outcome.STOPS: "red",
            Outcome.WAITS: "yellow",
            Outcome.HELD: "yellow",
            Outcome.LOOKED_AT: "secondary",
        }[self]


@dataclass(frozen=True, slots=True)
class DryLine:
    """One operation that waits, or a subscription that nothing waits for. ``difference``: what
    this billing period would come to more or less, None where it is not known."""

    subscription_id: int
    customer: str
    subscription: str
    contract: str
    sequence: int | None
    what: str
    asked_on: date | None
    sent_on: date | None
    outcome: Outcome
    words: str
    difference: Decimal | None
    currency: str

    def cells(self) -> Sequence[str | int | Decimal | date | None]:
        """As a row under ``HEADER``."""
        return (
            self.customer,
            self.subscription,
            self.contract,
            self.sequence,
            self.what,
            self.asked_on,
            self.sent_on,
            self.outcome.label,
            self.words,
            self.difference,
            self.currency if self.difference is not None else "",
        )
