"""Sockets that know the call's deadline and whether one byte of its request was handed over.

HTTP libraries time each socket operation, so a server that drips bytes holds a caller for ever,
and they cannot say for certain whether anything left the machine. Both matter here: a write that
provably sent nothing may be sent again, any other may not. The call under way is kept per thread
because a pooled connection serves many threads one after another.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

from tallystick.connectors.autotask.origins import is_vendor
from tallystick.kit import clock
from tallystick.kit.address import Address, read_address


class _Call(threading.local):
    deadline: float | None = None
    sent: bool = False


class CallInProgress:
    """What the calling thread's current exchange is allowed, and what it has done."""

    def __init__(self) -> None:
        self._call = _Call()

    @contextmanager
    def until(self, deadline: float) -> Iterator[None]:
        """Bound every socket operation of this thread by ``deadline`` (monotonic seconds)."""
        self._call.deadline, self._call.sent = deadline, False
        try:
            yield
        finally:
            self._call.deadline = None

    @property
    def sent(self) -> bool:
        """Was any byte of the request handed to the operating system? (TLS hello not counted.)"""
        return self._call.sent

    def before_write(self) -> None:
        """The last moment to change one's mind: raises WriteTimeout when time is up."""
        if not self._call.sent and self.left(None) == 0.0:
            raise httpcore.WriteTimeout("the deadline passed before anything was sent")
        self._call.sent = True

    def left(self, timeout: float | None) -> float | None:
        """The smaller of ``timeout`` and what is left of the call; never below 0."""
        if self._call.deadline is None:
            return timeout
        left = max(0.0, self._call.deadline - clock.monotonic())
        return left if timeout is None else min(left, timeout)


class _BoundedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, call: CallInProgress) -> None:
        self._inner = inner
        self._call = call

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._call.left(timeout)
        if left == 0.0:  # a socket timeout of 0 would mean "do not block", another error
            raise httpcore.ReadTimeout("the deadline passed while waiting for the answer")
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._call.before_write()
        left = self._call.left(timeout)
        if left == 0.0:
            raise httpcore.WriteTimeout("the deadline passed while sending")
        self._inner.write(buffer, left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._call.left(timeout)
        if left == 0.0:
            raise httpcore.ConnectTimeout("the deadline passed while connecting")
        return _BoundedStream(self._inner.start_tls(ssl_context, server_hostname, left), self._call)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class BoundedBackend(httpcore.NetworkBackend):
    """Opens sockets to allowed hosts only: the second lock behind ``check_origin``."""

    def __init__(self, *, origins: Iterable[str], call: CallInProgress) -> None:
        self._inner = httpcore.SyncBackend()
        self._call = call
        addresses = (read_address(origin) for origin in origins)
        self._allowed = frozenset((a.socket_host, a.port) for a in addresses if a is not None)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        zone = is_vendor(Address(scheme="https", host=host, port=port, path=""))
        if not zone and (host.strip("[]"), port) not in self._allowed:
            raise httpcore.ConnectError("this server's settings do not allow that host")
        left = self._call.left(timeout)
        if left == 0.0:
            raise httpcore.ConnectTimeout("the deadline passed before connecting")
        inner = self._inner.connect_tcp(host, port, left, local_address, socket_options)
        return _BoundedStream(inner, self._call)
