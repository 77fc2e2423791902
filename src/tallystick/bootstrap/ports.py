"""Is a port free, does something answer there."""

from __future__ import annotations

import fcntl
import http.client
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tallystick.bootstrap.binaries import CannotStart

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not bound to


def is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_or_raise(host: str, port: int) -> None:
    """Raises CannotStart: before anything was started."""
    if not is_free(host, port):
        raise CannotStart(
            f"Port {port} of {host} cannot be listened on: it is in use, or not yours. "
            "Nothing was started. Choose another with --port."
        )


def first_free(host: str, port: int, *, tries: int = 50) -> int:
    """The port, or the next free one. Raises CannotStart."""
    for candidate in range(port, port + tries):
        if is_free(host, candidate):
            return candidate
    raise CannotStart(f"No free port was found from {port} on.")


@contextmanager
def reserved(host: str, port: int, *, tries: int = 50) -> Iterator[int]:
    """The port, or the next one free, kept from others who reserve. Raises CannotStart.

    Seconds pass between choosing a port and listening on it, and two web servers can listen on
    one port without an error: each would then get a part of the other's requests.
    """
    for candidate in range(port, port + tries):
        path = Path(tempfile.gettempdir()) / f"tallystick-{os.getuid()}-port-{candidate}"
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
            if is_free(host, candidate):
                try:
                    yield candidate
                finally:
                    path.unlink(missing_ok=True)
                return
    raise CannotStart(f"No free port was found from {port} on.")


def answers(host: str, port: int, path: str = "/healthz") -> bool:
    """Does a web server answer 200 there?"""
    connection = http.client.HTTPConnection(ANYWHERE.get(host, host), port, timeout=2)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
