"""Keyset pages: the cost of page 1,000 is the cost of page 1."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from tallystick.kit.days import parse_day
from tallystick.kit.problem import InvalidInput

LARGEST_PAGE = 500
LARGEST_ID = 2**63 - 1
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """One page; ``next_cursor`` is None on the last one."""

    items: Sequence[Item]
    next_cursor: str | None


def every(page: Callable[[str | None], Page[Item]]) -> Iterator[Item]:
    """All items, page after page; ``page`` answers the one after a cursor."""
    cursor: str | None = None
    while True:
        found = page(cursor)
        yield from found.items
        if (cursor := found.next_cursor) is None:
            return


def encode_cursor(key: Sequence[str | int]) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(key)).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *, length: int) -> list[str | int]:
    """The key of the last row of the previous page: texts, and last an id.

    Raises InvalidInput naming ``cursor``.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.urlsafe_b64decode(padded.encode()))
    except (binascii.Error, ValueError):
        raise InvalidInput.one("cursor", "is not one this list gave out") from None
    kinds = (*[str] * (length - 1), int)
    if (
        not isinstance(key, list)
        or [type(part) for part in key] != list(kinds)
        or not 0 <= key[-1] <= LARGEST_ID
        or any("\x00" in part for part in key[:-1])
    ):
        raise InvalidInput.one("cursor", "is not one this list gave out")
    return key


def decode_day_cursor(cursor: str) -> tuple[date, int]:
    """The same of a list by days. Raises InvalidInput naming ``cursor``."""
    text, last = decode_cursor(cursor, length=2)
    try:
        return parse_day(str(text)), int(last)
    except ValueError:
        raise InvalidInput.one("cursor", "is not one this list gave out") from None


def check_limit(limit: int) -> int:
    """Between 1 and 500. Raises InvalidInput naming ``limit``."""
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidInput.one("limit", f"must be between 1 and {LARGEST_PAGE}")
    return limit
