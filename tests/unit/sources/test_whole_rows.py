"""A list cut anywhere keeps its rows; a quote that is not closed does not make one of them all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest

from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.snapshot.whole_rows import LONGEST_ROW, whole_rows


def cut(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(0, len(text), size))


def quoted(rows: list[list[str]], end: str = "\r\n") -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator=end).writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_a_line_s_end_within_quotes_ends_no_row(size: int) -> None:
    given = "".join(whole_rows(cut('a,"b ""c""\r\nd"\r\ne,f\r\n', size)))
    assert given == 'a,"b ""c""\\r\\nd"\r\ne,f\r\n'


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [997, 1 << 16])
def test_a_quote_without_its_end_is_refused_where_it_begins(end: str, size: int) -> None:
    """Every cell quoted: after the lost one the quotes pair up, and no quoted stretch is long."""
    good = quoted([["Alder & Ash", "10"]] * 50, end)
    lost = good + '"Alder & Ash,"10"' + end + quoted([["Alder & Ash", "10"]] * 30_000, end)
    read = 0
    with pytest.raises(ImportRefused, match=r"line 52, file: has a row of more than 100,000") as no:
        for part in whole_rows(cut(lost, size)):
            read += len(part)
    assert "does a quote lack its end?" in str(no.value)
    assert read < LONGEST_ROW + len(good) + (1 << 16), "and nothing behind it was read"


def test_rows_as_long_as_they_may_be_are_let_through() -> None:
    row = "a" * LONGEST_ROW + "\r\n"
    assert sum(map(len, whole_rows(cut(row * 3, 1000)))) == 3 * len(row)
