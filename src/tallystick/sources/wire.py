"""Talk HTTPS to a source: to allowed hosts only, no redirects, answers bounded in size and time.

A host of the allow-list may be served from a loopback address by the server's settings (a
stand-in); data never decides where a call goes.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final
from urllib.parse import urlsplit

import httpx

from tallystick.kit.clock import monotonic

MOST_BYTES: Final = 16 * 1024 * 1024
SECONDS: Final = 60.0
DEEPEST: Final = 64
ORIGINS: Final = "TALLYSTICK_SOURCE_ORIGINS"
_STAND_IN = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}\Z", re.ASCII)
_TOO_MANY, _SERVER_ERRORS = 429, 500
_LONGEST_WAIT: Final = 3600.0
_FILES: Final = (b"PK\x03\x04", b"\x1f\x8b")  # zip and gzip


class SourceTrouble(Exception):
    """A source could not be read; the sentence says why. Nothing was concluded from it."""

    def __init__(self, words: str, *, retry_after: float | None = None) -> None:
        super().__init__(words)
        self.retry_after = retry_after


class Refused(SourceTrouble):
    """It answered no: credentials, rights, or something that is not there."""

    def __init__(self, words: str, *, status: int) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Raises SourceTrouble: it is none, or nested too deeply."""
        try:
            found = json.loads(self.body.decode("utf-8-sig"), parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise SourceTrouble("It answered something that is not JSON.") from None
        return found


class SourceWire:
    """One pool of connections to the hosts of ``allowed``."""

    def __init__(
        self,
        allowed: frozenset[str],
        *,
        stand_ins: Mapping[str, str] | None = None,
        most_bytes: int = MOST_BYTES,
        seconds: float = SECONDS,
        heard: Callable[[str, str, Reply], None] | None = None,
    ) -> None:
        """``heard`` is told of every answer: method, address and what came back."""
        self._allowed = allowed
        self._stand_ins = dict(stand_ins or {})
        self._heard = heard
        self._most_bytes, self._seconds = most_bytes, seconds
        self._client = httpx.Client(
            follow_redirects=False, trust_env=False, timeout=httpx.Timeout(seconds, connect=10.0)
        )

    def __call__(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        data: Any = None,
        content: str | None = None,
    ) -> Reply:
        """Raises SourceTrouble; an answer that says no is a Reply."""
        where = self._where(url)
        deadline = monotonic() + self._seconds
        try:
            with self._client.stream(
                method, where, headers=headers, params=params, data=data, content=content
            ) as answer:
                body = self._bounded(answer, deadline)
                reply = Reply(answer.status_code, answer.headers, body)
        except httpx.TimeoutException:
            raise SourceTrouble(f"{urlsplit(url).hostname} did not answer in time.") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise SourceTrouble(f"{urlsplit(url).hostname} could not be reached.") from None
        if self._heard is not None:
            self._heard(method, url, reply)
        return reply

    def save(
        self,
        url: str,
        into: IO[bytes],
        *,
        headers: Mapping[str, str],
        most_bytes: int,
        seconds: float,
    ) -> Reply:
        """A large answer, written as it comes and not kept in memory; it has no body then.

        An answer that says no is an ordinary one. Raises SourceTrouble.
        """
        where, deadline = self._where(url), monotonic() + seconds
        try:
            with self._client.stream("GET", where, headers=headers) as answer:
                if answer.status_code != 200:  # noqa: PLR2004 - HTTP's own
                    body = self._bounded(answer, monotonic() + self._seconds)
                    return Reply(answer.status_code, answer.headers, body)
                written = 0
                for part in _as_sent(answer):
                    written += len(part)
                    if written > most_bytes:
                        raise SourceTrouble(f"It answered more than {_size(most_bytes)}: not read.")
                    if monotonic() > deadline:
                        raise SourceTrouble("Its answer took too long: not waited for.")
                    into.write(part)
                return Reply(answer.status_code, answer.headers, b"")
        except httpx.TimeoutException:
            raise SourceTrouble(f"{urlsplit(url).hostname} did not answer in time.") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise SourceTrouble(f"{urlsplit(url).hostname} could not be reached.") from None
        except zlib.error:
            raise SourceTrouble("Its answer is damaged: not read.") from None

    def _bounded(self, answer: httpx.Response, deadline: float) -> bytes:
        """The body as it is decoded, so that a small one cannot unpack into a large one."""
        body = bytearray()
        for part in answer.iter_bytes(1 << 16):
            body += part
            if len(body) > self._most_bytes:
                raise SourceTrouble(f"It answered more than {_size(self._most_bytes)}: not read.")
            if monotonic() > deadline:
                raise SourceTrouble("Its answer took too long: not waited for.")
        return bytes(body)

    def _where(self, url: str) -> str:
        parts = urlsplit(url)
        plain = parts.scheme == "https" and parts.port in {None, 443} and parts.username is None
        if not plain or parts.hostname not in self._allowed:
            raise SourceTrouble("An address outside the allowed hosts was not followed.")
        stand_in = self._stand_ins.get(parts.hostname)
        return url if stand_in is None else stand_in + url[len(f"https://{parts.netloc}") :]


def _as_sent(answer: httpx.Response) -> Iterator[bytes]:
    """A zip or gzip file stays one, also where it is called an encoding: one of several parts
    would be cut off after the first. Only a bare deflate is unpacked, bit by bit."""
    deflated = answer.headers.get("content-encoding", "").strip().lower() == "deflate"
    unpacking = None
    for number, part in enumerate(answer.iter_raw(1 << 16)):
        if number == 0 and deflated and not part.startswith(_FILES):
            unpacking = _unpacking(part)
        if unpacking is None:
            yield part
            continue
        rest = part
        while rest:
            yield unpacking.decompress(rest, 1 << 20)
            rest = unpacking.unconsumed_tail
    if unpacking is not None and not unpacking.eof:
        raise zlib.error


def _unpacking(first: bytes) -> zlib._Decompress:
    """As the standard has deflate, or without its header of two bytes, as some servers send it."""
    try:
        zlib.decompressobj().decompress(first[:2])
    except zlib.error:
        return zlib.decompressobj(-zlib.MAX_WBITS)
    return zlib.decompressobj()


def stand_ins(environment: Mapping[str, str]) -> Mapping[str, str]:
    """``host=http://127.0.0.1:8900, ...``: loopback only. Raises ValueError."""
    found = {}
    for part in filter(None, map(str.strip, environment.get(ORIGINS, "").split(","))):
        host, _, origin = part.partition("=")
        if not _STAND_IN.match(origin):
            raise ValueError(f"{ORIGINS}: “{origin}” is not http on loopback with a port")
        found[host] = origin
    return found


def expect(reply: Reply, *, what: str) -> Any:
    """The JSON of a good answer. Raises SourceTrouble with how long to wait, Refused."""
    if reply.status == _TOO_MANY:
        raise SourceTrouble(
            f"Too many calls: it asked to wait before {what} are read again.",
            retry_after=retry_after(reply),
        )
    if reply.status >= _SERVER_ERRORS:
        raise SourceTrouble(f"It answered {reply.status} when {what} were read.")
    if not 200 <= reply.status < 300:  # noqa: PLR2004 - HTTP's own
        raise Refused(f"It refused to show {what} ({reply.status}).", status=reply.status)
    return reply.json()


def retry_after(reply: Reply) -> float:
    """Seconds, a minute when it does not say, an hour at most."""
    said = reply.headers.get("retry-after", "")
    return min(float(said), _LONGEST_WAIT) if said.isascii() and said.isdigit() else 60.0


def _size(number: int) -> str:
    return f"{number >> 20} MB" if number >> 20 else f"{number >> 10} kB"


def _no_constant(name: str) -> None:
    raise ValueError(name)
