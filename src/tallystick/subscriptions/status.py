"""The states of a subscription."""

from __future__ import annotations

from enum import StrEnum


class SubscriptionStatus(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    DISABLED = "disabled"
    DELETED = "deleted"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        return self.value.capitalize()

    @property
    def tone(self) -> str:
        return {
            SubscriptionStatus.ACTIVE: "green",
            SubscriptionStatus.SUSPENDED: "yellow",
        }.get(self, "secondary")


# What is held, and can still be changed.
LIVE = frozenset({SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED})


class EndOfTerm(StrEnum):
    """What happens when the term ends. Extending is the vendor's paid month-by-month term."""

    RENEW = "renew"
    EXTEND = "extend"
    CANCEL = "cancel"

    @property
    def label(self) -> str:
        return {
            EndOfTerm.RENEW: "Renews",
            EndOfTerm.EXTEND: "Goes on month by month (extended service term)",
            EndOfTerm.CANCEL: "Ends",
        }[self]

    @property
    def short(self) -> str:
        return "Month by month" if self is EndOfTerm.EXTEND else self.label
