"""Which change of a line's units is explained by nothing that was sent from here: pure.

Units only: a price set by another hand is drift, and said as such. A row that begins with a new
billing period and shows what the row before it showed is no change.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import date

from tallystick.ledger.profile import Step
from tallystick.ledger.second_writer import UnitChange
from tallystick.sync.port import UnitRow


def unexplained(
    rows: Sequence[UnitRow], steps: Sequence[Step], *, ours: Container[int]
) -> UnitChange | None:
    """The first units that are neither expected on their days nor what we may have sent.

    ``rows`` and ``steps`` oldest first. The change is dated where these units begin, as far back
    as the rows show; a line without rows says nothing.
    """
    for step in steps:
        for place, row in enumerate(rows):
            unexpected = row.units != step.units and row.units not in ours
            if unexpected and _covers(row, step):
                return _began(rows, place, expected=step.units)
    return None


def _began(rows: Sequence[UnitRow], place: int, *, expected: int) -> UnitChange:
    """Back to the first of the rows that show these units without a break."""
    units = rows[place].units
    while place > 0 and _is_next(rows, place) and rows[place - 1].units == units:
        place -= 1
    before = rows[place - 1].units if place > 0 and _is_next(rows, place) else expected
    return UnitChange(on=rows[place].starts_on, before=before, after=units)


def changes_in(
    rows: Sequence[UnitRow], *, since: date, written: Container[date]
) -> list[UnitChange]:
    """Every day from ``since`` on that a line's units change on, and was not written from here."""
    return [
        UnitChange(on=row.starts_on, before=rows[place].units, after=row.units)
        for place, row in enumerate(rows[1:])
        if row.units != rows[place].units
        and row.starts_on >= since
        and row.starts_on not in written
    ]


def _covers(row: UnitRow, step: Step) -> bool:
    return row.until > step.starts_on and (step.until is None or row.starts_on < step.until)


def _is_next(rows: Sequence[UnitRow], place: int) -> bool:
    return rows[place - 1].until == rows[place].starts_on
