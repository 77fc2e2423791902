"""Read the rows of somebody else's sheet one by one: columns we do not know are passed by.

A sheet of Microsoft's gets new columns at any time and spells some in two ways, so a column is
known by its letters alone. What is not known is named once, for a person to see.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TextIO

from tallystick.sources.csv_errors import Errors, printable

LONGEST_FIELD = 10_000
LONGEST_HEADER = 100_000
MOST_ROWS = 2_000_000
DELIMITERS = ",;\t"
_QUOTES = "\"'“”„‟‘’"
_STRAIGHT = str.maketrans(dict.fromkeys("“”„‟", '"'))


def letters(name: str) -> str:
    """``ERP Price``, ``ERPPrice`` and ``erp_price”`` are one column."""
    return "".join(character for character in name.lower() if character.isalnum())


def bare(text: str) -> str:
    """A cell without spaces and quotes around it."""
    return text.strip().strip(_QUOTES).strip()


class SheetRows:
    """Iterate: the line on which each row begins, and its cells by column.

    ``columns`` are the known ones as they are called. After the first row ``unknown`` names the
    others. What is wrong is added to ``errors``.
    """

    def __init__(
        self, text: TextIO, *, columns: Sequence[str], required: Sequence[str], errors: Errors
    ) -> None:
        self._text = text
        self._known = {letters(name): name for name in columns}
        self._required = required
        self._errors = errors
        self.unknown: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        first = self._text.readline(LONGEST_HEADER).translate(_STRAIGHT)
        if not first.strip():
            self._errors.add(None, "file", "is empty: its first line must name the columns")
            return
        delimiter = max(DELIMITERS, key=lambda one: self._recognised(first.split(one)))
        reader = csv.reader(chain([first], self._text), delimiter=delimiter, strict=True)
        places: dict[str, int] | None = None
        width = count = 0
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self._errors.add(line, "row", f"cannot be read: {error}")
                return
            if places is None:
                places, width = self._header(cells), len(cells)
                if self._errors.count:
                    return
            elif any(cell.strip() for cell in cells):
                count += 1
                if count > MOST_ROWS:
                    self._errors.add(line, "file", f"has more than {MOST_ROWS} rows: split it")
                    return
                if self._fits(line, cells, width):
                    yield line, {name: cells[place] for name, place in places.items()}

    def _recognised(self, names: Sequence[str]) -> int:
        return sum(letters(name) in self._known for name in names)

    def _header(self, cells: Sequence[str]) -> dict[str, int]:
        places: dict[str, int] = {}
        unknown = []
        for place, cell in enumerate(cells):
            name = self._known.get(letters(cell))
            if name is None:
                unknown.append(printable(bare(cell))[:60] or f"column {place + 1}")
            elif name in places:
                self._errors.add(1, name, "is there twice")
            else:
                places[name] = place
        self.unknown = tuple(unknown)
        hint = f" (not known: {', '.join(unknown[:10])})" if unknown else ""
        for name in self._required:
            if name not in places:
                self._errors.add(1, name, f"this column is missing{hint}")
        return places

    def _fits(self, line: int, cells: Sequence[str], width: int) -> bool:
        if len(cells) != width:
            words = f"has {len(cells)} fields, the header has {width} columns"
            self._errors.add(line, "row", words)
            return False
        if any(len(cell) > LONGEST_FIELD for cell in cells):
            self._errors.add(line, "row", f"has a field of more than {LONGEST_FIELD} characters")
            return False
        return True
