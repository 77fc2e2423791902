"""From Autotask's unit rows to half-open rows of a line. Pure.

Vendor facts: a line has one unit row per billing period, split at each adjustment's effective day;
``price`` and ``cost`` are extended amounts; a row may end on the very day the next one starts, and
then the row with the latest start is the one in effect (official wording; live clients).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from tallystick.connections.trouble import Unclear
from tallystick.connectors.autotask.bodies import JsonObject
from tallystick.connectors.autotask.fields import (
    day,
    day_or_none,
    money_or_none,
    whole,
    whole_or_none,
)
from tallystick.sync.port import UnitRow

UNIT_FIELDS = (
    "contractServiceID",
    "contractID",
    "startDate",
    "endDate",
    "units",
    "price",
    "cost",
    "approveAndPostDate",
)
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class VendorRow:
    """One ContractServiceUnits row; ``ends_on`` is inclusive, as the vendor writes it."""

    id: int
    line_id: int | None  # null on some old rows
    contract_id: int
    starts_on: date
    ends_on: date
    units: int
    price: Decimal | None
    cost: Decimal | None
    approved: bool


def vendor_row(row: JsonObject) -> VendorRow:
    """Read one row. Raises Unclear for a missing or mistyped field."""
    return VendorRow(
        id=whole(row, "id"),
        line_id=whole_or_none(row, "contractServiceID"),
        contract_id=whole(row, "contractID"),
        starts_on=day(row, "startDate"),
        ends_on=day(row, "endDate"),
        units=whole(row, "units"),
        price=money_or_none(row, "price"),
        cost=money_or_none(row, "cost"),
        approved=day_or_none(row, "approveAndPostDate") is not None,
    )


def unit_rows(rows: Iterable[VendorRow], *, since: date) -> tuple[UnitRow, ...]:
    """The rows of *one* line that cover ``since`` or start after it, oldest first, half-open.

    1. Sorted by start, then end, then id. A row lasts until the day after its own end, or until
       the next row starts, whichever comes first: a gap stays a gap and is never papered over.
    2. Of several rows with the same start the one that ends last is in effect: the others were
       cut down to nothing by a change on their own first day. Sorting makes them empty, and empty
       rows fall out.
    3. Two rows with the same start *and* end cannot be: the vendor keys a period on exactly these.
       Where they say the same the later id stands for both; where they differ nobody can tell
       whether one replaced the other or both are billed, so nothing is concluded: Unclear.
    """
    ordered = sorted(rows, key=lambda row: (row.starts_on, row.ends_on, row.id))
    for one, next_one in pairwise(ordered):
        same_days = (one.starts_on, one.ends_on) == (next_one.starts_on, next_one.ends_on)
        if same_days and _said(one) != _said(next_one):
            raise Unclear(
                f"Autotask has two different unit rows for contract service {one.line_id} from "
                f"{one.starts_on} to {one.ends_on} (rows {one.id} and {next_one.id})."
            )
    starts = [row.starts_on for row in ordered[1:]]
    found: list[UnitRow] = []
    for row, next_start in zip(ordered, [*starts, date.max], strict=False):
        until = min(row.ends_on + _A_DAY if row.ends_on < date.max else date.max, next_start)
        if until > row.starts_on and until > since:
            found.append(
                UnitRow(
                    starts_on=row.starts_on,
                    until=until,
                    units=row.units,
                    price=row.price,
                    cost=row.cost,
                    approved=row.approved,
                )
            )
    return tuple(found)


def _said(row: VendorRow) -> tuple[int, Decimal | None, Decimal | None, bool]:
    return (row.units, row.price, row.cost, row.approved)
