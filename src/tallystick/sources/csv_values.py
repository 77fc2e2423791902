"""Read the text of one cell. Pure; each raises ValueError with a sentence for a person."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeVar

from tallystick.kit.money import parse_amount
from tallystick.kit.problem import InvalidInput
from tallystick.sources.csv_errors import Errors

LONGEST_ID = 100
LONGEST_NAME = 300
LARGEST_AMOUNT = Decimal("1000000000")  # what a purchase accepts
_TURNS_TEXT_AROUND = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

T = TypeVar("T")


def plain(text: str) -> str:
    """Text without spaces around it. What a person cannot see is refused, not removed."""
    text = text.strip(" \t\r\n")
    if text.isprintable():
        return text
    for character in text:
        hidden = unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
        if hidden or character in _TURNS_TEXT_AROUND:
            code = f"U+{ord(character):04X}"
            raise ValueError(f"holds the control character {code} (a line break is one, too)")
    return text.strip()


class Cells:
    """Reads the cells of one row; what is wrong with one is told under its column."""

    def __init__(self, line: int, cells: Mapping[str, str], errors: Errors) -> None:
        self._line = line
        self._cells = cells
        self._errors = errors

    def __call__(self, column: str, read: Callable[[str], T], otherwise: T) -> T:
        """What the cell says; ``otherwise`` when it cannot be read."""
        try:
            return read(plain(self._cells.get(column, "")))
        except InvalidInput as problem:
            self._errors.add(self._line, column, problem.errors[0].message)
        except ValueError as error:
            self._errors.add(self._line, column, str(error))
        return otherwise


def optional(read: Callable[[str], T], empty: T) -> Callable[[str], T]:
    return lambda text: read(text) if text else empty


def _text(text: str, most: int) -> str:
    if not text:
        raise ValueError("is empty")
    if len(text) > most:
        raise ValueError(f"is longer than {most} characters")
    return text


def identifier(text: str) -> str:
    return _text(text, LONGEST_ID)


def name(text: str) -> str:
    return _text(text, LONGEST_NAME)


def offer_id(text: str) -> tuple[str, str]:
    """``CFQ7TTC0LCHC:0002``; a third part, the availability, tells prices apart, not offers."""
    parts = [part.strip() for part in text.split(":")]
    if len(parts) not in {2, 3} or not all(parts):
        raise ValueError(
            f"“{text[:40]}” is not an offer: write product and sku, like CFQ7TTC0LCHC:0002"
        )
    return identifier(parts[0]), identifier(parts[1])


def amount(text: str) -> Decimal:
    amount = parse_amount(text)
    if not 0 <= amount <= LARGEST_AMOUNT:
        raise ValueError(f"must be between 0 and {LARGEST_AMOUNT:f}")
    return amount


def yes_or_no(text: str) -> bool:
    if text.lower() not in {"yes", "no"}:
        raise ValueError(f"“{text[:40]}” is not one of: yes, no")
    return text.lower() == "yes"


def one_of(words: Mapping[str, T], empty: T | None = None) -> Callable[[str], T]:
    def read(text: str) -> T:
        if not text and empty is not None:
            return empty
        found = words.get(text.lower())
        if found is None:
            known = ", ".join(dict.fromkeys(str(value) for value in words.values()))
            raise ValueError(f"“{text[:40]}” is not one of: {known}")
        return found

    return read
