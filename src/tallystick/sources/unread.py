"""What of a source cannot be matched. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unread:
    """A subscription that cannot be matched, and why. It is left as it is here."""

    subject: str
    because: str
