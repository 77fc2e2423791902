"""A request as it came, and what is to be done with its connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tallystick.simulator.jsontext import write_bytes

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"


class Ending(StrEnum):
    """How the connection is treated: answered, or cut in one of the ways a network can."""

    ANSWERED = "answered"
    RESET = "reset"  # a TCP reset, nothing sent
    CLOSED = "closed"  # an orderly close, nothing sent
    TRUNCATED = "truncated"  # the head and half of the body, then closed


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    peer: str

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    def parameters(self) -> dict[str, str]:
        """The query parameters, names in lower case, the first of each name."""
        query = urlsplit(self.target).query
        parsed = parse_qs(query, keep_blank_values=True)
        return {name.lower(): values[0] for name, values in parsed.items()}

    def form(self) -> dict[str, str]:
        """The fields of a posted form."""
        parsed = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)
        return {name: values[0] for name, values in parsed.items()}


@dataclass(slots=True)
class Answer:
    """What goes back. With ``chunks`` the body is streamed instead of ``body``."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: list[tuple[str, str]] = field(default_factory=list)
    ending: Ending = Ending.ANSWERED
    chunks: Iterator[bytes] | None = None


@dataclass(slots=True)
class Wait:
    """Hold the request for ``seconds``, others going on, then do ``then``."""

    seconds: float
    then: Callable[[], Answer | Wait]


def as_json(value: Any, status: int = 200) -> Answer:
    return Answer(status=status, body=write_bytes(value))


def as_html(text: str, status: int = 200) -> Answer:
    return Answer(status=status, body=text.encode("utf-8"), content_type=HTML)


def refused(errors: list[str], status: int = 500) -> Answer:
    """The API's error envelope."""
    return as_json({"errors": errors}, status)


def framework_error(text: str, status: int) -> Answer:
    """The web framework's own error envelope (404, 405, 401)."""
    return as_json({"Message": text}, status)
