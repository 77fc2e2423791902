"""The web process."""

from __future__ import annotations

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server


def serve(*, host: str = "127.0.0.1", port: int = 8000, threads: int = 8) -> None:
    """Serve pages and API until SIGTERM or Ctrl-C. Binds to loopback unless told otherwise."""
    Server(
        "tallystick.bootstrap.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=threads,
        log_level=LogLevels.error,
    ).serve()
