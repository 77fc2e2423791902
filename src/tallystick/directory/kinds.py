"""The kinds of things a directory has, in the order they are read."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    COMPANIES = "companies"
    SERVICES = "services"
    CONTRACTS = "contracts"
    LINES = "lines"

    @property
    def label(self) -> str:
        return {
            Kind.COMPANIES: "Companies",
            Kind.SERVICES: "Services",
            Kind.CONTRACTS: "Contracts",
            Kind.LINES: "Contract services",
        }[self]
