"""The rows of a list, laid aside in this transaction; only those that differ come out again.

1. PostgreSQL reads the text itself; a row gets a digest of its known cells.
2. A row whose digest is that of the source's last list is as it was: nobody looks at it.
3. The others come out in parts, so memory stays flat however long the list is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TextIO

import psycopg
from django.db import connection
from psycopg import sql

from tallystick.sources.csv_errors import MOST_SHOWN, ImportRefused, LineError, printable
from tallystick.sources.snapshot.read_list import Header, read_list

# A list that was made while a change was on its way may still show what was before.
JUST_TOLD = timedelta(hours=1)
PART = 500
_LINE = re.compile(r"line (\d+)")
_STORE = """
    INSERT INTO sources_subject AS known
        (source_id, subject, newest_key, newest_id, state, shown, row_digest)
    SELECT %s, subject, '', '', state, state, digest
      FROM unnest(%s::text[], %s::jsonb[], %s::text[]) AS shown (subject, state, digest)
    ON CONFLICT (source_id, subject) DO UPDATE
       SET shown = excluded.shown,
           row_digest = excluded.row_digest,
           state = known.state || excluded.state
"""


@dataclass(frozen=True, slots=True)
class LaidAside:
    """``line`` counts from the header, which is 1."""

    line: int
    subject: str
    digest: str
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
        """Raises ImportRefused when a row has another shape than the header."""
        names = [sql.Identifier(f"c{n}") for n in range(len(self._header.columns))]
        cells = sql.SQL(", ").join(sql.SQL("{} text").format(name) for name in names)
        self._cursor.execute(
            sql.SQL(
                "CREATE TEMP TABLE listed_row "
                "(line bigint GENERATED ALWAYS AS IDENTITY (START 2), {}) ON COMMIT DROP"
            ).format(cells)
        )
        statement = sql.SQL("COPY listed_row ({}) FROM STDIN (FORMAT csv, DELIMITER {})").format(
            sql.SQL(", ").join(names), sql.Literal(self._header.delimiter)
        )
        try:
            with self._cursor.copy(statement) as copy:
                for part in text:
                    copy.write(part)
        except psycopg.DataError as error:
            raise _refused(error) from None
        self.count = self._cursor.rowcount

    def compare(self) -> None:
        """Find what differs. Raises ImportRefused when a subscription that does is there twice."""
        known = [sql.Identifier(column) for column, _ in self._columns]
        values = {"subject": self._subject(), "cells": sql.SQL(", ").join(known)}
        # 64 bits tell two rows of one subscription apart; they are compared with nobody else's.
        # OFFSET 0: without it the digest is made again for every row that is compared.
        self._cursor.execute(
            sql.SQL(
                "CREATE TEMP TABLE differing_row ON COMMIT DROP AS "
                "SELECT row.* FROM (SELECT line, btrim({subject}) AS subject, "
                "hash_record_extended(ROW({cells}), 0)::text AS digest, {cells} "
                "FROM listed_row OFFSET 0) AS row "
                "LEFT JOIN sources_subject AS known ON known.source_id = %s "
                "AND known.subject = row.subject AND known.row_digest = row.digest "
                "WHERE known.subject IS NULL"
            ).format(**values),
            [self._source],
        )
        self._cursor.execute("CREATE INDEX ON differing_row (line)")
        self._refuse_twice()
        self._cursor.execute(
            "DELETE FROM differing_row AS row USING sources_subject AS known "
            "WHERE known.source_id = %s AND known.subject = row.subject AND known.told_at > %s",
            [self._source, self._since],
        )
        self.told_just_before = self._cursor.rowcount
        self._cursor.execute("SELECT count(*) FROM differing_row")
        self.differing = self._cursor.fetchone()[0]

    def parts(self) -> Iterator[list[LaidAside]]:
        """Those that differ, in the list's order."""
        after = 0
        while True:
            self._cursor.execute(
                "SELECT * FROM differing_row WHERE line > %s ORDER BY line LIMIT %s", [after, PART]
            )
            found = self._cursor.fetchall()
            if not found:
                return
            after = found[-1][0]
            yield [self._row(*one) for one in found]

    def _row(self, line: int, subject: str, digest: str, *cells: str | None) -> LaidAside:
        named = {name: cell or "" for (_, name), cell in zip(self._columns, cells, strict=True)}
        return LaidAside(line, subject or "", digest, named)

    def keep(self, rows: Sequence[tuple[str, str, str]]) -> None:
        """Subject, state as JSON, digest: what the source has shown."""
        self._cursor.execute(
            _STORE, [self._source, *(list(part) for part in zip(*rows, strict=True))]
        )

    def absent(self) -> list[str]:
        """Live here and at the source, and not in the list."""
        self._cursor.execute(
            sql.SQL(
                "SELECT known.subject FROM sources_subject AS known WHERE known.source_id = %s "
                "AND known.state ->> 'status' IN ('active', 'suspended') "
                "AND (known.told_at IS NULL OR known.told_at <= %s) "
                "AND NOT EXISTS (SELECT 1 FROM listed_row WHERE btrim({}) = known.subject) "
                "ORDER BY known.subject"
            ).format(self._subject()),
            [self._source, self._since],
        )
        return [subject for (subject,) in self._cursor.fetchall()]

    def _subject(self) -> sql.Identifier:
        """The column that says which subscription a row is about."""
        return sql.Identifier(f"c{self._header.columns.index('subscription_id')}")

    def _refuse_twice(self) -> None:
        """An id in other letters is the same one, miswritten."""
        self._cursor.execute(
            sql.SQL(
                "SELECT min(row.subject), min(listed.line), max(listed.line) "
                "FROM (SELECT DISTINCT lower(subject) AS id, min(subject) AS subject "
                "FROM differing_row GROUP BY 1) AS row "
                "JOIN listed_row AS listed ON lower(btrim({})) = row.id "
                "GROUP BY row.id HAVING count(*) > 1 ORDER BY 3 LIMIT %s"
            ).format(self._subject()),
            [MOST_SHOWN],
        )
        if found := self._cursor.fetchall():
            raise ImportRefused(
                [
                    LineError(
                        "subscription_id",
                        f"“{printable(str(name))}” is already on line {first}",
                        line,
                    )
                    for name, first, line in found
                ]
            )


@contextmanager
def laid_aside(text: TextIO, *, source_id: int, told_before: datetime) -> Iterator[Rows]:
    """In the caller's transaction. What was told of after ``told_before`` is not looked at.

    Raises ImportRefused.
    """
    header, rest = read_list(text)
    with connection.cursor() as cursor:
        rows = Rows(cursor, header, source_id, told_before)
        rows.copy(rest)
        rows.compare()
        yield rows


def _refused(error: psycopg.DataError) -> ImportRefused:
    """PostgreSQL counts the lines after the header."""
    found = _LINE.search(error.diag.context or "")
    words = error.diag.message_primary or "cannot be read"
    return ImportRefused.whole(printable(words)[:200], line=int(found.group(1)) + 1 if found else 1)
