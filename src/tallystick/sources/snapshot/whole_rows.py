"""The rows of a list as they are written, many at once, for PostgreSQL to take apart again.

A row at a time costs PostgreSQL more than all that it does with the rows. Memory stays flat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tallystick.sources.csv_errors import ImportRefused

# Characters: they fill half a page of PostgreSQL's, and no more than one when each takes two bytes.
AT_ONCE = 4000
LONGEST_ROW = 100_000
_TOO_LONG = f"has a row of more than {LONGEST_ROW:,} characters: does a quote lack its end?"
_ESCAPE = "\x01"
_RETURN, _NEWLINE, _ITSELF = f"{_ESCAPE}r", f"{_ESCAPE}n", f"{_ESCAPE}e"


def whole_rows(text: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Of CSV that is cut anywhere: rows with a newline between two, and the line of the first.

    The header's is 1. Within a row no line ends: :func:`as_written` says what it was. Raises
    ImportRefused: a row is longer than any is, because a quote that is not closed makes one row of
    all that follow; or it holds what no text of the database may.
    """
    line, rest = 2, ""
    for part in _ends_alike(text):
        rest += part
        begin = 0
        while len(rest) - begin > AT_ONCE:
            end = rest.rfind("\n", begin, begin + AT_ONCE)
            if end < 0:  # one that is longer
                end = rest.find("\n", begin + AT_ONCE)
                if (len(rest) if end < 0 else end) - begin > LONGEST_ROW:
                    raise ImportRefused.whole(_TOO_LONG, line=line)
            if end < 0:
                break
            yield line, _rows(rest[begin:end], line)
            line += rest.count("\n", begin, end) + 1
            begin = end + 1
        rest = rest[begin:]
    if rest:
        yield line, _rows(rest.removesuffix("\n"), line)


def as_written(row: str) -> str:
    """The row as it stood in the list, but for the end of its line."""
    if _ESCAPE not in row:
        return row
    return row.replace(_RETURN, "\r").replace(_NEWLINE, "\n").replace(_ITSELF, _ESCAPE)


def _rows(rows: str, line: int) -> str:
    """Raises ImportRefused. An empty row by itself would be none."""
    try:
        rows.encode()
        wrong, words = rows.find("\0"), "holds a NUL byte: no text does"
    except UnicodeEncodeError as error:  # JSON can write it
        wrong, words = error.start, "holds half of a character"
    if wrong >= 0:
        raise ImportRefused.whole(words, line=line + rows.count("\n", 0, wrong))
    return rows or " "


def _ends_alike(text: Iterable[str]) -> Iterator[str]:
    """Each row ends with a newline, and what is within quotes holds none."""
    quoted = returned = False
    for part in text:
        # The end of a line that is written as two may be cut between them.
        plain = part.removeprefix("\n") if returned and not quoted else part
        returned = part.endswith("\r")
        # Most hold none of these, and to look for one is faster than to replace none.
        if _ESCAPE in plain:
            plain = plain.replace(_ESCAPE, _ITSELF)
        if quoted or '"' in plain:
            pieces = plain.split('"')
            for n in range(0 if quoted else 1, len(pieces), 2):
                pieces[n] = pieces[n].replace("\r", _RETURN).replace("\n", _NEWLINE)
            quoted ^= len(pieces) % 2 == 0
            plain = '"'.join(pieces)
        if "\r" in plain:
            plain = plain.replace("\r\n", "\n").replace("\r", "\n")
        yield plain
