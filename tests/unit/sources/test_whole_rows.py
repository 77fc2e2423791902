"""A list cut anywhere keeps its rows; a quote that is not closed does not make one of them all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.sources.csv_errors import ImportRefused
from tallystick.sources.snapshot import whole_rows as module
from tallystick.sources.snapshot.whole_rows import LONGEST_ROW, as_written, whole_rows


def cut(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(0, len(text), size))


def quoted(rows: list[list[str]], end: str = "\r\n") -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator=end).writerows(rows)
    return out.getvalue()


def taken_apart(parts: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """As PostgreSQL does it: each row with its line."""
    return [
        (first + place, row)
        for first, rows in parts
        for place, row in enumerate(rows.split("\n"))
    ]  # fmt: skip


@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_a_line_s_end_within_quotes_ends_no_row(size: int) -> None:
    rows = taken_apart(whole_rows(cut('a,"b ""c""\r\nd"\r\ne,f\r\n', size)))
    assert [line for line, _ in rows] == [2, 3]
    assert [as_written(row) for _, row in rows] == ['a,"b ""c""\r\nd"', "e,f"]


CELL = st.text('a"\r\n\x01enr\\,é', max_size=6)


@given(
    rows=st.lists(st.lists(CELL, min_size=2, max_size=3), max_size=12),
    ends=st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=12, max_size=12),
    size=st.integers(1, 20),
    at_once=st.integers(1, 40),
)
def test_rows_come_back_as_they_were_written(
    rows: list[list[str]], ends: list[str], size: int, at_once: int
) -> None:
    written = [quoted([row], "") for row in rows]
    text = "".join(map(add, written, ends))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "AT_ONCE", at_once)
        parts = list(whole_rows(cut(text, size)))
    apart = taken_apart(parts)
    assert [line for line, _ in apart] == list(range(2, 2 + len(rows)))
    assert [as_written(row) for _, row in apart] == written
    assert all(len(some) <= at_once or "\n" not in some for _, some in parts)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("size", [997, 1 << 16])
def test_a_quote_without_its_end_is_refused_where_it_begins(end: str, size: int) -> None:
    """Every cell quoted: after the lost one the quotes pair up, and no quoted stretch is long."""
    good = quoted([["Alder & Ash", "10"]] * 50, end)
    lost = good + '"Alder & Ash,"10"' + end + quoted([["Alder & Ash", "10"]] * 30_000, end)
    read = 0
    with pytest.raises(ImportRefused, match=r"line 52, file: has a row of more than 100,000") as no:
        for _, rows in whole_rows(cut(lost, size)):
            read += len(rows)
    assert "does a quote lack its end?" in str(no.value)
    assert read < LONGEST_ROW + len(good) + (1 << 16), "and nothing behind it was read"


def test_an_empty_row_by_itself_is_a_row() -> None:
    """Of no text PostgreSQL would make no row, and nobody would see it."""
    assert list(whole_rows(["\n"])) == [(2, " ")]


def test_rows_as_long_as_they_may_be_are_let_through() -> None:
    row = "a" * LONGEST_ROW + "\r\n"
    assert [len(rows) for _, rows in whole_rows(cut(row * 3, 1000))] == [LONGEST_ROW] * 3
