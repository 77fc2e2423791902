"""Read the fields of somebody else's JSON object; what is wrong is said by its full name. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from tallystick.kit.days import parse_day
from tallystick.kit.money import parse_amount, parse_currency
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.sources.csv_values import LARGEST_AMOUNT, plain
from tallystick.subscriptions.rules import read_quantity

T = TypeVar("T")


class Fields:
    """One object; ``prefix`` is where it stands, such as ``data.after.``"""

    def __init__(self, said: Mapping[str, Any], prefix: str, errors: list[FieldError]) -> None:
        self._said = said
        self._prefix = prefix
        self._errors = errors

    def wrong(self, name: str, message: str) -> None:
        self._errors.append(FieldError(self._prefix + name, message))

    def has(self, name: str) -> bool:
        return self._said.get(name) is not None

    def inner(self, name: str) -> Fields:
        """The object of this name; an empty one when it is not there."""
        found = self._said.get(name)
        if found is not None and not isinstance(found, Mapping):
            self.wrong(name, "must be a JSON object")
            found = None
        return Fields(found or {}, f"{self._prefix}{name}.", self._errors)

    def text(self, name: str, *, most: int, required: bool = False) -> str:
        """Without spaces around it; '' when it is not there."""
        return self._read(name, lambda value: _text(value, most), "", required=required)

    def day(self, name: str) -> date | None:
        return self._read(name, lambda value: parse_day(_text(value, 10)), None)

    def amount(self, name: str) -> Decimal | None:
        return self._read(name, _amount, None)

    def currency(self, name: str) -> str | None:
        return self._read(name, lambda value: parse_currency(_text(value, 3)), None)

    def quantity(self, name: str) -> int | None:
        return self._read(name, _quantity, None)

    def one_of(self, name: str, words: Mapping[str, T], otherwise: T) -> T:
        def read(value: Any) -> T:
            found = words.get(_text(value, 60).lower())
            if found is None:
                raise ValueError(f"“{str(value)[:40]}” is not one of: {', '.join(words)}")
            return found

        return self._read(name, read, otherwise)

    def read(self, name: str, reading: Callable[[str], T], otherwise: T, *, most: int) -> T:
        """A text that must be there, read further."""
        return self._read(name, lambda value: reading(_text(value, most)), otherwise, required=True)

    def _read(
        self, name: str, reading: Callable[[Any], T], otherwise: T, *, required: bool = False
    ) -> T:
        value = self._said.get(name)
        if value is None or value == "":
            if required:
                self.wrong(name, "is missing")
            return otherwise
        try:
            return reading(value)
        except InvalidInput as problem:
            self.wrong(name, problem.errors[0].message)
        except ValueError as error:
            self.wrong(name, str(error))
        return otherwise


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    text = plain(value)
    if len(text) > most:
        raise ValueError(f"is longer than {most} characters")
    return text


def _amount(value: Any) -> Decimal:
    if not isinstance(value, str):
        raise ValueError("must be an amount in text, like “15.20”")
    amount = parse_amount(value)
    if not 0 <= amount <= LARGEST_AMOUNT:
        raise ValueError(f"must be between 0 and {LARGEST_AMOUNT:f}")
    return amount


def _quantity(value: Any) -> int:
    """A whole number; ``12.0`` is one, as some write it."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return read_quantity(value)
