"""Run the stand-in in a background thread on a free loopback port."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from tallystick.simulator.http import Server
from tallystick.simulator.partner_center.app import PartnerCenterApp
from tallystick.simulator.partner_center.world import Center

_START_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Running:
    """Its world, to be looked at and changed, and where it listens."""

    center: Center
    origin: str

    @property
    def stand_ins(self) -> dict[str, str]:
        """What stands in for which of Microsoft's hosts."""
        hosts = ("login.microsoftonline.com", "api.partnercenter.microsoft.com")
        return dict.fromkeys(hosts, self.origin)


@contextmanager
def running_partner_center(*, today: date, port: int = 0) -> Iterator[Running]:
    """Stopped at the end. Raises OSError when it cannot listen."""
    center = Center()
    loop, stop, listening = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    outcome: dict[str, Any] = {}

    async def serve() -> None:
        server = Server(PartnerCenterApp(center, today=today))
        outcome["port"] = await server.open("127.0.0.1", port)
        listening.set()
        await stop.wait()
        await server.close()

    def run() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(serve())
        except OSError as why:
            outcome["why"] = why
        finally:
            listening.set()
            loop.close()

    thread = threading.Thread(target=run, name="partner-center", daemon=True)
    thread.start()
    if not listening.wait(_START_SECONDS) or "port" not in outcome:
        raise outcome.get("why") or OSError("the stand-in did not start")
    try:
        yield Running(center, f"http://127.0.0.1:{outcome['port']}")
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_START_SECONDS)
