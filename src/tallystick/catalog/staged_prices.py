"""Take in the rows of a price list: laid aside first, judged as a whole, then stored at once.

1. Rows are copied into a table of this transaction alone, one after the other: memory stays flat.
2. Each gets its series (offer, market, currency, tier); what is recorded already is set aside.
3. One timeline a series, of what is recorded and what is new: a row counts until the next one
   begins, or until the day the list states. A new row of the same first day takes the old one's
   place.
4. What moves by more than a factor 3 against the row before it is shown, and held.
5. Replaced rows are marked, earlier ones shortened, new ones added. Nothing is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from tallystick.catalog import staged_sql as sql
from tallystick.catalog.price_list import TOO_FAR
from tallystick.catalog.price_words import PriceIsFor
from tallystick.kit.problem import Conflicting


class StagedPrice(NamedTuple):
    """One row of a list, in the order of the table's columns. ``stated_until``: not included."""

    line: int
    product_id: str
    sku_id: str
    segment: str
    term: str
    billing_cycle: str
    market: str
    currency: str
    tier_from: int
    tier_to: int | None
    name: str
    cost: Decimal
    erp: Decimal | None
    tags: str
    effective_from: date
    stated_until: date | None


class Contradiction(NamedTuple):
    """Two lines of one file give one offer two prices from the same day."""

    line: int
    first_line: int


class Move(NamedTuple):
    """A price for one billing cycle that moves too far."""

    line: int
    what: str  # cost or erp
    name: str
    before: Decimal
    after: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Counts:
    added: int
    replaced: int
    unchanged: int


class Staged:
    """The rows of one file, laid aside in this transaction."""

    def __init__(self, cursor: Any, tenant_id: int, is_for: PriceIsFor) -> None:
        self._cursor = cursor
        self._of = {"tenant": tenant_id, "is_for": is_for.value, "too_far": TOO_FAR}

    def contradictions(self, most: int) -> list[Contradiction]:
        self._cursor.execute(sql.CONTRADICTIONS, {"most": most})
        return [Contradiction(*row) for row in self._cursor.fetchall()]

    def judge(self) -> Counts:
        """Steps 2 and 3."""
        self._cursor.execute(sql.WITHOUT_REPETITIONS)
        repeated = self._cursor.rowcount
        for statement in (sql.ADD_SERIES, sql.NAME_SERIES, sql.FIND_SERIES):
            self._cursor.execute(statement, self._of)
        self._run(sql.KNOW_SERIES)
        self._cursor.execute(sql.DROP_UNCHANGED, self._of)
        unchanged = self._cursor.rowcount
        self._cursor.execute(sql.TIMELINE, self._of)
        self._run(sql.KNOW_TIMELINE)
        self._cursor.execute(sql.COUNT)
        added, replaced = self._cursor.fetchone()
        return Counts(added, replaced, unchanged + repeated)

    def _run(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self._cursor.execute(statement)

    def moves(self, most: int) -> tuple[list[Move], int]:
        """The first that move too far, and how many there are."""
        self._cursor.execute(sql.COUNT_MOVES, self._of)
        (count,) = self._cursor.fetchone()
        self._cursor.execute(sql.MOVES, {**self._of, "most": most})
        return [Move(*row) for row in self._cursor.fetchall()], count

    def store(self, *, import_id: int, now: datetime) -> None:
        """Step 5."""
        values = {**self._of, "import": import_id, "now": now}
        for statement in (sql.MARK_REPLACED, sql.SHORTEN, sql.ADD_ROWS):
            self._cursor.execute(statement, values)


@contextmanager
def staged(rows: Iterable[StagedPrice], *, tenant_id: int, is_for: PriceIsFor) -> Iterator[Staged]:
    """Step 1, in the caller's transaction. Raises Conflicting when another import is under way."""
    with connection.cursor() as cursor:
        cursor.execute(sql.ONE_AT_A_TIME, [f"import-prices/{tenant_id}"])
        if not cursor.fetchone()[0]:
            raise Conflicting(
                "Another price list is being imported. Nothing was imported; try again after it."
            )
        for statement in sql.LAY_ASIDE:
            cursor.execute(statement)
        with cursor.copy(sql.COPY) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute("ANALYZE staged_price")
        yield Staged(cursor, tenant_id, is_for)
