"""One exchange with Autotask: sent at most once, bounded in time and size, honest about failing.

Nothing here raises for what a network or a server may do: an exchange ends as a ``Reply`` (read to
its end) or ``Broken`` (with the one fact that matters, whether anything may have left). So no
exception with our headers in its depths travels through the program.
"""

from __future__ import annotations

import logging
import ssl
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType

import certifi
import httpcore
import httpx

from tallystick.connectors.autotask.settings import AutotaskServerSettings
from tallystick.connectors.autotask.sockets import BoundedBackend, CallInProgress
from tallystick.kit import clock
from tallystick.kit.log import logger

log = logger("tallystick.connectors.autotask")

_PIECE = 64 * 1024
_FAILURES = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
    httpx.TransportError,
    httpx.InvalidURL,
    OSError,
)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer read to its end. ``body`` is decoded; header values are as they came."""

    status: int
    body: bytes = field(default=b"", repr=False)  # foreign data, perhaps an echo of our headers
    retry_after: str | None = None
    date: str | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """No complete answer. ``sent`` is false only if provably no byte of the request left.

    ``refused_to_read`` tells an answer we would not take (too large, unknown compression) from a
    connection that failed.
    """

    sent: bool
    why: str
    refused_to_read: bool = False


Outcome = Reply | Broken


class _UnacceptableAnswerError(Exception):
    """The answer is longer than we read, or compressed in a way we did not ask for."""


class _BoundedTransport(httpx.BaseTransport):
    """httpx on a pool of our own, because only there the sockets can be ours. Retries: none."""

    def __init__(self, settings: AutotaskServerSettings, call: CallInProgress) -> None:
        # TLS is always verified: system-independent roots plus the operator's own authority.
        context = ssl.create_default_context(cafile=certifi.where())
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.ca_file:
            context.load_verify_locations(cafile=settings.ca_file)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=settings.max_connections,
            max_keepalive_connections=settings.max_connections,
            keepalive_expiry=settings.keepalive_seconds,
            http1=True,
            http2=False,
            retries=0,
            network_backend=BoundedBackend(
                origins=(*settings.origins, settings.discovery_url), call=call
            ),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._pool.handle_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_AnswerStream(answer),
        )

    def close(self) -> None:
        self._pool.close()


class _AnswerStream(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()


class Wire:
    """The process's one HTTP client for Autotask, shared by all connections and threads."""

    def __init__(self, settings: AutotaskServerSettings) -> None:
        self.settings = settings
        self._call = CallInProgress()
        # These two name whole addresses (the user name is in one) and headers at INFO and DEBUG.
        for chatty in ("httpx", "httpcore"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
        self._http = httpx.Client(
            transport=_BoundedTransport(settings, self._call),
            follow_redirects=False,
            trust_env=False,
            headers={
                "User-Agent": "Tallystick",
                "Accept": "application/json",
                "Accept-Encoding": "gzip",
            },
            # A cookie set for one tenant must not travel with the next tenant's request.
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
        )

    def exchange(
        self,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        deadline: float,
        most_bytes: int,
    ) -> Outcome:
        """Send one request, once, and read its answer until ``deadline`` (monotonic seconds).

        ``url`` must have passed ``check_origin``. Never follows a redirect, never retries, never
        raises for anything the other side does.
        """
        started = clock.monotonic()
        content = {"Content-Type": "application/json"} if body is not None else {}
        request = self._http.build_request(
            method,
            url,
            headers={**headers, **content},
            content=body,
            timeout=httpx.Timeout(
                max(0.001, deadline - started),
                connect=max(0.001, min(self.settings.connect_timeout, deadline - started)),
            ),
        )
        with self._call.until(deadline):
            outcome = self._send(request, most_bytes)
        status = outcome.status if isinstance(outcome, Reply) else "no answer"
        # Never the query, a header or a body: the user name is in one query, data in the others.
        log.info(
            "autotask call",
            method=method,
            path=request.url.path,
            status=status,
            ms=round((clock.monotonic() - started) * 1000),
        )
        return outcome

    def _send(self, request: httpx.Request, most_bytes: int) -> Outcome:
        try:
            response = self._http.send(request, stream=True)
        except _FAILURES as failure:
            return Broken(sent=self._call.sent, why=_plain(failure))
        try:
            body = _read_body(response, most_bytes)
        except _UnacceptableAnswerError as failure:
            return Broken(sent=True, why=str(failure), refused_to_read=True)
        except _FAILURES as failure:
            return Broken(sent=True, why=f"the answer broke off ({_plain(failure)})")
        finally:
            response.close()
        return Reply(
            status=response.status_code,
            body=body,
            retry_after=response.headers.get("Retry-After"),
            date=response.headers.get("Date"),
        )

    def close(self) -> None:
        """Close every connection. The wire cannot be used afterwards."""
        self._http.close()

    def __enter__(self) -> Wire:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _read_body(response: httpx.Response, most_bytes: int) -> bytes:
    """Collect the body, counting *decoded* bytes as they appear, so a small bomb stays small."""
    coding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in {"identity", "gzip"}:
        raise _UnacceptableAnswerError("the answer was compressed in a way we did not ask for")
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS) if coding == "gzip" else None
    collected = bytearray()
    for piece in response.iter_raw():
        if inflate is not None and inflate.eof:
            raise _UnacceptableAnswerError("the answer goes on behind its end")
        while piece:
            if inflate is None:
                plain, piece = piece, b""  # noqa: PLW2901 - the loop feeds itself
            else:
                try:
                    plain = inflate.decompress(piece, _PIECE)
                except zlib.error:
                    raise _UnacceptableAnswerError("the answer's compression is damaged") from None
                piece = inflate.unconsumed_tail  # noqa: PLW2901 - the loop feeds itself
            collected += plain
            if len(collected) > most_bytes:
                raise _UnacceptableAnswerError(f"the answer is longer than {most_bytes} bytes")
    if inflate is not None:
        collected += inflate.flush()
    if inflate is not None and not inflate.eof:
        raise _UnacceptableAnswerError("the compressed answer is not complete")
    return bytes(collected)


def _plain(failure: Exception) -> str:
    """What failed in words a person can use; never the exception's own text, which may quote us."""
    match failure:
        case httpcore.ConnectTimeout():
            return "no connection in time"
        case httpcore.PoolTimeout():
            return "no free connection in time"
        case httpcore.ConnectError() if "CERTIFICATE" in str(failure).upper():
            return "the server's certificate is not valid"
        case httpcore.ConnectError():
            return "no connection could be made"
        case httpcore.TimeoutException():
            return "no answer in time"
        case httpcore.ProtocolError():
            return "the connection was closed or spoke something else than HTTP"
        case _:
            return "the connection was lost"


def shared_http_client(settings: AutotaskServerSettings) -> Wire:
    """The one pooled client of a process; give it to every ``make_billing``."""
    return Wire(settings)
