"""A tiny loopback server that misbehaves on purpose, down to the single byte.

Public and small, so that a fault can be written as what happens on the socket::

    with RawServer(lambda call: call.reset()) as server:
        ...
    assert len(server.calls) == 1

Every connection is served by a thread of its own; each request is read whole, kept in ``calls``
and given to the behaviour. A behaviour returns to keep the connection open, or ends it with
``close``, ``reset`` or ``hang``.
"""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType


class ConnectionOverError(Exception):
    """The behaviour is done with this connection."""


@dataclass
class Call:
    """One request as it arrived, and what a behaviour can do about it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    raw: bytes
    connection: int
    _socket: socket.socket = field(repr=False)
    _stop: threading.Event = field(repr=False)
    origin: str = ""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def json(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.body)
        return found

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def answer(
        self,
        status: int,
        body: object = None,
        *,
        headers: dict[str, str] | None = None,
        packed: bool = False,
    ) -> None:
        """Answer properly; a ``bytes`` body goes out as it is, anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        extra = dict(headers or {})
        if packed:
            data, extra["Content-Encoding"] = gzip.compress(data), "gzip"
        kind = "text/html" if data.startswith(b"<") else "application/json"
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {kind}"]
        lines += [f"{name}: {value}" for name, value in extra.items()]
        lines.append(f"Content-Length: {len(data)}")
        self.send("\r\n".join([*lines, "", ""]).encode() + data)

    def close(self) -> None:
        """Say goodbye politely, with whatever was or was not answered."""
        raise ConnectionOverError

    def reset(self) -> None:
        """Slam the door: the client sees a TCP reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionOverError

    def hang(self, seconds: float = 60.0) -> None:
        """Keep the connection open and say nothing (ends early when the server is stopped)."""
        self._stop.wait(seconds)
        raise ConnectionOverError


Behaviour = Callable[[Call], None]


class RawServer:
    """Listens on a free loopback port for as long as the ``with`` block runs.

    Zone questions are answered with this server's own address unless ``zone_url`` names another
    or ``answers_zone`` is off (then the behaviour sees them too).
    """

    def __init__(
        self,
        behaviour: Behaviour,
        *,
        zone_url: str | None = None,
        answers_zone: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.calls: list[Call] = []
        self.zone_calls: list[Call] = []
        self.connections = 0
        self.bytes_received = 0
        self.behaviour = behaviour
        self.zone_url = zone_url
        self._answers_zone = answers_zone
        self._tls = tls
        self._stop = threading.Event()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    @property
    def origin(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def writes(self) -> list[Call]:
        """The requests that could have changed something."""
        return [c for c in self.calls if c.method != "GET" and "/query" not in c.path.lower()]

    def __enter__(self) -> RawServer:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        # Closing alone would not wake the thread that waits in accept.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            number = self.connections
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            connection.settimeout(30)
            while not self._stop.is_set():
                call = self._read(connection, number)
                if call is None:
                    return
                if self._answers_zone and call.path.lower().endswith("/zoneinformation"):
                    self.zone_calls.append(call)
                    url = self.zone_url or f"{self.origin}/ATServicesRest/"
                    call.answer(200, {"zoneName": "Test", "url": url, "webUrl": url, "ci": 1})
                    continue
                self.calls.append(call)
                self.behaviour(call)
        except (ConnectionOverError, OSError):
            pass
        finally:
            connection.close()

    def _read(self, connection: socket.socket, number: int) -> Call | None:
        raw = b""
        while b"\r\n\r\n" not in raw:
            piece = connection.recv(65536)
            if not piece:
                return None
            self.bytes_received += len(piece)
            raw += piece
        head, _, body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        while len(body) < int(headers.get("content-length", "0")):
            piece = connection.recv(65536)
            if not piece:
                return None
            self.bytes_received += len(piece)
            body += piece
        return Call(
            method=method,
            target=target,
            headers=headers,
            body=body,
            raw=head + b"\r\n\r\n" + body,
            connection=number,
            _socket=connection,
            _stop=self._stop,
            origin=self.origin,
        )


def page(call: Call, rows: list[dict[str, object]], *, following: str | None = None) -> None:
    """Answer a query with one page of rows, as Autotask does, or a count with their number."""
    if call.path.endswith("/count"):
        call.answer(200, {"queryCount": len(rows)})
        return
    call.answer(
        200,
        {
            "items": rows,
            "pageDetails": {
                "count": len(rows),
                "requestCount": 500,
                "prevPageUrl": None,
                "nextPageUrl": following,
            },
        },
    )
