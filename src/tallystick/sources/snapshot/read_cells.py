"""PostgreSQL's own reading of CSV, of rows that were laid aside as they are written."""

from __future__ import annotations

import re
from typing import Any

import psycopg
from psycopg import sql

from tallystick.sources.csv_errors import ImportRefused, printable
from tallystick.sources.snapshot.read_list import Header
from tallystick.sources.snapshot.whole_rows import as_written

# Rows, and characters of them: a row has as many as `whole_rows` lets through.
READ_AT_ONCE, CHARACTERS_AT_ONCE = 5000, 4_000_000
_PART = """
    SELECT line, digest, whole
      FROM (SELECT line, digest, whole, sum(length(whole)) OVER (ORDER BY line) AS up_to
              FROM (SELECT line, digest, whole FROM other_row
                     WHERE line > %s ORDER BY line LIMIT %s) AS part) AS counted
     WHERE up_to - length(whole) < %s ORDER BY line
"""
# PostgreSQL shows the row, which begins with its line.
_SHOWN = re.compile(r"line \d+: \"(\d+)")


def read_cells(cursor: Any, header: Header, *, most: int) -> int:
    """From ``other_row``, which has at most so many, into ``differing_row``: so many. Raises
    ImportRefused when one has another shape than the header."""
    names = [sql.Identifier(f"c{n}") for n in range(len(header.columns))]
    cells = sql.SQL(", ").join(sql.SQL("{} text").format(name) for name in names)
    subject = sql.Identifier(f"c{header.columns.index('subscription_id')}")
    cursor.execute(
        sql.SQL(
            "CREATE TEMP TABLE differing_row (line bigint PRIMARY KEY, digest bigint, "
            "subject text GENERATED ALWAYS AS (btrim({})) STORED, {}) ON COMMIT DROP"
        ).format(subject, cells)
    )
    between = header.delimiter
    statement = sql.SQL(
        "COPY differing_row (line, digest, {}) FROM STDIN (FORMAT csv, DELIMITER {})"
    ).format(sql.SQL(", ").join(names), sql.Literal(between))
    many = after = 0
    if most > READ_AT_ONCE:
        cursor.execute("CREATE INDEX ON other_row (line) WHERE line IS NOT NULL")
    while part := _others(cursor, after):
        try:
            with cursor.copy(statement) as copy:
                for line, digest, whole in part:
                    copy.write(f"{line}{between}{digest}{between}{as_written(whole)}\n")
        except psycopg.DataError as error:
            raise refused(error, _line_of(error)) from None
        many += len(part)
        after = part[-1][0]
    if many > READ_AT_ONCE:
        cursor.execute("ANALYZE differing_row")
    return many


def _others(cursor: Any, after: int) -> list[tuple[int, int, str]]:
    cursor.execute(_PART, [after, READ_AT_ONCE, CHARACTERS_AT_ONCE])
    found: list[tuple[int, int, str]] = cursor.fetchall()
    return found


def refused(error: psycopg.DataError, line: int | None) -> ImportRefused:
    words = error.diag.message_primary or "cannot be read"
    return ImportRefused.whole(printable(words)[:200], line=line)


def _line_of(error: psycopg.DataError) -> int:
    found = _SHOWN.search(error.diag.context or "")
    return int(found.group(1)) if found else 1
