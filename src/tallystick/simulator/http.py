"""A small HTTP/1.1 server on asyncio and h11, because faults need the socket itself.

It keeps connections alive, holds slow requests without blocking others, streams large bodies, and
can reset a connection or cut an answer in half.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterator
from http import HTTPStatus
from typing import Protocol

import h11

from tallystick.simulator.messages import Answer, Ending, Request, Wait

MOST_BODY_BYTES = 16 * 1024 * 1024
_REFUSED_SECONDS = 2.0
_NO_LINGER = struct.pack("ii", 1, 0)
_REASONS = {status.value: status.phrase.encode("ascii") for status in HTTPStatus}


class Application(Protocol):
    """What the server asks: whether to cut early, what to answer, and a regular tick."""

    def cut_early(self, request: Request) -> bool: ...

    def handle(self, request: Request) -> Answer | Wait: ...

    def tick(self) -> None: ...


class _Connection(asyncio.Protocol):
    def __init__(self, application: Application, open_ones: set[_Connection]) -> None:
        self._application = application
        self._open_ones = open_ones
        self._http = h11.Connection(h11.SERVER)
        self._transport: asyncio.Transport | None = None
        self._peer = ""
        self._head: h11.Request | None = None
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._busy = False
        self._refused = False
        self._has_left = False
        self._chunks: Iterator[bytes] | None = None

    # The socket's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - TCP always has one
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self._peer = str(peer[0]) if peer else ""
        self._open_ones.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's
        self._open_ones.discard(self)
        self._transport = None

    def eof_received(self) -> bool:
        self._has_left = True
        if self._busy:
            return True  # the request is complete: keep going until it is answered
        with contextlib.suppress(h11.RemoteProtocolError):
            self._http.receive_data(b"")
        return False

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return  # read on and drop it, or the client would see a reset instead of the answer
        try:
            self._http.receive_data(data)
            self._read_events()
        except h11.RemoteProtocolError as why:
            self._refuse(why.error_status_hint)

    def resume_writing(self) -> None:
        self._write_chunks()

    # Reading

    def _read_events(self) -> None:
        while not self._busy and self._transport is not None:
            event = self._http.next_event()
            match event:
                case h11.Request():
                    self._head, self._body, self._body_bytes = event, [], 0
                    if self._application.cut_early(self._request()):
                        self._reset()
                        return
                    if self._http.they_are_waiting_for_100_continue:
                        go_on = h11.InformationalResponse(status_code=100, headers=[])
                        self._transport.write(self._http.send(go_on) or b"")
                case h11.Data():
                    self._body_bytes += len(event.data)
                    if self._body_bytes > MOST_BODY_BYTES:
                        self._refuse(413)
                        return
                    self._body.append(bytes(event.data))
                case h11.EndOfMessage():
                    self._busy = True
                    self._act(self._application.handle(self._request()))
                case _:
                    return

    def _request(self) -> Request:
        head = self._head
        assert head is not None  # noqa: S101 - set by the event before
        return Request(
            method=head.method.decode("ascii"),
            target=head.target.decode("latin-1"),
            headers={
                name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers
            },
            body=b"".join(self._body),
            peer=self._peer,
        )

    # Answering

    def _act(self, answer: Answer | Wait) -> None:
        if isinstance(answer, Wait):
            loop = asyncio.get_running_loop()
            loop.call_later(answer.seconds, lambda: self._act(answer.then()))
            return
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        transport = self._transport
        if transport is None:
            return  # the client has left; what was to be done is done
        if answer.ending is Ending.RESET:
            self._reset()
            return
        if answer.ending is Ending.CLOSED:
            transport.close()
            return
        try:
            self._write(answer, transport)
        except h11.LocalProtocolError:
            transport.close()

    def _write(self, answer: Answer, transport: asyncio.Transport) -> None:
        headers = [("Server", "Autotask-Simulator"), *answer.headers]
        if answer.body or answer.chunks is not None:
            headers.append(("Content-Type", answer.content_type))
        if answer.chunks is None:
            headers.append(("Content-Length", str(len(answer.body))))
        head = h11.Response(
            status_code=answer.status,
            headers=headers,
            reason=_REASONS.get(answer.status, b""),
        )
        start = self._http.send(head) or b""
        if answer.ending is Ending.TRUNCATED:
            transport.write(start + answer.body[: len(answer.body) // 2])
            transport.close()
            return
        if answer.chunks is not None:
            transport.write(start)
            self._chunks = answer.chunks
            self._write_chunks()
            return
        body = b""
        if answer.body and self._head is not None and self._head.method != b"HEAD":
            body = self._http.send(h11.Data(data=answer.body)) or b""
        end = self._http.send(h11.EndOfMessage()) or b""
        transport.write(start + body + end)
        self._next()

    def _write_chunks(self) -> None:
        while self._chunks is not None and self._transport is not None:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._chunks = None
                self._transport.write(self._http.send(h11.EndOfMessage()) or b"")
                self._next()
                return
            self._transport.write(self._http.send(h11.Data(data=chunk)) or b"")
            if self._transport.get_write_buffer_size() > 256 * 1024:
                return  # resume_writing goes on

    def _next(self) -> None:
        self._busy = False
        states = {self._http.our_state, self._http.their_state}
        if states == {h11.DONE} and not self._has_left:
            self._http.start_next_cycle()
            self._read_events()
        elif self._transport is not None:
            self._transport.close()

    def _refuse(self, status: int) -> None:
        if self._transport is None:
            return
        self._refused = True
        with contextlib.suppress(h11.LocalProtocolError):
            if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                self._transport.write(
                    f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
                    "Connection: close\r\nContent-Length: 0\r\n\r\n".encode("ascii")
                )
        self._transport.write_eof()
        asyncio.get_running_loop().call_later(_REFUSED_SECONDS, self.close)

    def _reset(self) -> None:
        if self._transport is None:
            return
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


class Server:
    """Listens until closed. ``port`` 0 takes a free one; ``address`` tells which."""

    TICK_SECONDS = 0.05

    def __init__(self, application: Application) -> None:
        self._application = application
        self._connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.Task[None] | None = None

    async def open(self, host: str, port: int) -> int:
        """Start listening; answers the port. Raises OSError when it is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self._application, self._connections), host, port, backlog=512
        )
        self._ticking = asyncio.create_task(self._tick())
        return int(self._server.sockets[0].getsockname()[1])

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self.TICK_SECONDS)
            self._application.tick()

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._ticking is not None:
            self._ticking.cancel()
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.close()
        await asyncio.sleep(0)
