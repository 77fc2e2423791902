"""Run a small application in a background thread on a free loopback port."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tallystick.simulator.http import Application, Server

_START_SECONDS = 10.0


@contextmanager
def served(application: Application, *, port: int = 0) -> Iterator[str]:
    """Its origin; stopped at the end. Raises OSError when it cannot listen."""
    loop, stop, listening = asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    outcome: dict[str, Any] = {}

    async def serve() -> None:
        server = Server(application)
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

    thread = threading.Thread(target=run, name="stand-in", daemon=True)
    thread.start()
    if not listening.wait(_START_SECONDS) or "port" not in outcome:
        raise outcome.get("why") or OSError("the stand-in did not start")
    try:
        yield f"http://127.0.0.1:{outcome['port']}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_START_SECONDS)
