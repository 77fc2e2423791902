"""Run a stand-in: in a background thread for tests, or in the foreground for the command."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tallystick.simulator.app import App
from tallystick.simulator.control import Control
from tallystick.simulator.control_routes import ControlRoutes
from tallystick.simulator.http import Server
from tallystick.simulator.machine import (
    DEFAULT_CODE,
    DEFAULT_SECRET,
    DEFAULT_USER,
    Machine,
    Options,
)
from tallystick.simulator.recording import Recording
from tallystick.simulator.world import World

_START_SECONDS = 10.0


class Simulator:
    """The Python handle of a running stand-in. Every method is safe from any thread.

    Methods answer what the JSON routes answer; days are ``date``, rates ``Decimal`` (or text).
    """

    def __init__(self, machine: Machine, origin: str) -> None:
        self._machine = machine
        self._control = Control(machine)
        self.origin = origin

    @property
    def user(self) -> str:
        return self._machine.options.user

    @property
    def secret(self) -> str:
        return self._machine.options.secret

    @property
    def code(self) -> str:
        return self._machine.options.code

    @property
    def lock(self) -> threading.RLock:
        """Hold it (``with sim.lock:``) around any use of ``world``."""
        return self._machine.lock

    @property
    def world(self) -> World:
        """The tenant's data itself, for setting up and for the truth. Hold ``lock`` meanwhile."""
        return self._machine.world

    def inside(self) -> int:
        """Requests that are being answered, or held, now."""
        with self.lock:
            return self._machine.limits.inside()

    def state(self) -> dict[str, Any]:
        return self._control.state()

    def effects(self, contract_service_id: int | None = None) -> list[dict[str, Any]]:
        return self._control.effects(contract_service_id)

    def requests(self, after: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        return self._control.requests(after, limit)

    def rows(self, contract_service_id: int) -> list[dict[str, Any]]:
        return self._control.rows(contract_service_id)

    def units_on(self, contract_service_id: int, day: date | str) -> int | None:
        return self._control.units_on(contract_service_id, _day(day))

    def knobs(self) -> dict[str, Any]:
        return self._control.knobs()

    def set_knobs(self, **values: Any) -> dict[str, Any]:
        return self._control.set_knobs(values)

    def faults(self) -> list[dict[str, Any]]:
        return self._control.faults()

    def add_fault(self, kind: str, **settings: Any) -> int:
        """Put a fault in force (see ``faults.Fault`` for the settings); answers its id."""
        return int(self._control.add_fault(kind, settings)["id"])

    def remove_fault(self, fault_id: int) -> bool:
        return self._control.remove_fault(fault_id)

    def clear_faults(self) -> None:
        self._control.clear_faults()

    def release(self) -> int:
        return self._control.release()

    def approve_and_post(self, contract_id: int, up_to: date | str) -> list[int]:
        return self._control.approve_and_post(contract_id, _day(up_to))

    def hand_edit(
        self,
        contract_service_id: int,
        on: date | str,
        *,
        units: int | None = None,
        unit_price: Decimal | str | None = None,
    ) -> dict[str, Any]:
        price = None if unit_price is None else Decimal(str(unit_price))
        return self._control.hand_edit(contract_service_id, _day(on), units, price)

    def load(
        self,
        *,
        companies: list[dict[str, Any]] | None = None,
        services: list[dict[str, Any]] | None = None,
        contracts: list[dict[str, Any]] | None = None,
        lines: list[dict[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """Add data; answers ``{"companies": [ids], ..., "refs": {ref: id}}``."""
        return self._control.load(
            {
                "companies": companies or [],
                "services": services or [],
                "contracts": contracts or [],
                "lines": lines or [],
            }
        )

    def load_metadata(self, document: dict[str, Any]) -> dict[str, Any]:
        """Put in force what ``tallystick doctor --record`` wrote of a tenant."""
        return self._control.load_metadata(document)

    def edit_contract(
        self, contract_id: int, *, status: int | None = None, end_date: date | str | None = None
    ) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if status is not None:
            fields["status"] = status
        if end_date is not None:
            fields["endDate"] = _day(end_date).isoformat()
        return self._control.edit_contract(contract_id, fields)

    def advance(self, seconds: float) -> datetime:
        return self._control.advance(seconds)

    def freeze(self, at: datetime | None) -> datetime:
        return self._control.freeze(at)

    def reset(self) -> None:
        self._control.reset()


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


def build(options: Options) -> tuple[Machine, App]:
    """A stand-in that does not listen yet."""
    machine = Machine(options)
    routes = ControlRoutes(Control(machine), open_to_all=options.open_control)
    return machine, App(machine, routes)


async def serve(app: App, *, host: str, port: int, ready: Any, stop: asyncio.Event) -> None:
    """Listen until ``stop`` is set; calls ``ready(port)`` when listening."""
    server = Server(app)
    real_port = await server.open(host, port)
    app.default_origin = f"http://{host}:{real_port}"
    ready(real_port)
    try:
        await stop.wait()
    finally:
        await server.close()


@contextmanager
def running_simulator(
    *,
    user: str = DEFAULT_USER,
    secret: str = DEFAULT_SECRET,
    code: str = DEFAULT_CODE,
    companies: int = 0,
    knobs: Mapping[str, Any] | None = None,
    frozen_at: datetime | None = None,
    recording: Recording | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> Iterator[Simulator]:
    """Run a stand-in in a background thread on a free port, and stop it at the end.

    ``companies`` customers are made up to try things with; ``knobs`` are set from the start;
    ``frozen_at`` (aware) stops the clock; ``recording`` is a tenant's metadata. Raises OSError when
    the port cannot be had.
    """
    machine, app = build(
        Options(
            user=user,
            secret=secret,
            code=code,
            companies=companies,
            knobs=knobs or {},
            frozen_at=frozen_at,
            recording=recording,
        )
    )
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    listening = threading.Event()
    outcome: dict[str, Any] = {}

    def ready(real_port: int) -> None:
        outcome["port"] = real_port
        listening.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(serve(app, host=host, port=port, ready=ready, stop=stop))
        except OSError as why:
            outcome["why"] = why
        finally:
            listening.set()
            loop.close()

    thread = threading.Thread(target=run, name="simulator", daemon=True)
    thread.start()
    if not listening.wait(_START_SECONDS) or "port" not in outcome:
        raise outcome.get("why") or OSError("the simulator did not start")
    try:
        yield Simulator(machine, f"http://{host}:{outcome['port']}")
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_START_SECONDS)
