"""The words that tell offers apart: segment, term, billing cycle, kind."""

from __future__ import annotations

from enum import StrEnum


class Segment(StrEnum):
    COMMERCIAL = "commercial"
    EDUCATION = "education"
    GOVERNMENT = "government"
    NONPROFIT = "nonprofit"

    @property
    def label(self) -> str:
        return "NonProfit" if self is Segment.NONPROFIT else self.value.capitalize()


class Term(StrEnum):
    MONTH = "P1M"
    YEAR = "P1Y"
    THREE_YEARS = "P3Y"
    FIVE_YEARS = "P5Y"
    NONE = "none"

    @property
    def label(self) -> str:
        return {
            Term.MONTH: "1 month",
            Term.YEAR: "1 year",
            Term.THREE_YEARS: "3 years",
            Term.FIVE_YEARS: "5 years",
            Term.NONE: "No term",
        }[self]

    @property
    def months(self) -> int | None:
        """Months of the commitment; None without one."""
        return {
            Term.MONTH: 1,
            Term.YEAR: 12,
            Term.THREE_YEARS: 36,
            Term.FIVE_YEARS: 60,
        }.get(self)


class BillingCycle(StrEnum):
    MONTHLY = "monthly"
    ANNUAL = "annual"
    TRIENNIAL = "triennial"
    ONE_TIME = "one_time"
    NONE = "none"

    @property
    def label(self) -> str:
        return {
            BillingCycle.MONTHLY: "Monthly",
            BillingCycle.ANNUAL: "Annual",
            BillingCycle.TRIENNIAL: "Triennial",
            BillingCycle.ONE_TIME: "One-time",
            BillingCycle.NONE: "No cycle",
        }[self]

    @property
    def months(self) -> int | None:
        """Months of one cycle; None for what is billed once."""
        return {BillingCycle.MONTHLY: 1, BillingCycle.ANNUAL: 12, BillingCycle.TRIENNIAL: 36}.get(
            self
        )


class OfferKind(StrEnum):
    NCE_LICENCE = "nce_licence"
    LEGACY_LICENCE = "legacy_licence"
    AZURE_PLAN = "azure_plan"
    AZURE_RESERVATION = "azure_reservation"
    SAVINGS_PLAN = "savings_plan"
    SOFTWARE_SUBSCRIPTION = "software_subscription"
    PERPETUAL_SOFTWARE = "perpetual_software"
    MARKETPLACE = "marketplace"

    @property
    def label(self) -> str:
        return {
            OfferKind.NCE_LICENCE: "NCE licence",
            OfferKind.LEGACY_LICENCE: "Legacy licence",
            OfferKind.AZURE_PLAN: "Azure plan",
            OfferKind.AZURE_RESERVATION: "Azure reservation",
            OfferKind.SAVINGS_PLAN: "Savings plan",
            OfferKind.SOFTWARE_SUBSCRIPTION: "Software subscription",
            OfferKind.PERPETUAL_SOFTWARE: "Perpetual software",
            OfferKind.MARKETPLACE: "Marketplace",
        }[self]
