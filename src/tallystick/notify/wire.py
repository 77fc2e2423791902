"""One POST to an address that somebody chose: pinned, bounded in time and size, never followed."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import certifi
import httpcore

from tallystick.kit.address import Address
from tallystick.kit.clock import monotonic
from tallystick.notify.target import NOT_PUBLIC, first_public, read_target, rest_of

SECONDS = 10.0
MOST_BYTES = 64 * 1024
LEAST_OK, FIRST_NOT_OK = 200, 300
FIRST_REDIRECT, FIRST_REFUSAL = 300, 400
Resolve = Callable[[str, int], Sequence[str]]


class NotDelivered(Exception):
    """The sentence says why; it quotes neither the address nor what was answered."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Every address of the name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


@dataclass(frozen=True, slots=True)
class Wire:
    """``allowed``: origins of the server's settings that need not be public."""

    allowed: Collection[str] = frozenset()
    resolve: Resolve = resolve
    seconds: float = SECONDS
    context: ssl.SSLContext = field(
        default_factory=lambda: ssl.create_default_context(cafile=certifi.where())
    )

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Once. Raises NotDelivered unless it was answered with 2xx."""
        deadline = monotonic() + self.seconds
        try:
            address = read_target(url, allowed=self.allowed)
        except ValueError as error:
            raise NotDelivered(f"The address {error}.") from None
        pinned = self._pin(address)
        pool = httpcore.ConnectionPool(
            ssl_context=self.context,
            max_connections=1,
            retries=0,
            network_backend=_Pinned(pinned, address, deadline),
        )
        with pool:
            status = _exchange(pool, address, rest_of(url), body, headers)
        if FIRST_REDIRECT <= status < FIRST_REFUSAL:
            raise NotDelivered(f"It answered with a redirect ({status}), which is not followed.")
        if not LEAST_OK <= status < FIRST_NOT_OK:
            raise NotDelivered(f"It answered with the status {status}.")

    def _pin(self, address: Address) -> str:
        """The one address that is connected to."""
        try:
            found = self.resolve(address.socket_host, address.port)
        except (OSError, UnicodeError):
            raise NotDelivered(f"{address.host} could not be found.") from None
        if address.origin in self.allowed and found:
            return found[0]
        if (pinned := first_public(found)) is None:
            raise NotDelivered(f"{address.host} {NOT_PUBLIC}.")
        return pinned


def _exchange(
    pool: httpcore.ConnectionPool,
    address: Address,
    rest: str,
    body: bytes,
    headers: Mapping[str, str],
) -> int:
    try:
        with pool.stream(
            "POST",
            httpcore.URL(
                scheme=address.scheme, host=address.socket_host, port=address.port, target=rest
            ),
            headers=[
                ("Host", address.origin.partition("://")[2]),
                ("User-Agent", "Tallystick"),
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(body))),
                *headers.items(),
            ],
            content=body,
        ) as answer:
            read = 0
            for piece in answer.iter_stream():
                read += len(piece)
                if read > MOST_BYTES:
                    break
            return int(answer.status)
    except httpcore.TimeoutException:
        raise NotDelivered("It did not answer in time.") from None
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        tls = "CERTIFICATE" in str(error).upper()
        why = "Its certificate is not valid." if tls else "No connection, or it broke off."
        raise NotDelivered(why) from None


class _Pinned(httpcore.NetworkBackend):
    """Connects to one address, whatever the name would be found as by now."""

    def __init__(self, pinned: str, address: Address, deadline: float) -> None:
        self._inner = httpcore.SyncBackend()
        self._pinned, self._address, self._deadline = pinned, address, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is what counts
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        if (host.strip("[]"), port) != (self._address.socket_host, self._address.port):
            raise httpcore.ConnectError("another address than the one that was chosen")
        stream = self._inner.connect_tcp(
            self._pinned, port, _left(self._deadline), local_address, socket_options
        )
        return _Timed(stream, self._deadline)


class _Timed(httpcore.NetworkStream):
    """Every step is bounded by the one deadline, so that dripping bytes hold nobody."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - as above
        return self._inner.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - as above
        self._inner.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - as above
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _Timed(inner, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


def _left(deadline: float) -> float:
    """Raises TimeoutException when time is up: a socket timeout of 0 would mean another thing."""
    left = deadline - monotonic()
    if left <= 0:
        raise httpcore.TimeoutException("the deadline passed")
    return left
