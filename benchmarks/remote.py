"""The stand-in for Autotask as its own process, its control desk, and the raw loop against it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx

from benchmarks.processes import Running, started
from tallystick.kit.clock import monotonic

IN_FLIGHT = 3  # the vendor's limit for one integration code and endpoint
LINES_A_READ = 30
HOUR = 10_000_000
USER, SECRET, CODE = "bench@tallystick.example", "bench-secret", "BENCHMARK"
HEADERS = {"UserName": USER, "Secret": SECRET, "ApiIntegrationCode": CODE}
API = "/ATServicesRest/V1.0"
WRITE, READ = "ServiceAdjustments", "ContractServiceUnits"


@dataclass(frozen=True, slots=True)
class Place:
    """A contract with one line."""

    contract_id: int
    line_id: int
    service_id: int
    company_id: int


@dataclass(frozen=True, slots=True)
class Calls:
    """What reached the stand-in, its control desk aside."""

    writes: int
    reads: int
    others: int
    by_path: dict[str, int]
    refused: int

    @property
    def all(self) -> int:
        return self.writes + self.reads + self.others


class Remote:
    """The control desk."""

    def __init__(self, origin: str, running: Running) -> None:
        self.origin = origin
        self.running = running
        self._http = httpx.Client(base_url=origin, timeout=120, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def latency(self, milliseconds: int) -> None:
        self._ask("POST", "knobs", {"latency_ms": milliseconds})

    def break_down(self) -> int:
        """From now on a gateway answers everything with 503; answers what ``mend`` ends."""
        fault = {"kind": "html_502", "status": 503, "times": None, "path": "V1.0"}
        return int(self._ask("POST", "faults", fault)["id"])

    def mend(self, fault: int) -> None:
        self._ask("DELETE", f"faults/{fault}")

    def places(self, count: int, *, starts: date, ends: date) -> list[Place]:
        """New contracts with a line of ten units each."""
        loaded = self._ask(
            "POST",
            "load",
            {
                "companies": [{"ref": "c", "name": f"Company {monotonic()}"}],
                "services": [
                    {"ref": "s", "name": f"Service {monotonic()}"}
                    | {"unit_price": "15.20", "unit_cost": "12.10"}
                ],
                "contracts": [
                    {"ref": f"k{n}", "company": "c", "name": f"Contract {n}"}
                    | {"start": starts.isoformat(), "end": ends.isoformat()}
                    for n in range(count)
                ],
                "lines": [
                    {"ref": f"l{n}", "contract": f"k{n}", "service": "s", "units": 10}
                    | {"unit_price": "15.20", "unit_cost": "12.10"}
                    for n in range(count)
                ],
            },
        )
        refs = loaded["refs"]
        return [Place(refs[f"k{n}"], refs[f"l{n}"], refs["s"], refs["c"]) for n in range(count)]

    def load(self, **wanted: object) -> dict[str, int]:
        """Companies, services, contracts and lines; answers the ids of their refs."""
        return dict(self._ask("POST", "load", wanted)["refs"])

    def mark(self) -> int:
        """Where the log of requests is now."""
        found = self._ask("GET", "requests?limit=1000000")["requests"]
        return int(found[-1]["seq"]) if found else 0

    def calls_since(self, mark: int) -> Calls:
        found = self._ask("GET", f"requests?after={mark}&limit=1000000")["requests"]
        asked = [(one["method"], one["path"]) for one in found]
        paths = Counter(_kind(path) for _, path in asked)
        writes, reads = paths[WRITE], paths[READ]
        refused = sum(1 for one in found if (one["status"] or 0) >= 400)
        return Calls(writes, reads, len(asked) - writes - reads, dict(paths), refused)

    def effects(self, line_id: int) -> int:
        return len(self._ask("GET", f"effects?contract_service_id={line_id}")["effects"])

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        answer = self._http.request(method, f"/simulator/{path}", json=body)
        if answer.is_error:
            raise RuntimeError(f"the simulator refused {method} {path}: {answer.text[:500]}")
        return dict(answer.json())


def _kind(path: str) -> str:
    parts = path.partition("/V1.0/")[2].split("/")
    return WRITE if parts[-1] == WRITE else parts[0]


@contextmanager
def remote(folder: Path) -> Iterator[Remote]:
    arguments = ["--port", "0", "--user", USER, "--secret", SECRET, "--code", CODE]
    knobs = ["--knob", "latency_ms=0", "--knob", f"hourly_threshold={HOUR}"]
    log = folder / "simulator.log"
    with started("tallystick", "simulator", *arguments, *knobs, log=log) as running:
        desk = Remote(running.wait_for(r"READY (http://\S+)")[1], running)
        try:
            yield desk
        finally:
            desk.close()


def raw_loop(
    origin: str, places: Sequence[Place], days: Sequence[date], *, reads: int = 0
) -> float:
    """Seconds a bare client takes: every POST once, three in flight; nothing kept, nothing proved.

    ``reads`` are made beside the POSTs, one after another, each for thirty lines.
    """
    jobs = [(place, day) for day in days for place in places]
    with httpx.Client(base_url=origin, headers=HEADERS, timeout=60, trust_env=False) as http:

        def post(job: tuple[Place, date]) -> None:
            place, day = job
            body = {
                "contractID": place.contract_id,
                "contractServiceID": place.line_id,
                "effectiveDate": day.isoformat(),
                "unitChange": 1,
                "adjustedUnitPrice": 15.2,
                "adjustedUnitCost": 12.1,
            }
            http.post(
                f"{API}/Contracts/{place.contract_id}/ServiceAdjustments", json=body
            ).raise_for_status()

        def read_all() -> None:
            for number in range(reads):
                start = number * LINES_A_READ % len(places)
                lines = [place.line_id for place in places[start : start + LINES_A_READ]]
                where = [
                    {"op": "in", "field": "contractServiceID", "value": lines},
                    {"op": "gte", "field": "endDate", "value": days[0].isoformat()},
                ]
                body = {"MaxRecords": 500, "filter": where}
                http.post(f"{API}/ContractServiceUnits/query", json=body).raise_for_status()

        began = monotonic()
        reader = threading.Thread(target=read_all)
        reader.start()
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            for _ in pool.map(post, jobs):
                pass
        reader.join()
        return monotonic() - began
