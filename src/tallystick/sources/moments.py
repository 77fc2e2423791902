"""Moments as vendors write them, compared at the precision they were written with. Pure.

Microsoft writes 7 digits of a second and Python keeps 6, so two records could fall together; the
``key`` keeps every digit and sorts as text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

_DIGITS = 12
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,12}))?([Zz]|[+-]\d\d:?\d\d)?\Z", re.ASCII
)
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Moment:
    """``key`` sorts in the order of time, to the last digit that was written."""

    at: datetime
    key: str


def read_moment(text: str) -> Moment:
    """RFC 3339, with its offset. Raises ValueError with a sentence for a person."""
    found = _MOMENT.match(text)
    if not found or not found.group(4):
        raise ValueError(
            f"“{text[:40]}” is not a moment with its offset, like 2026-05-03T09:00:00Z"
        )
    return _moment(found, text)


def vendor_moment(text: str) -> Moment:
    """As Microsoft's and Pax8's pages have it: spaces inside, no offset (then UTC), ``-0700``.

    Raises ValueError.
    """
    tight = _SPACES.sub("", text)
    found = _MOMENT.match(tight)
    if not found:
        raise ValueError(f"“{text[:40]}” is not a moment")
    return _moment(found, text)


def _moment(found: re.Match[str], text: str) -> Moment:
    day, time, fraction, offset = found.groups()
    try:
        whole = datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=_zone(offset))
        utc = whole.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"“{text[:40]}” is not a moment of the calendar") from None
    digits = (fraction or "").ljust(_DIGITS, "0")
    at = utc.replace(microsecond=int(digits[:6]))
    return Moment(at, f"{utc:%Y-%m-%dT%H:%M:%S}.{digits}")


def _zone(offset: str | None) -> timezone:
    if offset is None or offset in "Zz":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    shift = timedelta(hours=hours, minutes=minutes)
    return timezone(-shift if offset[0] == "-" else shift)
