"""The rows of a list, laid aside in this transaction; only those that differ come out again.

1. PostgreSQL takes the text in, many rows at once, takes it apart and gives each row a digest.
2. A row whose digest is one of the source's last list is as it was: nobody looks at it.
3. The others are read as CSV, again by PostgreSQL, and come out in parts: memory stays flat however
   long the list is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, TextIO

import psycopg
from django.db import connection
from psycopg import sql

from tallystick.sources.csv_errors import MOST_SHOWN, ImportRefused, LineError, printable
from tallystick.sources.snapshot.read_cells import read_cells, refused
from tallystick.sources.snapshot.read_list import Header, read_list
from tallystick.sources.snapshot.whole_rows import whole_rows

# A list that was made while a change was on its way may still show what was before.
JUST_TOLD = timedelta(hours=1)
PART = 500
# Rows: so short a list is sooner searched than it is said what else its source had.
SHORT = 20_000
_STORE = """
    INSERT INTO sources_subject AS known
        (source_id, subject, newest_key, newest_id, state, shown, row_digest)
    SELECT %s, subject, '', '', state, state, digest
      FROM unnest(%s::text[], %s::jsonb[], %s::bigint[]) AS shown (subject, state, digest)
    ON CONFLICT (source_id, subject) DO UPDATE
       SET shown = excluded.shown,
           row_digest = excluded.row_digest,
           state = known.state || excluded.state
"""

# Kept as they come, neither compressed nor in a table beside it.
_LISTED = """
    CREATE TEMP TABLE listed_rows (first bigint NOT NULL, rows text NOT NULL)
      WITH (toast_tuple_target = 8160) ON COMMIT DROP
"""
# 64 bits, over the columns' names too: a row of other columns is another row.
_ROW = sql.SQL("""
    SELECT listed.first + one.place - 1 AS line, one.whole,
           hashtextextended(one.whole, %s) AS digest
      FROM listed_rows AS listed,
           string_to_table(listed.rows, E'\\n') WITH ORDINALITY AS one (whole, place)
""")
# What the list has and its source had not; in full, also the other way round. OFFSET 0: each digest
# is made once.
_OTHER = sql.SQL("""
    CREATE TEMP TABLE other_row ON COMMIT DROP AS
    SELECT row.line, row.digest, row.whole, known.id AS gone
      FROM ({} OFFSET 0) AS row
      {} JOIN (SELECT id, row_digest FROM sources_subject WHERE source_id = %s) AS known
        ON known.row_digest = row.digest
     WHERE row.line IS NULL OR known.id IS NULL
""")
# A row that differs, of a subscription that the last list had, whose row may be there, too.
_THE_SAME = """
    SELECT row.subject, row.line, coalesce(known.told_at > %s, false),
           CASE WHEN other.gone IS NULL THEN known.row_digest END
      FROM differing_row AS row
      JOIN sources_subject AS known ON known.source_id = %s AND known.subject = row.subject
      LEFT JOIN other_row AS other ON other.gone = known.id
"""
# One that it had not, written as another but for capitals: there are few of those.
_IN_OTHER_LETTERS = """
    SELECT row.subject, row.line, false, CASE WHEN other.gone IS NULL THEN known.row_digest END
      FROM sources_subject AS known
      JOIN differing_row AS row
        ON lower(row.subject) = lower(known.subject) AND row.subject <> known.subject
      LEFT JOIN other_row AS other ON other.gone = known.id
     WHERE known.source_id = %s
"""
_THERE = sql.SQL("SELECT digest, line FROM ({}) AS row WHERE digest = ANY(%s) LIMIT %s")
_ABSENT = """
    SELECT known.subject
      FROM other_row AS other JOIN sources_subject AS known ON known.id = other.gone
     WHERE known.source_id = %s
       AND known.state ->> 'status' IN ('active', 'suspended')
       AND (known.told_at IS NULL OR known.told_at <= %s)
       AND NOT EXISTS (SELECT 1 FROM differing_row WHERE subject = known.subject)
     ORDER BY known.subject
"""


@dataclass(frozen=True, slots=True)
class LaidAside:
    """``line`` counts from the header, which is 1."""

    line: int
    subject: str
    digest: int
    cells: Mapping[str, str]


class Rows:
    """The rows of one list, and those among them that differ from the last one."""

    def __init__(self, cursor: Any, header: Header, source_id: int, told_before: datetime) -> None:
        self._cursor = cursor
        self._header = header
        self._source = source_id
        self._since = told_before
        self._columns = [(f"c{n}", name) for n, name in enumerate(header.columns) if name]
        self.count = self.differing = self.told_just_before = 0

    @property
    def unknown(self) -> Sequence[str]:
        return self._header.unknown

    def copy(self, text: Iterator[str]) -> None:
        """The rows as they are written. Raises ImportRefused when it is no text."""
        self._cursor.execute(_LISTED)
        line, rows = 1, ""
        try:
            with self._cursor.copy("COPY listed_rows FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(["int8", "text"])
                for line, rows in whole_rows(text):
                    copy.write_row((line, rows))
        except psycopg.DataError as error:
            raise refused(error, None) from None
        self.count = line - 1 + rows.count("\n")

    def compare(self, *, complete: bool) -> None:
        """Find what differs, but for what was just told; of a complete list also what is absent.

        Raises ImportRefused when a row that does has another shape than the header, or when its
        subscription is there twice.
        """
        join = sql.SQL("FULL" if complete or self.count > SHORT else "LEFT")
        self._cursor.execute(_OTHER.format(_ROW, join), [self._header.number, self._source])
        self.differing = read_cells(self._cursor, self._header, most=self._cursor.rowcount)
        self._cursor.execute(_THE_SAME, [self._since, self._source])
        before = self._cursor.fetchall()
        told = [line for _, line, just_told, _ in before if just_told]
        if len(before) < self.differing < self.count:
            self._cursor.execute(_IN_OTHER_LETTERS, [self._source])
            before += self._cursor.fetchall()
        self._refuse_twice(
            {digest: (name, line) for name, line, _, digest in before if digest is not None}
        )
        if told:
            self._cursor.execute("DELETE FROM differing_row WHERE line = ANY(%s)", [told])
        self.told_just_before = len(told)
        self.differing -= len(told)

    def parts(self) -> Iterator[list[LaidAside]]:
        """Those that differ, in the list's order."""
        known = sql.SQL(", ").join(sql.Identifier(column) for column, _ in self._columns)
        statement = sql.SQL(
            "SELECT line, subject, digest, {} FROM differing_row "
            "WHERE line > %s ORDER BY line LIMIT %s"
        ).format(known)
        after = 0
        while True:
            self._cursor.execute(statement, [after, PART])
            found = self._cursor.fetchall()
            if not found:
                return
            after = found[-1][0]
            yield [self._row(*one) for one in found]

    def _row(self, line: int, subject: str, digest: int, *cells: str | None) -> LaidAside:
        named = {name: cell or "" for (_, name), cell in zip(self._columns, cells, strict=True)}
        return LaidAside(line, subject or "", digest, named)

    def keep(self, rows: Sequence[tuple[str, str, int]]) -> None:
        """Subject, state as JSON, digest: what the source has shown."""
        self._cursor.execute(
            _STORE, [self._source, *(list(part) for part in zip(*rows, strict=True))]
        )

    def absent(self) -> list[str]:
        """Live here and at the source, and not in the list, which is complete."""
        self._cursor.execute(_ABSENT, [self._source, self._since])
        return [subject for (subject,) in self._cursor.fetchall()]

    def _refuse_twice(self, before: Mapping[int, tuple[str, int]]) -> None:
        """An id in other letters is the same one, miswritten. ``before``: by the digest of a row
        that the last list had, and this one may, too: who differs from it now, and on which line.
        """
        self._cursor.execute(
            "SELECT min(subject), min(line), max(line) FROM differing_row "
            "WHERE subject IS NOT NULL GROUP BY lower(subject) HAVING count(*) > 1 "
            "ORDER BY 3 LIMIT %s",
            [MOST_SHOWN],
        )
        twice = self._cursor.fetchall()
        if before and self.differing < self.count:
            self._cursor.execute(
                _THERE.format(_ROW), [self._header.number, list(before), MOST_SHOWN]
            )
            for digest, line in self._cursor.fetchall():
                name, other = before[digest]
                twice.append((name, min(line, other), max(line, other)))
        if twice:
            raise ImportRefused(
                [
                    LineError(
                        "subscription_id",
                        f"“{printable(str(name))}” is already on line {first}",
                        line,
                    )
                    for name, first, line in sorted(twice, key=itemgetter(2))[:MOST_SHOWN]
                ]
            )


@contextmanager
def laid_aside(
    text: TextIO, *, source_id: int, told_before: datetime, complete: bool = False
) -> Iterator[Rows]:
    """In the caller's transaction. What was told of after ``told_before`` is not looked at.

    Raises ImportRefused.
    """
    header, rest = read_list(text)
    with connection.cursor() as cursor:
        rows = Rows(cursor, header, source_id, told_before)
        rows.copy(rest)
        rows.compare(complete=complete)
        yield rows
