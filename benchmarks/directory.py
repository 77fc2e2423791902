"""What reading Autotask's companies, services, contracts and lines costs: calls, and memory."""

from __future__ import annotations

import gc
import math
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

from django.conf import settings

from benchmarks.processes import MEGABYTE
from benchmarks.remote import CODE, HOUR, SECRET, USER, Remote
from benchmarks.report import Figure
from tallystick.audit.record import Actor
from tallystick.bootstrap.clients import make_directory
from tallystick.bootstrap.desk import desk
from tallystick.connections.budget import note_threshold
from tallystick.connections.create import Credentials, NewConnection, create_connection
from tallystick.directory.refresh import refresh
from tallystick.identity.context import Context
from tallystick.identity.people import add_tenant
from tallystick.identity.roles import Role
from tallystick.kit.chunks import chunks
from tallystick.kit.clock import DatabaseClock, monotonic
from tallystick.kit.ids import correlation_id
from tallystick.kit.secrets import Secret

ROWS_A_PAGE = 500
PATHS = ("Companies", "Services", "Contracts", "ContractServices")
COMPANIES_A_LOAD = 250


def measure_directory(
    remote: Remote, *, companies: int, lines: int, say: Callable[[str], None]
) -> list[Figure]:
    """A contract for each company, and the lines spread over them."""
    say(f"An Autotask with {companies} companies and {lines} lines")
    _load(remote, companies, lines // companies)
    connection_id = _connection()
    say("Reading the directory")
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the largest so far is forgotten
    before = _memory("VmRSS")
    mark = remote.mark()
    began = monotonic()
    refresh(connection_id, make_directory(connection_id), clock=DatabaseClock())
    seconds = monotonic() - began
    made = remote.calls_since(mark).by_path
    calls = sum(made.get(path, 0) for path in PATHS)
    # Others' rows of earlier figures are in the stand-in too: it is asked how many there are.
    pages = [math.ceil(number / ROWS_A_PAGE) for number in _numbers(connection_id)]
    least = sum(pages)
    fair = all(made.get(path, 0) <= page + 1 for path, page in zip(PATHS, pages, strict=True))
    grown = _memory("VmHWM") - before
    return [
        Figure(
            "calls to read the directory",
            f"{calls} calls",
            f"{least} pages of 500",
            f"{calls / least:.3f}",
            "<= pages + 1 a kind",
            fair,
            ", ".join(f"{path} {made.get(path, 0)}" for path in PATHS)
            + f"; {seconds:.0f} s; the reading process grew by {grown:.0f} MB at most",
            {"calls": dict(made), "pages": pages, "seconds": seconds, "grown_mb": grown},
        )
    ]


def _numbers(connection_id: int) -> list[int]:
    from tallystick.directory.refresh import TABLES

    return [
        table._default_manager.filter(connection_id=connection_id).count()
        for table in TABLES.values()
    ]


def _load(remote: Remote, companies: int, lines_each: int) -> None:
    year = {"start": date(2026, 1, 1).isoformat(), "end": date(2099, 12, 31).isoformat()}
    service = remote.load(services=[{"ref": "s", "name": "Large", "unit_price": "1"}])["s"]
    for some in chunks(range(companies), COMPANIES_A_LOAD):
        remote.load(
            companies=[{"ref": f"c{n}", "name": f"Large company {n:05d}"} for n in some],
            contracts=[
                {"ref": f"k{n}", "company": f"c{n}", "name": f"Cloud {n:05d}", **year} for n in some
            ],
            lines=[
                {"contract": f"k{n}", "service": service, "units": 1}
                for n in some
                for _ in range(lines_each)
            ],
        )


def _connection() -> int:
    now = desk().now()
    tenant_id = add_tenant("Directory", time_zone="UTC", now=now)
    context = Context(tenant_id, None, Role.ADMINISTRATOR, Actor("user/bench", "Bench"))
    connection_id = create_connection(
        NewConnection(
            name="Autotask",
            price_currency="EUR",
            cost_currency="EUR",
            credentials=Credentials(USER, Secret(SECRET), Secret(CODE)),
            quiet_seconds=0,
        ),
        context=context,
        key=settings.SEALING_KEY,
        now=now,
        correlation_id=correlation_id(),
    )
    note_threshold(connection_id, threshold=HOUR, used=0, now=now)
    return connection_id


def _memory(which: str) -> float:
    """Megabytes: ``VmRSS`` now, ``VmHWM`` at most."""
    found = re.search(rf"^{which}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    return int(found[1]) / MEGABYTE if found else 0.0
