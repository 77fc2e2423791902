"""What a webhook may say: that something changed, and where. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

# A body says a few words; what is larger is not read.
MOST_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Hinted:
    """Where to look, by the vendor's ids. Empty: anything that changed."""

    customer: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """As it came: ``headers`` by their names in lower case, ``body`` byte for byte."""

    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        return self.headers.get(name, "").strip()


class NotHeard(Exception):
    """Nothing proves who called, or it is not about this source; the sentence says which."""


class Listener(Protocol):
    """How one kind of source proves that it called."""

    def hints(self, source: Any, call: Call, now: datetime) -> Sequence[Hinted]:
        """Empty: nothing to look at, as of a test call. Raises NotHeard."""
        ...
