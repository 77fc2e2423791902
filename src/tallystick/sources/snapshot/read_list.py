"""Read a list as CSV text for the database: CSV as it is, JSON object by object. Memory stays flat.

JSON is a list of objects, or one object a line, with the columns' names.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from tallystick.kit.chunks import chunks
from tallystick.sources.csv_cells import COLUMNS, REQUIRED
from tallystick.sources.csv_errors import ImportRefused, printable
from tallystick.sources.sheet_rows import DELIMITERS, LONGEST_FIELD, LONGEST_HEADER, letters

KNOWN = (*sorted(COLUMNS), "end_of_term", "kind", "cancel_by", "next_term")
_BY_LETTERS = {letters(name): name for name in KNOWN}
_CHUNK = 1 << 16
_LONGEST_OBJECT = 100_000
_ROWS_A_CHUNK = 200
_AROUND = " \t\r\n,"


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of the text that follows; one that is not known is ''."""

    columns: tuple[str, ...]
    delimiter: str
    unknown: tuple[str, ...]

    @property
    def number(self) -> int:
        """64 bits of which columns there are, in which order."""
        named = self.delimiter.join([*self.columns, *self.unknown])
        digest = hashlib.blake2b(named.encode(), digest_size=8).digest()
        return int.from_bytes(digest, signed=True)


def read_list(text: TextIO) -> tuple[Header, Iterator[str]]:
    """The header, and the rows after it bit by bit. Raises ImportRefused, also while it is read."""
    first = text.readline(LONGEST_HEADER)
    if first.lstrip()[:1] in {"[", "{"}:
        return Header(KNOWN, ",", ()), _json_as_csv(first, text)
    return _header(first), iter(lambda: text.read(_CHUNK), "")


def _header(first: str) -> Header:
    def known(delimiter: str) -> int:
        return sum(letters(name) in _BY_LETTERS for name in first.split(delimiter))

    delimiter = max(DELIMITERS, key=known)
    names = next(csv.reader([first], delimiter=delimiter), [])
    if not names:
        raise ImportRefused.whole("is empty: its first line must name the columns")
    columns = tuple(_BY_LETTERS.get(letters(name), "") for name in names)
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    missing = [name for name in REQUIRED if name not in columns]
    if twice or missing:
        words = [f"{name} is there twice" for name in twice]
        words += [f"{name} is missing" for name in missing]
        raise ImportRefused.whole(f"has other columns than it needs: {', '.join(words)}", line=1)
    unknown = [name for name, column in zip(names, columns, strict=True) if not column]
    return Header(columns, delimiter, tuple(printable(name.strip())[:60] for name in unknown))


def _json_as_csv(begun: str, text: TextIO) -> Iterator[str]:
    for some in chunks(_objects(begun, text), _ROWS_A_CHUNK):
        out = io.StringIO()
        csv.writer(out).writerows(some)
        yield out.getvalue()


def _objects(begun: str, text: TextIO) -> Iterator[list[str]]:
    """One object after another, whatever stands between them."""
    decoder = json.JSONDecoder(parse_float=str, parse_int=str)
    rest, number = begun.lstrip().removeprefix("["), 0
    while True:
        rest = rest.lstrip(_AROUND)
        if not rest or rest == "]":
            more = text.read(_CHUNK)
            if not more:
                return
            rest += more
            continue
        if rest[0] != "{":
            if rest.strip("] \t\r\n") or text.read(1):
                raise ImportRefused.whole("is not a list of JSON objects", line=number + 1)
            return
        try:
            found, end = decoder.raw_decode(rest)
        except (ValueError, RecursionError):
            more = text.read(_CHUNK)
            if not more or len(rest) > _LONGEST_OBJECT:
                raise ImportRefused.whole("holds broken JSON", line=number + 1) from None
            rest += more
            continue
        number += 1
        yield _cells(found, number)
        rest = rest[end:]


def _cells(found: dict[str, Any], number: int) -> list[str]:
    cells = []
    for name in KNOWN:
        value = found.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > LONGEST_FIELD):
            raise ImportRefused.whole(f"{name} is no text or number", line=number)
        cells.append(value or "")
    return cells
