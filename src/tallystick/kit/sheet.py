"""CSV that a spreadsheet opens and nobody's name can act in: RFC 4180, UTF-8 with a BOM.

The rule: a text that a spreadsheet could take for a formula gets one ' in front. That is a text
which begins with = + - @ (or another form of one, like the full-width ＝), a tab or a line break,
after any spaces, invisible characters and quotes. ``from_sheet`` takes exactly that ' away again,
so what was written is read back as it was. Numbers are written plain: -3 is a number.
"""

from __future__ import annotations

import codecs
import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

Cell = str | int | Decimal | date | datetime | None

MARK = "'"
_ACTS = frozenset("=+-@\t\r\n")
# What a program may skip before it looks for a formula: spaces, and what nobody sees.
_SKIPPED = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})


def to_sheet(cell: Cell) -> str:
    """The cell as text; None is empty, moments are in UTC, numbers are plain."""
    match cell:
        case None:
            return ""
        case str():
            return MARK + cell if _could_act(cell) else cell
        case Decimal():
            return f"{cell:f}"
        case datetime():
            return cell.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def from_sheet(text: str) -> str:
    """What was written: one ' less when it was put there."""
    return text[1:] if text.startswith(MARK) and _could_act(text[1:]) else text


def sheet(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The file piece by piece, a row each, as the rows come."""
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    yield codecs.BOM_UTF8
    for row in _with_header(header, rows):
        writer.writerow([to_sheet(cell) for cell in row])
        yield line.getvalue().encode()
        line.seek(0)
        line.truncate()


def _with_header(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    yield header
    yield from rows


def _could_act(text: str) -> bool:
    for character in text:
        if unicodedata.normalize("NFKC", character)[:1] in _ACTS:
            return True
        if character != MARK and unicodedata.category(character) not in _SKIPPED:
            return False
    return False
