"""Looking things up for a person who maps ours to Autotask's: companies, services, contracts.

Names come from Autotask and are foreign text: show them escaped. All ids are Autotask's entity
ids. Every function is complete or raises BillingError; results are sorted by name, then id.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol, TypeVar

from tallystick.connectors.autotask.billing import ACTIVE, RECURRING_SERVICE, period_months
from tallystick.connectors.autotask.client import (
    AutotaskClient,
    Condition,
    at_least,
    equal,
)
from tallystick.connectors.autotask.fields import (
    day_or_none,
    flag,
    money_or_none,
    text_or_none,
    whole,
    whole_or_none,
)

CUSTOMER = 1  # Companies.companyType, picklist


@dataclass(frozen=True, slots=True)
class CompanyEntry:
    id: int
    name: str
    number: str  # "companyNumber", often an id of another system; may be empty
    active: bool


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """``unit_price`` and ``unit_cost`` are per unit and period; ``None`` is not shown, not 0."""

    id: int
    name: str
    period_months: int | None
    unit_price: Decimal | None
    unit_cost: Decimal | None
    active: bool


@dataclass(frozen=True, slots=True)
class ContractEntry:
    """``ends_on`` is inclusive, as the vendor writes it."""

    id: int
    company_id: int
    name: str
    number: str
    active: bool
    starts_on: date | None
    ends_on: date | None
    period_months: int | None


@dataclass(frozen=True, slots=True)
class LineEntry:
    """A contract service. ``reference`` is its internal description, where ours is kept."""

    id: int
    contract_id: int
    service_id: int
    name: str  # its invoice description; may be empty
    reference: str


def companies(client: AutotaskClient, *, name: str = "") -> list[CompanyEntry]:
    """Customers whose name contains ``name`` (Autotask compares without letter case)."""
    where: list[Condition] = [equal("companyType", CUSTOMER)]
    if name.strip():
        where.append({"op": "contains", "field": "companyName", "value": name.strip()})
    rows = client.query(
        "Companies", where=where, fields=("companyName", "companyNumber", "isActive")
    )
    return _by_name(
        CompanyEntry(
            id=whole(row, "id"),
            name=text_or_none(row, "companyName") or "",
            number=text_or_none(row, "companyNumber") or "",
            active=flag(row, "isActive"),
        )
        for row in rows
    )


def services(client: AutotaskClient) -> list[ServiceEntry]:
    """The active services a contract can have."""
    rows = client.query(
        "Services",
        where=[equal("isActive", True)],
        fields=("name", "periodType", "unitPrice", "unitCost", "isActive"),
    )
    return _by_name(
        ServiceEntry(
            id=whole(row, "id"),
            name=text_or_none(row, "name") or "",
            period_months=period_months(row, "periodType"),
            unit_price=money_or_none(row, "unitPrice"),
            unit_cost=money_or_none(row, "unitCost"),
            active=flag(row, "isActive"),
        )
        for row in rows
    )


def recurring_contracts(client: AutotaskClient, *, company_id: int) -> list[ContractEntry]:
    """A company's recurring service contracts, ended and inactive ones included."""
    rows = client.query(
        "Contracts",
        where=[equal("companyID", company_id), equal("contractType", RECURRING_SERVICE)],
        fields=(
            "companyID",
            "contractName",
            "contractNumber",
            "status",
            "startDate",
            "endDate",
            "contractPeriodType",
        ),
    )
    return _by_name(
        ContractEntry(
            id=whole(row, "id"),
            company_id=whole(row, "companyID"),
            name=text_or_none(row, "contractName") or "",
            number=text_or_none(row, "contractNumber") or "",
            active=whole_or_none(row, "status") == ACTIVE,
            starts_on=day_or_none(row, "startDate"),
            ends_on=day_or_none(row, "endDate"),
            period_months=period_months(row),
        )
        for row in rows
    )


def contract_lines(client: AutotaskClient, *, contract_id: int) -> list[LineEntry]:
    """The contract services of a contract; several may be of one service."""
    rows = client.query(
        "ContractServices",
        where=[equal("contractID", contract_id), at_least("id", 0)],
        fields=("contractID", "serviceID", "invoiceDescription", "internalDescription"),
    )
    return _by_name(
        LineEntry(
            id=whole(row, "id"),
            contract_id=whole(row, "contractID"),
            service_id=whole(row, "serviceID"),
            name=text_or_none(row, "invoiceDescription") or "",
            reference=text_or_none(row, "internalDescription") or "",
        )
        for row in rows
    )


class _Named(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...


Entry = TypeVar("Entry", bound=_Named)


def _by_name(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.name.casefold(), entry.id))
