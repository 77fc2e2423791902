"""What is written for a spreadsheet acts in none, and is read back as it was."""

from __future__ import annotations

import csv
import io
import sys
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tallystick.kit.sheet import from_sheet, sheet, to_sheet

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


def acts(cell: str) -> bool:
    """As the most eager program would see it: forms folded, what is not seen passed over."""
    seen = unicodedata.normalize("NFKC", cell)
    if seen[:1] in {"\t", "\r", "\n"}:
        return True
    shown = [c for c in seen if unicodedata.category(c) not in {"Cc", "Cf", "Zs", "Zl", "Zp"}]
    return bool(shown) and shown[0] in "=+-@"


def test_no_first_character_of_all_there_are_makes_a_formula() -> None:
    for code in range(1, sys.maxunicode + 1):
        if 0xD800 <= code <= 0xDFFF:
            continue
        for text in (f"{chr(code)}1+1", f" {chr(code)}=1+1"):
            cell = to_sheet(text)
            assert not acts(cell), f"U+{code:04X}"
            assert from_sheet(cell) == text, f"U+{code:04X}"


@given(TEXT)
def test_any_text_is_read_back(text: str) -> None:
    assert from_sheet(to_sheet(text)) == text
    assert from_sheet(to_sheet(to_sheet(text))) == to_sheet(text), "also what looks marked already"


def test_ordinary_text_is_left_as_it_is() -> None:
    for text in ("'s-Hertogenbosch BV", "Alder & Ash", "3 Rivers", "", "a=b", "Müller + Sohn"):
        assert to_sheet(text) == text
        assert from_sheet(text) == text


def test_numbers_days_and_moments_are_written_plain() -> None:
    moment = datetime(2026, 5, 3, 9, 0, 5, 99, tzinfo=UTC)
    cells = (-3, Decimal("-3.50"), None, date(2026, 5, 3), moment)
    assert [to_sheet(cell) for cell in cells] == [
        "-3",
        "-3.50",
        "",
        "2026-05-03",
        "2026-05-03T09:00:05Z",
    ]


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=5))
def test_a_sheet_is_rfc_4180_and_a_spreadsheet_knows_its_encoding(rows: list[list[str]]) -> None:
    data = b"".join(sheet(["a", "b", "c"], rows))
    assert data.startswith(b"\xef\xbb\xbfa,b,c\r\n")
    read = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    assert [[from_sheet(cell) for cell in row] for row in read[1:]] == rows


def test_a_sheet_comes_row_by_row() -> None:
    taken = []

    def rows() -> Iterator[list[int]]:
        for number in range(3):
            taken.append(number)
            yield [number]

    pieces = sheet(["n"], rows())
    assert [next(pieces), next(pieces), next(pieces)] == [b"\xef\xbb\xbf", b"n\r\n", b"0\r\n"]
    assert taken == [0]
