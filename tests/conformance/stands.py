"""Billing systems the port's promises are checked against: the simulator, or a real sandbox.

A sandbox takes part when these are set (a contract and a contract service made for it, on a
tenant nobody bills from)::

    TALLYSTICK_SANDBOX_USER, TALLYSTICK_SANDBOX_SECRET, TALLYSTICK_SANDBOX_CODE,
    TALLYSTICK_SANDBOX_CONTRACT, TALLYSTICK_SANDBOX_LINE, TALLYSTICK_SANDBOX_DAY (2026-05-03)

The day must be inside the contract, with that day and the next one not changed yet on the line;
the line ends with the units it began with.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

from tallystick.connectors.autotask.billing import make_billing
from tallystick.connectors.autotask.client import AutotaskClient
from tallystick.connectors.autotask.credentials import AutotaskCredentials
from tallystick.connectors.autotask.limits import LocalGate
from tallystick.connectors.autotask.settings import AutotaskServerSettings
from tallystick.connectors.autotask.wire import shared_http_client
from tallystick.simulator.running import Simulator, running_simulator
from tallystick.sync.port import Billing, Line

SANDBOX = {
    name: os.environ.get(f"TALLYSTICK_SANDBOX_{name}", "")
    for name in ("USER", "SECRET", "CODE", "CONTRACT", "LINE", "DAY")
}
KINDS = ("simulator", "sandbox") if all(SANDBOX.values()) else ("simulator",)


@dataclass(frozen=True)
class Stand:
    """A billing system with one line on one contract, and a day that may be changed."""

    billing: Billing
    line: Line
    day: date


@contextmanager
def stand(kind: str) -> Iterator[Stand]:
    if kind == "sandbox":
        settings = AutotaskServerSettings()
        credentials = AutotaskCredentials(
            user_name=SANDBOX["USER"],
            secret=SANDBOX["SECRET"],
            integration_code=SANDBOX["CODE"],
        )
        with shared_http_client(settings) as http:
            yield Stand(
                billing=make_billing(
                    credentials=credentials, settings=settings, gate=LocalGate(), http=http
                ),
                line=Line(contract_id=int(SANDBOX["CONTRACT"]), line_id=int(SANDBOX["LINE"])),
                day=date.fromisoformat(SANDBOX["DAY"]),
            )
        return
    with simulated() as made:
        yield Stand(billing=made.billing, line=made.line, day=date(2026, 5, 3))


@dataclass(frozen=True)
class Simulated:
    """The simulator, our billing on it, and one line of 10 units at 22.00 a month."""

    simulator: Simulator
    billing: Billing
    client: AutotaskClient
    gate: LocalGate
    line: Line
    service_id: int
    company_id: int


@contextmanager
def simulated(
    *, knobs: dict[str, object] | None = None, extra_lines: int = 0, **settings: object
) -> Iterator[Simulated]:
    """``settings`` change ``AutotaskServerSettings``; the clock stands at 1 May 2026, noon."""
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    with running_simulator(knobs=knobs, frozen_at=noon) as simulator:
        loaded = simulator.load(
            companies=[{"ref": "c", "name": "Contoso", "number": "C-1"}],
            services=[{"ref": "s", "name": "M365", "unit_price": "22.00", "unit_cost": "17.60"}],
            contracts=[{"ref": "k", "company": "c", "start": "2026-01-01", "end": "2027-12-31"}],
            lines=[{"ref": "l", "contract": "k", "service": "s", "units": 10}]
            + [{"contract": "k", "service": "s", "units": 1}] * extra_lines,
        )
        values: dict[str, object] = {
            "origins": frozenset({simulator.origin}),
            "discovery_url": simulator.origin,
            "retry_pause": 0.01,
            **settings,
        }
        server = AutotaskServerSettings(**values)  # type: ignore[arg-type]
        credentials = AutotaskCredentials(
            user_name=simulator.user,
            secret=simulator.secret,
            integration_code=simulator.code,
        )
        gate = LocalGate(hourly_budget=100_000)
        refs = loaded["refs"]
        with shared_http_client(server) as http:
            yield Simulated(
                simulator=simulator,
                billing=make_billing(
                    credentials=credentials, settings=server, gate=gate, http=http
                ),
                client=AutotaskClient(credentials=credentials, gate=gate, wire=http),
                gate=gate,
                line=Line(contract_id=refs["k"], line_id=refs["l"]),
                service_id=refs["s"],
                company_id=refs["c"],
            )
