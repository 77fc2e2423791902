"""What one row of an operations file says: a subscription, an act, and the act's fields. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tallystick.operations.acts import Act
from tallystick.sources.csv_errors import Errors
from tallystick.sources.csv_rows import decode, rows
from tallystick.sources.csv_values import Cells, identifier, one_of

MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 2000
SUBSCRIPTION, ACT = "subscription_id", "operation"
FIELDS = tuple(dict.fromkeys(name for act in Act for name in act.fields))
COLUMNS = frozenset((SUBSCRIPTION, ACT, *FIELDS))

_ACTS = {word: act for act in Act for word in (act.value, act.word, act.label.lower())}


@dataclass(frozen=True, slots=True)
class OperationRow:
    """``values`` as they are written; the verb reads them."""

    line: int
    provider_id: str
    act: Act
    values: Mapping[str, str]


def read_operations(data: bytes) -> list[OperationRow]:
    """All rows of the file. Raises ImportRefused with everything that is wrong with its shape."""
    errors = Errors()
    read = []
    text = decode(data, most=MOST_BYTES)
    for line, cells in rows(text, known=COLUMNS, required=(SUBSCRIPTION, ACT), errors=errors):
        row = _read_row(line, cells, errors)
        if row is not None:
            read.append(row)
    if len(read) > MOST_ROWS:
        errors.add(None, "file", f"has more than {MOST_ROWS} operations: split it")
    if not read and not errors.count:
        errors.add(None, "file", "has no operation")
    errors.refuse()
    return read


def _read_row(line: int, cells: Mapping[str, str], errors: Errors) -> OperationRow | None:
    before = errors.count
    cell = Cells(line, cells, errors)
    provider_id = cell(SUBSCRIPTION, identifier, "")
    act = cell(ACT, one_of(_ACTS), Act.QUANTITY)
    if errors.count > before:
        return None
    values = {name: text for name in FIELDS if (text := cell(name, str, ""))}
    for name in values:
        if name not in act.fields:
            errors.add(line, name, f"says nothing of “{act.value}”: leave it empty")
    for name in sorted(act.needs - values.keys()):
        errors.add(line, name, f"is needed for “{act.value}”")
    return OperationRow(line, provider_id, act, values) if errors.count == before else None
