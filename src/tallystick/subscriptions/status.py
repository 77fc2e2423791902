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
