"""Autotask's companies, services, contracts and contract services, for people who map.

Every reading is complete or raises BillingError; results are sorted by name, then id. Pages have
500 rows, Autotask's most.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from tallystick.connectors.autotask.client import AutotaskClient, at_least, equal
from tallystick.connectors.autotask.fields import (
    day_or_none,
    flag,
    money_or_none,
    text_or_none,
    whole,
    whole_or_none,
)
from tallystick.connectors.autotask.line_facts import ACTIVE, RECURRING_SERVICE, period_months
from tallystick.directory.port import Company, Contract, ContractLine, Service

CUSTOMER = 1  # Companies.companyType, picklist


class AutotaskDirectory:
    """``tallystick.directory.port.Directory`` for one connection. Holds no state."""

    def __init__(self, client: AutotaskClient) -> None:
        self._client = client

    def companies(self) -> Sequence[Company]:
        """Companies of type Customer only, the inactive ones included."""
        rows = self._client.query(
            "Companies",
            where=[equal("companyType", CUSTOMER)],
            fields=("companyName", "companyNumber", "isActive"),
        )
        return _by_name(
            Company(
                id=whole(row, "id"),
                name=text_or_none(row, "companyName") or "",
                number=text_or_none(row, "companyNumber") or "",
                active=flag(row, "isActive"),
            )
            for row in rows
        )

    def services(self) -> Sequence[Service]:
        rows = self._client.query(
            "Services",
            where=[at_least("id", 0)],
            fields=("name", "periodType", "unitPrice", "unitCost", "isActive"),
        )
        return _by_name(
            Service(
                id=whole(row, "id"),
                name=text_or_none(row, "name") or "",
                period_months=period_months(row, "periodType"),
                unit_price=money_or_none(row, "unitPrice"),
                unit_cost=money_or_none(row, "unitCost"),
                active=flag(row, "isActive"),
            )
            for row in rows
        )

    def contracts(self) -> Sequence[Contract]:
        """Recurring service contracts, the only ones that have contract services."""
        rows = self._client.query(
            "Contracts",
            where=[equal("contractType", RECURRING_SERVICE)],
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
            Contract(
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

    def lines(self) -> Sequence[ContractLine]:
        """All contract services; several may be of one service.

        Not asked for contract by contract: full pages are as few as there can be.
        """
        rows = self._client.query(
            "ContractServices",
            where=[at_least("id", 0)],
            fields=("contractID", "serviceID", "invoiceDescription", "internalDescription"),
        )
        return _by_name(
            ContractLine(
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
