"""What one row of a mappings file says. Pure.

The columns an export has and an import does not read may stand there: what a person got is what
they hand back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from tallystick.kit.problem import FieldError
from tallystick.kit.sheet import from_sheet
from tallystick.sources.csv_errors import Errors, ImportRefused
from tallystick.sources.csv_rows import decode, rows
from tallystick.sources.csv_values import Cells, one_of, optional

MOST_BYTES = 2 * 1024 * 1024
ACT, REASON = "act", "excluded_because"


class Wish(StrEnum):
    """What is never done unless somebody writes it."""

    UNMAP = "unmap"
    CHANGE = "change"
    INCLUDE = "include"


@dataclass(frozen=True, slots=True)
class Columns:
    """``ours``: each tells ours apart, or is compared with it; ``theirs``: what it is mapped to.

    ``more``: how the other cells are read. ``passed_by``: an export's, for people only.
    """

    ours: Sequence[str]
    theirs: str
    wishes: Sequence[Wish]
    passed_by: Sequence[str]
    more: Mapping[str, Callable[[str], object]] = field(default_factory=dict)

    @property
    def read(self) -> Sequence[str]:
        return (*self.ours, self.theirs, *self.more, ACT, REASON)


@dataclass(frozen=True, slots=True)
class Said:
    """A row: which of ours by its columns, what it is to be; ``errors``: what cannot be read."""

    line: int
    ours: Mapping[str, str]
    theirs: str
    reason: str
    act: Wish | None
    more: Mapping[str, object]
    errors: tuple[FieldError, ...]


def read_said(data: bytes, columns: Columns) -> list[Said]:
    """Raises ImportRefused when the file cannot be read as what it should be."""
    errors = Errors()
    known = {*columns.read, *columns.passed_by}
    found = rows(decode(data, most=MOST_BYTES), known=known, required=(), errors=errors)
    read = [_said(line, cells, columns) for line, cells in found]
    errors.refuse()
    if not read:
        raise ImportRefused.whole("has no rows: nothing is said about any mapping")
    return read


def _said(line: int, cells: Mapping[str, str], columns: Columns) -> Said:
    errors = Errors()
    cell = Cells(line, {name: from_sheet(text) for name, text in cells.items()}, errors)

    def text(column: str) -> str:
        # Compared with what is stored, never stored itself: it may hold anything.
        return from_sheet(cells.get(column, "")).strip()

    wishes = {wish.value: wish for wish in columns.wishes}
    return Said(
        line=line,
        ours={column: said for column in columns.ours if (said := text(column))},
        theirs=text(columns.theirs),
        reason=" ".join(text(REASON).split()),
        act=cell(ACT, optional(one_of(wishes), None), None),
        more={column: cell(column, read, None) for column, read in columns.more.items()},
        errors=tuple(FieldError(error.field, error.message) for error in errors.all()),
    )
