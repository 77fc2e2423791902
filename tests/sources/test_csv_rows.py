"""A file is read whole or refused with the line of every error. No database."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from csv_files import GOOD, csv_file, good
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.catalog.terms import BillingCycle, Segment, Term
from tallystick.sources.csv_cells import REQUIRED, read_subscriptions
from tallystick.sources.csv_errors import MOST_SHOWN, ImportRefused
from tallystick.sources.csv_rows import LONGEST_FIELD, MOST_BYTES, MOST_ROWS
from tallystick.subscriptions.status import SubscriptionStatus

TODAY = date(2026, 5, 10)


def read(data: bytes):
    return read_subscriptions(data, today=TODAY)


def refused(data: bytes) -> list[str]:
    with pytest.raises(ImportRefused) as caught:
        read(data)
    return [str(error) for error in caught.value.errors]


def test_a_row_is_read_into_values() -> None:
    (row,) = read(csv_file([good(subscription="Head office")]))
    assert row.line == 2
    assert row.offer_key == (
        "CFQ7TTC0LCHC",
        "0002",
        Segment.COMMERCIAL,
        Term.YEAR,
        BillingCycle.MONTHLY,
    )
    assert (row.quantity, row.unit_price, row.currency) == (10, Decimal("26.4"), "EUR")
    assert (row.starts_on, row.ends_on) == (date(2026, 1, 1), date(2026, 12, 31))
    assert row.subscription == "Head office"
    assert row.status is SubscriptionStatus.ACTIVE


def test_only_the_required_columns_are_needed() -> None:
    (row,) = read(csv_file([{column: GOOD[column] for column in REQUIRED}]))
    assert row.unit_price is None
    assert row.ends_on is None
    assert row.currency == ""
    assert row.status is SubscriptionStatus.ACTIVE


@pytest.mark.parametrize("column", REQUIRED)
def test_a_required_column_is_missing(column: str) -> None:
    row = {name: value for name, value in GOOD.items() if name != column}
    assert refused(csv_file([row])) == [f"line 1, {column}: this column is missing"]


@pytest.mark.parametrize("column", REQUIRED)
def test_a_required_cell_is_empty(column: str) -> None:
    (error,) = refused(csv_file([good(**{column: "  "})]))
    assert error.startswith(f"line 2, {column}: ")


def test_order_and_case_of_the_header_and_a_bom_do_not_matter() -> None:
    data = csv_file([dict(reversed(GOOD.items()))])
    header, rest = data.split(b"\r\n", 1)
    assert read(b"\xef\xbb\xbf" + header.upper() + b"\r\n" + rest) == read(csv_file([GOOD]))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_delimiters_and_line_ends(delimiter: str, end: bytes) -> None:
    data = csv_file([good(customer="Alder; Ash, Architects")] * 1, delimiter=delimiter)
    (row,) = read(data.replace(b"\r\n", end))
    assert row.customer == "Alder; Ash, Architects"


def test_an_unknown_column_is_named_once_unless_it_is_empty() -> None:
    assert len(read(csv_file([good(note="", **{"": ""})]))) == 1
    rows = [good(note=""), good(note="x", subscription_id="s-2"), good(note="y")]
    errors = refused(csv_file(rows))
    assert errors[0] == (
        "line 1, column 17: “note” is not a column of this import, and has a value on line 3"
    )
    assert sum("note" in error for error in errors) == 1


def test_a_misspelt_column_is_named_with_the_one_that_is_missing() -> None:
    row = {("qty" if name == "quantity" else name): value for name, value in GOOD.items()}
    assert refused(csv_file([row])) == [
        "line 1, quantity: this column is missing (not known: “qty”)"
    ]


def test_a_column_twice() -> None:
    assert refused(csv_file([GOOD | {"TERM": "P1Y"}])) == ["line 1, term: is there twice"]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b",,,\r\n"])
def test_an_empty_file(data: bytes) -> None:
    assert refused(data) == ["file: is empty: its first line must name the columns"]


def test_a_header_alone_is_no_rows() -> None:
    assert read(csv_file([])) == []


def test_rows_without_text_are_passed_by() -> None:
    data = csv_file([GOOD]) + b"\r\n" + b"," * 15 + b"\r\n" + b"  \r\n"
    assert len(read(data)) == 1


BAD_QUANTITIES = ["0", "-1", "1e18", "1,000", "12.0", "", "１２", "1000001", "9" * 40, "+5", "0x1F"]


@pytest.mark.parametrize("quantity", BAD_QUANTITIES)
def test_quantities_that_are_none(quantity: str) -> None:
    (error,) = refused(csv_file([good(quantity=quantity)]))
    assert error.startswith("line 2, quantity: ")


def test_the_words_of_a_quantity() -> None:
    (error,) = refused(csv_file([good(quantity="1,000")]))
    assert "“1,000” is not a whole number" in error


@pytest.mark.parametrize(
    "amount", ["12,50", "1e3", "-1", "€5", "1.23456", "NaN", "Infinity", "1 000", "1000000001"]
)
@pytest.mark.parametrize("field", ["unit_price", "unit_cost"])
def test_amounts_that_are_none(field: str, amount: str) -> None:
    (error,) = refused(csv_file([good(**{field: amount})]))
    assert error.startswith(f"line 2, {field}: ")


@pytest.mark.parametrize(
    "changes",
    [
        {"starts_on": "01.05.2026"},
        {"starts_on": "2026-02-30"},
        {"starts_on": "2032-01-01", "ends_on": ""},
        {"ends_on": "2025-12-31"},
        {"ends_on": "2026-5-3"},
        {"term": "P2Y"},
        {"billing_cycle": "weekly"},
        {"segment": "military"},
        {"status": "on hold"},
        {"currency": "EURO"},
        {"currency": ""},
        {"offer_id": "CFQ7TTC0LCHC"},
        {"offer_id": "CFQ7TTC0LCHC:"},
        {"offer_id": "a:b:c:d"},
        {"offer_id": "x" * 101 + ":1"},
        {"customer_id": "x" * 101},
        {"subscription_id": "x" * 101},
        {"customer": "x" * 301},
        {"offer": "x" * 301},
        {"subscription": "x" * 301},
        {"customer": "Alder\nAsh"},
        {"customer": "Alder\x1b[31mAsh"},
        {"offer": "M365\u202eevil"},
        {"subscription_id": "s\t1"},
    ],
)
def test_cells_that_are_refused(changes: dict[str, str]) -> None:
    (error,) = refused(csv_file([good(**changes)]))
    assert error.startswith(f"line 2, {next(iter(changes))}: ")
    assert error.isprintable()


def test_all_errors_of_a_row_are_said_at_once() -> None:
    errors = refused(csv_file([good(quantity="x", term="y", unit_price="z", starts_on="")]))
    assert [error.split(":")[0] for error in errors] == [
        "line 2, term",
        "line 2, quantity",
        "line 2, unit_price",
        "line 2, starts_on",
    ]


def test_lines_are_physical_lines() -> None:
    """A quoted field with line breaks: the rows after it keep the number an editor shows."""
    rows = [good(customer="\r\nAlder\n"), good(subscription_id="s-2", quantity="x")]
    assert read(csv_file(rows[:1]))[0].customer == "Alder"
    (error,) = [e for e in refused(csv_file(rows)) if "quantity" in e]
    assert error.startswith("line 5, quantity: ")


@pytest.mark.parametrize(
    ("bad", "place"),
    [
        (b'c-2,"Alder" & Ash,', "line 3, row: has broken quoting"),
        (b'c-2,"Alder', "line 3, row: has a quote that is opened and never closed"),
        (b"c-2,Alder", "line 3, row: has 2 fields, the header has 16 columns"),
        (b"," * 15 + b"x,", "line 3, row: has 17 fields, the header has 16 columns"),
    ],
)
def test_rows_of_a_wrong_shape(bad: bytes, place: str) -> None:
    errors = refused(csv_file([GOOD]) + bad)
    assert len(errors) == 1
    assert errors[0].startswith(place)


def test_a_quote_that_swallows_the_rest_of_a_long_file() -> None:
    data = csv_file([GOOD]) + b'"' + b"c-2,x\r\n" * 50_000
    (error,) = refused(data)
    assert error.startswith("line 3, row: has a field without end")


def test_nul_bytes() -> None:
    (error,) = refused(csv_file([GOOD, good(customer="a\x00b")]))
    assert error.startswith("line 3, file: holds a NUL byte")


def test_other_encodings() -> None:
    (error,) = refused(csv_file([GOOD]) + "Müller".encode("latin-1"))
    assert error.startswith("line 3, file: is not in UTF-8")
    (error,) = refused(csv_file([GOOD]).decode().encode("utf-16"))
    assert "UTF-16" in error


def test_limits() -> None:
    assert "50 MB" in refused(b"x" * (MOST_BYTES + 1))[0]
    (error,) = refused(csv_file([good(customer="x" * (LONGEST_FIELD + 1))]))
    assert error == f"line 2, customer: is longer than {LONGEST_FIELD} characters"
    (error,) = refused(csv_file([good(note="x" * (LONGEST_FIELD + 1))]))[:1]
    assert "note" in error


def test_too_many_rows() -> None:
    data = csv_file([GOOD]) + b"x\r\n" * MOST_ROWS
    with pytest.raises(ImportRefused) as caught:
        read(data)
    assert len(caught.value.errors) == MOST_SHOWN
    # Each row of a wrong shape, and that there are too many of them.
    assert caught.value.more == MOST_ROWS - MOST_SHOWN
    assert str(caught.value).endswith(f"and {MOST_ROWS - MOST_SHOWN} more")


def test_one_subscription_twice() -> None:
    rows = [GOOD, good(subscription_id="S-1")]
    assert refused(csv_file(rows)) == ["line 3, subscription_id: “S-1” is already on line 2"]


def test_one_customer_with_two_names_or_two_spellings_of_its_id() -> None:
    rows = [GOOD, good(subscription_id="s-2", customer="Other")]
    (error,) = refused(csv_file(rows))
    assert error.startswith("line 3, customer: “Other” has the same id as “Alder & Ash")
    rows = [GOOD, good(subscription_id="s-2", customer_id="C-1")]
    assert refused(csv_file(rows)) == ["line 3, customer_id: is written “c-1” on line 2"]


def test_one_offer_with_two_names() -> None:
    rows = [GOOD, good(subscription_id="s-2", offer="Other")]
    (error,) = refused(csv_file(rows))
    assert error.startswith("line 3, offer: “Other” is the same offer as")


def test_a_formula_stays_text() -> None:
    (row,) = read(csv_file([good(customer=" =cmd|' /C calc'!A0 ")]))
    assert row.customer == "=cmd|' /C calc'!A0"


def test_other_words_for_the_same() -> None:
    changed = good(
        offer_id=" CFQ7TTC0LCHC : 0002 : CFQ7TTC0AAAA",
        term="1 Year",
        billing_cycle="Monthly",
        segment="",
        status="Canceled",
    )
    (row,) = read(csv_file([changed]))
    assert row.offer_key[:2] == ("CFQ7TTC0LCHC", "0002")
    assert row.offer_key.term is Term.YEAR
    assert row.status is SubscriptionStatus.CANCELLED


LINES = st.lists(
    st.sampled_from([csv_file([GOOD]), csv_file([GOOD]).split(b"\r\n")[1], b'"', b";", b",", b"\n"])
    | st.binary(max_size=20)
).map(b"".join)


@settings(max_examples=400, deadline=None)
@given(data=st.binary(max_size=400) | LINES | LINES.map(lambda tail: csv_file([GOOD]) + tail))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read(data)
    except ImportRefused as refusal:
        assert refusal.errors
        assert all(str(error).isprintable() for error in refusal.errors)


CELLS = st.fixed_dictionaries(
    {column: st.text(max_size=15) | st.just(GOOD[column]) for column in GOOD}
)


@settings(max_examples=400, deadline=None)
@given(rows=st.lists(CELLS, min_size=1, max_size=4))
def test_any_cells_are_read_or_refused(rows: list[dict[str, str]]) -> None:
    try:
        found = read(csv_file(rows))
    except ImportRefused:
        return
    assert len(found) <= len(rows)
    for row in found:
        assert row.quantity >= 1
        assert row.customer == row.customer.strip()
