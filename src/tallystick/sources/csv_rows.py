"""Read a CSV file into rows that know their line: encoding, delimiter, quoting, header.

Pure. Every error is collected with the physical line it is on (a quoted field may hold a line
break, so that is not the number of the row); what makes the rest unreadable ends the reading.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from tallystick.sources.csv_errors import Errors, ImportRefused

MOST_BYTES = 50 * 1024 * 1024
MOST_ROWS = 200_000
LONGEST_FIELD = 10_000
DELIMITERS = ",;"
_LINE_END = re.compile(r"\r\n|\r|\n")


def decode(data: bytes, *, most: int = MOST_BYTES) -> str:
    """The file's text. Raises ImportRefused."""
    if len(data) > most:
        raise ImportRefused.whole(f"is larger than {most // 1024 // 1024} MB: split it")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ImportRefused.whole("is in UTF-16: save it as “CSV UTF-8”")
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = _line_at(data[: error.start].decode("utf-8"))
        raise ImportRefused.whole("is not in UTF-8: save it as “CSV UTF-8”", line=line) from None
    if "\x00" in text:
        line = _line_at(text[: text.index("\x00")])
        raise ImportRefused.whole("holds a NUL byte: this is not a CSV file", line=line)
    return text


def rows(
    text: str, *, known: Collection[str], required: Collection[str], errors: Errors
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The line on which each row begins, and its cells by column. Rows without text are passed by.

    What is wrong is added to ``errors``; a row with a wrong shape is not answered.
    """
    delimiter = _delimiter(text, known)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: _Header | None = None
    count = 0
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            errors.add(line, "row", _broken(error, until=reader.line_num))
            return
        if not any(cell and not cell.isspace() for cell in cells):
            continue
        if header is None:
            before = errors.count
            header = _Header(line, cells, known=known, required=required, errors=errors)
            if errors.count > before:
                return
            continue
        count += 1
        if count > MOST_ROWS:
            errors.add(line, "file", f"has more than {MOST_ROWS} rows: split it")
            return
        if header.fits(line, cells, errors):
            yield line, header.named(cells)
    if header is None:
        errors.add(None, "file", "is empty: its first line must name the columns")


class _Header:
    """The names of the columns; one this import does not know must be without values."""

    def __init__(
        self,
        line: int,
        cells: Sequence[str],
        *,
        known: Collection[str],
        required: Collection[str],
        errors: Errors,
    ) -> None:
        self._names = [cell.strip() for cell in cells]
        self._places: dict[str, int] = {}
        self._strangers: dict[int, str] = {}
        self._line = line
        for place, name in enumerate(self._names):
            column = name.lower()
            if column not in known:
                self._strangers[place] = f"“{name[:40]}”" if name else "without a name"
            elif column in self._places:
                errors.add(line, column, "is there twice")
            else:
                self._places[column] = place
        strangers = ", ".join(list(self._strangers.values())[:10])
        hint = f" (not known: {strangers})" if strangers else ""
        for column in required:
            if column not in self._places:
                errors.add(line, column, f"this column is missing{hint}")

    def fits(self, line: int, cells: Sequence[str], errors: Errors) -> bool:
        """Has this row the shape the header promises?"""
        if len(cells) != len(self._names):
            errors.add(
                line, "row", f"has {len(cells)} fields, the header has {len(self._names)} columns"
            )
            return False
        fits = True
        for place, cell in enumerate(cells):
            if len(cell) > LONGEST_FIELD:
                name = self._names[place] or f"column {place + 1}"
                errors.add(line, name, f"is longer than {LONGEST_FIELD} characters")
                fits = False
        for place in [place for place in self._strangers if cells[place].strip()]:
            # Once a column: then it is a stranger no more, and its other values are not errors.
            stranger = self._strangers.pop(place)
            errors.add(
                self._line,
                f"column {place + 1}",
                f"{stranger} is not a column of this import, and has a value on line {line}",
            )
        return fits

    def named(self, cells: Sequence[str]) -> dict[str, str]:
        return {column: cells[place] for column, place in self._places.items()}


def _delimiter(text: str, known: Collection[str]) -> str:
    """The one with which the first line names more of the columns: values are never guessed at."""
    first = _LINE_END.split(text.lstrip("\r\n"), maxsplit=1)[0]

    def named(delimiter: str) -> int:
        return sum(name.strip(' \t"').lower() in known for name in first.split(delimiter))

    return max(DELIMITERS, key=named)


def _broken(error: csv.Error, *, until: int) -> str:
    words = str(error)
    if "unexpected end" in words:
        return "has a quote that is opened and never closed"
    if "field larger" in words:
        return f"has a field without end: a quote that is not closed? (read up to line {until})"
    return f"has broken quoting (up to line {until}): write a quote inside quotes twice"


def _line_at(before: str) -> int:
    return len(_LINE_END.findall(before)) + 1
