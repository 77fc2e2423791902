"""A running simulator with a little data, and short ways to talk to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx

from tallystick.simulator.running import Simulator, running_simulator

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DUPLICATE = "Attempt to insert duplicate data into contract_service_period"
THREADS = "The Autotask API thread threshold of 3 threads has been exceeded."


def exact(response: httpx.Response) -> Any:
    """The body with money as Decimal."""
    return json.loads(response.text, parse_float=Decimal)


@dataclass
class Tenant:
    sim: Simulator
    http: httpx.Client
    company: int
    service: int
    contract: int
    line: int

    def adjust(self, day: str, change: int | None = None, **extra: Any) -> httpx.Response:
        body = {"contractServiceID": self.line, "effectiveDate": day, **extra}
        if change is not None:
            body["unitChange"] = change
        return self.http.post(f"Contracts/{self.contract}/ServiceAdjustments", json=body)

    def query(self, entity: str, *conditions: dict[str, Any], **extra: Any) -> httpx.Response:
        return self.http.post(f"{entity}/query", json={"filter": list(conditions), **extra})

    def items(self, entity: str, *conditions: dict[str, Any], **extra: Any) -> list[Any]:
        response = self.query(entity, *conditions, **extra)
        assert response.status_code == 200, response.text
        return list(exact(response)["items"])

    def rows(self, line: int | None = None) -> list[Any]:
        found = self.items("ContractServiceUnits", where("contractServiceID", line or self.line))
        return sorted(found, key=lambda row: row["startDate"])

    def row(self, day: str, line: int | None = None) -> Any:
        """The row covering a day, by the rule the specification gives: the latest start wins."""
        return [row for row in self.rows(line) if row["startDate"][:10] <= day][-1]

    def units(self, day: str, line: int | None = None) -> int:
        return int(self.row(day, line)["units"])

    def code(self, label: str) -> int:
        """The billing code of that use."""
        numbers = {"Material Code": 3, "Service Code": 4}
        return int(self.items("BillingCodes", where("useType", numbers[label]))[0]["id"])

    def errors(self, response: httpx.Response, status: int = 500) -> list[str]:
        assert response.status_code == status, response.text
        return list(response.json()["errors"])


def where(field: str, value: Any = None, op: str = "eq") -> dict[str, Any]:
    return {"op": op, "field": field, "value": value}


@contextmanager
def running_tenant(**options: Any) -> Iterator[Tenant]:
    options.setdefault("frozen_at", NOON)
    with running_simulator(**options) as sim:
        ids = sim.load(
            companies=[{"ref": "c", "name": "Contoso"}],
            services=[{"ref": "s", "name": "M365", "unit_price": "22.00", "unit_cost": "17.60"}],
            contracts=[{"ref": "k", "company": "c", "start": "2026-01-01", "end": "2026-12-31"}],
            lines=[{"ref": "l", "contract": "k", "service": "s", "units": 10}],
        )["refs"]
        headers = {"UserName": sim.user, "Secret": sim.secret, "ApiIntegrationCode": sim.code}
        with httpx.Client(
            base_url=f"{sim.origin}/ATServicesRest/V1.0/", headers=headers, timeout=10
        ) as http:
            yield Tenant(sim, http, ids["c"], ids["s"], ids["k"], ids["l"])
