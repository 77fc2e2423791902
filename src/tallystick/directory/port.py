"""What the directory asks of a billing system. All ids are the billing system's own.

Names are foreign text: show them escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Company:
    """A company that is a customer; ``number`` is often an id of another system, or empty."""

    id: int
    name: str
    number: str
    active: bool


@dataclass(frozen=True, slots=True)
class Service:
    """``unit_price`` and ``unit_cost`` are per unit and period; None is not shown, not 0."""

    id: int
    name: str
    period_months: int | None
    unit_price: Decimal | None
    unit_cost: Decimal | None
    active: bool


@dataclass(frozen=True, slots=True)
class Contract:
    """A recurring service contract. ``ends_on`` is inclusive, as the vendor writes it."""

    id: int
    company_id: int
    name: str
    number: str
    active: bool
    starts_on: date | None
    ends_on: date | None
    period_months: int | None


@dataclass(frozen=True, slots=True)
class ContractLine:
    """A service on a contract; several may be of one. ``reference`` is where ours is kept."""

    id: int
    contract_id: int
    service_id: int
    name: str
    reference: str


class Directory(Protocol):
    """A billing system's directory, for one connection. Everything is complete or raises
    BillingError."""

    def companies(self) -> Sequence[Company]: ...

    def services(self) -> Sequence[Service]:
        """Inactive ones too: what is mapped to one must be told."""
        ...

    def contracts(self) -> Sequence[Contract]:
        """Ended and inactive ones too: people look for them."""
        ...

    def lines(self) -> Sequence[ContractLine]:
        """Of all recurring service contracts, the ended ones too."""
        ...


class DirectoryFor(Protocol):
    """Finds the directory of a connection (wired in bootstrap)."""

    def __call__(self, connection_id: int) -> Directory: ...
