"""What we write is the same bytes for the same facts; what we read is exact or nothing."""

from __future__ import annotations

import contextlib
import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.connections.trouble import Unclear
from tallystick.connectors.autotask.adjustments import (
    adjustment_body,
    new_line_body,
)
from tallystick.connectors.autotask.bodies import decode, encode, exact_money
from tallystick.sync.port import Adjustment, Line, NewLine

LINE = Line(contract_id=7001, line_id=9001)


def test_the_exact_text_of_an_adjustment() -> None:
    adjustment = Adjustment(
        line=LINE,
        effective_on=date(2026, 5, 3),
        unit_change=-2,
        unit_price=Decimal("12.5"),
        unit_cost=Decimal("9.99995E+0").quantize(Decimal("0.0001")),
    )
    assert encode(adjustment_body(adjustment)) == (
        b'{"contractID":7001,"contractServiceID":9001,"effectiveDate":"2026-05-03",'
        b'"unitChange":-2,"adjustedUnitPrice":12.5000,"adjustedUnitCost":10.0000}'
    )


def test_a_repricing_has_a_change_of_0() -> None:
    adjustment = Adjustment(LINE, date(2026, 5, 3), 0, unit_price=Decimal(0))
    body = adjustment_body(adjustment)
    assert (body["unitChange"], body["adjustedUnitPrice"]) == (0, Decimal("0.0000"))
    assert "adjustedUnitCost" not in body


@pytest.mark.parametrize(
    "adjustment",
    [
        Adjustment(LINE, date(2026, 5, 3), 0),
        Adjustment(LINE, date(2026, 5, 3), 2**31),
        Adjustment(LINE, date(2026, 5, 3), 1, unit_price=Decimal("0.00001")),
        Adjustment(LINE, date(2026, 5, 3), 1, unit_price=Decimal("NaN")),
        Adjustment(LINE, date(2026, 5, 3), 1, unit_cost=Decimal("Infinity")),
        Adjustment(LINE, date(2026, 5, 3), 1, unit_cost=Decimal("1e18")),
    ],
)
def test_what_autotask_could_not_hold_is_not_written(adjustment: Adjustment) -> None:
    with pytest.raises(ValueError):
        adjustment_body(adjustment)


@pytest.mark.parametrize("reference", ["", "  ", "x" * 101, "a\nb", "a\x00b"])
def test_an_unusable_reference_is_not_written(reference: str) -> None:
    with pytest.raises(ValueError, match="reference"):
        new_line_body(NewLine(contract_id=1, service_id=2, reference=reference))


AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=4)


@given(AMOUNTS)
def test_equal_amounts_are_equal_bytes_however_they_were_stored(amount: Decimal) -> None:
    assert encode(amount) == encode(amount.normalize()) == encode(Decimal(f"{amount:f}00"))
    assert json.loads(encode(amount), parse_float=Decimal) == amount
    assert b"E" not in encode(amount) and encode(amount) != b"-0.0000"


def test_money_is_never_rounded_silently() -> None:
    with pytest.raises(ValueError, match="decimals"):
        exact_money(Decimal("1.00005"))
    assert encode(Decimal("-0")) == b"0.0000"


def test_texts_are_written_in_plain_ascii() -> None:
    assert encode({"name": "Zürich “x”\n"}) == b'{"name":"Z\\u00fcrich \\u201cx\\u201d\\n"}'


def test_amounts_are_read_exactly() -> None:
    assert decode(b'{"price": 386.6450}')["price"] == Decimal("386.6450")
    assert decode(b'{"price": 1e400}')["price"] == Decimal("1e400")


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_unclear(body: bytes) -> None:
    with contextlib.suppress(Unclear):
        assert isinstance(decode(body), dict)
