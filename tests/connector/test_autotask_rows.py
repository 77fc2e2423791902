"""Unit rows as Autotask writes them become half-open rows, and never say more than is known."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.connections.trouble import Unclear
from tallystick.connectors.autotask.rows import VendorRow, unit_rows, vendor_row

MAY = date(2026, 5, 1)


def row(number: int, starts: date, ends: date, units: int = 10) -> VendorRow:
    return VendorRow(
        id=number,
        line_id=9001,
        contract_id=7001,
        starts_on=starts,
        ends_on=ends,
        units=units,
        price=Decimal(units) * 2,
        cost=None,
        approved=False,
    )


def days(rows: list[VendorRow], since: date = MAY) -> list[tuple[str, str, int]]:
    return [
        (str(found.starts_on), str(found.until), found.units)
        for found in unit_rows(rows, since=since)
    ]


def test_a_row_lasts_until_the_day_after_its_own_end() -> None:
    assert days([row(1, MAY, date(2026, 5, 31))]) == [("2026-05-01", "2026-06-01", 10)]


def test_a_row_that_ends_where_the_next_starts_gives_way_to_it() -> None:
    third = date(2026, 5, 3)
    rows = [row(2, third, date(2026, 5, 31), 12), row(1, MAY, third)]
    assert days(rows) == [("2026-05-01", "2026-05-03", 10), ("2026-05-03", "2026-06-01", 12)]


def test_a_gap_stays_a_gap() -> None:
    rows = [row(1, MAY, date(2026, 5, 10)), row(2, date(2026, 5, 20), date(2026, 5, 31))]
    assert days(rows)[0] == ("2026-05-01", "2026-05-11", 10)


def test_of_rows_with_one_start_the_one_that_ends_last_is_in_effect() -> None:
    cut_down, whole = row(5, MAY, MAY, 10), row(6, MAY, date(2026, 5, 31), 12)
    assert days([whole, cut_down]) == [("2026-05-01", "2026-06-01", 12)]
    # also when the cut-down one is the younger record
    assert days([replace(whole, id=4), cut_down]) == [("2026-05-01", "2026-06-01", 12)]


def test_two_different_rows_for_the_same_days_are_unclear() -> None:
    end = date(2026, 5, 31)
    with pytest.raises(Unclear, match="9001"):
        unit_rows([row(1, MAY, end, 10), row(2, MAY, end, 12)], since=MAY)


def test_two_rows_that_say_the_same_for_the_same_days_are_one() -> None:
    end = date(2026, 5, 31)
    assert days([row(1, MAY, end), row(2, MAY, end)]) == [("2026-05-01", "2026-06-01", 10)]


def test_rows_that_are_over_are_left_out() -> None:
    rows = [row(1, date(2026, 4, 1), MAY), row(2, MAY, date(2026, 5, 31))]
    assert days(rows) == [("2026-05-01", "2026-06-01", 10)]


def test_the_last_day_of_the_calendar_does_not_break() -> None:
    assert days([row(1, MAY, date.max)]) == [("2026-05-01", str(date.max), 10)]


def test_an_empty_or_backward_row_bills_nothing() -> None:
    assert days([row(1, date(2026, 5, 5), date(2026, 5, 1))]) == []


DAYS = st.integers(0, 400).map(lambda offset: MAY + timedelta(days=offset))
LENGTHS = st.integers(-2, 60)


@given(
    st.lists(st.tuples(DAYS, LENGTHS, st.integers(0, 99)), max_size=12),
    DAYS,
    st.randoms(use_true_random=False),
)
def test_rows_never_overlap_never_precede_and_do_not_depend_on_their_order(
    raw: list[tuple[date, int, int]], since: date, shuffler: object
) -> None:
    rows = [
        row(number, start, start + timedelta(days=length), units)
        for number, (start, length, units) in enumerate(raw)
    ]
    try:
        found = unit_rows(rows, since=since)
    except Unclear:
        keys = [(r.starts_on, r.ends_on) for r in rows]
        assert len(set(keys)) < len(keys)
        return
    mixed = list(rows)
    shuffler.shuffle(mixed)  # type: ignore[attr-defined]
    assert unit_rows(mixed, since=since) == found
    assert all(one.starts_on < one.until and one.until > since for one in found)
    assert all(one.until <= two.starts_on for one, two in itertools.pairwise(found))
    # On every day at most one row speaks, and it is one Autotask wrote for that day.
    for one in found:
        assert any(
            r.starts_on == one.starts_on and r.units == one.units and r.ends_on >= one.starts_on
            for r in rows
        )


GOOD = {
    "id": 1,
    "contractServiceID": 9001,
    "contractID": 7001,
    "startDate": "2026-05-01T00:00:00Z",
    "endDate": "2026-05-31T00:00:00.000Z",
    "units": 11,
    "price": Decimal("254.10"),
    "cost": None,
    "approveAndPostDate": "2026-05-02T08:52:54.023Z",
}


def test_a_row_is_read_as_written() -> None:
    assert vendor_row(dict(GOOD)) == VendorRow(
        id=1,
        line_id=9001,
        contract_id=7001,
        starts_on=MAY,
        ends_on=date(2026, 5, 31),
        units=11,
        price=Decimal("254.10"),
        cost=None,
        approved=True,
    )


def test_a_day_is_never_moved_between_zones() -> None:
    for written in ("2026-05-01", "2026-05-01T23:59:59Z", "2026-05-01T00:00:00+14:00"):
        assert vendor_row({**GOOD, "startDate": written}).starts_on == MAY


def test_hidden_amounts_are_unknown_and_not_zero() -> None:
    shown = {name: value for name, value in GOOD.items() if name not in {"price", "cost"}}
    assert (vendor_row(shown).price, vendor_row(shown).cost) == (None, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", None),
        ("id", "1"),
        ("id", True),
        ("id", Decimal("1.0")),
        ("id", 2**64),
        ("contractID", None),
        ("contractServiceID", "x"),
        ("units", None),
        ("units", Decimal("1.5")),
        ("units", [1]),
        ("startDate", None),
        ("startDate", ""),
        ("startDate", "20260501"),
        ("startDate", "2026-W18-5"),
        ("startDate", "2026-13-01"),
        ("startDate", "2026-02-30T00:00:00Z"),
        ("startDate", "2026-05-01<script>"),
        ("startDate", 20260501),
        ("endDate", "٢٠٢٦-05-01"),
        ("price", "254.10"),
        ("price", True),
        ("price", Decimal("1e400")),
        ("price", Decimal("0." + "1" * 60)),
        ("price", Decimal("NaN")),
        ("cost", {}),
        ("approveAndPostDate", 1),
    ],
)
def test_a_wrong_type_is_unclear(field: str, value: object) -> None:
    with pytest.raises(Unclear, match=field):
        vendor_row({**GOOD, field: value})
