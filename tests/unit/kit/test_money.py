"""What is an amount of money and what is not, and the one rounding place."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.kit.money import parse_amount, parse_percent, round_money

NOT_AMOUNTS = [
    "NaN", "nan", "sNaN", "inf", "-Infinity", "1e3", "1E+2", "1,000", "12,50", "1.000,00", "1 000",
    "1_000", "１２", "٣", "", " ", "-", "+5", ".5", "5.", "--1", "0x10", "12.50 EUR", "€12", "1\n2",
    "-0", "-0.00", "-0.0000", "1.1234567", "0.00001", "1000000000000000000", "1" * 20,
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_AMOUNTS)
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match="“"):
        parse_amount(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("0", "0"), ("12.5", "12.5"), (" 1234.5000 ", "1234.5"), ("-3.25", "-3.25")],
)
def test_read(text: str, amount: str) -> None:
    assert parse_amount(text) == Decimal(amount)
    assert -parse_amount(text).as_tuple().exponent == 4


@pytest.mark.parametrize("text", [*NOT_AMOUNTS, "-1", "12 %%", "%"])
def test_refused_as_a_percentage(text: str) -> None:
    with pytest.raises(ValueError, match="“"):
        parse_percent(text)


@pytest.mark.parametrize(("text", "percent"), [("20", "20"), ("12.5 %", "12.5"), ("0", "0")])
def test_percentages(text: str, percent: str) -> None:
    assert parse_percent(text) == Decimal(percent)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("0.00005", "0.0000"),
        ("0.00015", "0.0002"),
        ("0.00025", "0.0002"),
        ("-0.00001", "0.0000"),
        ("-0.00005", "0.0000"),
        ("1", "1.0000"),
    ],
)
def test_half_to_even_and_never_minus_zero(exact: str, rounded: str) -> None:
    assert str(round_money(Decimal(exact))) == rounded


@given(st.decimals(min_value=-(10**11), max_value=10**11, places=4))
def test_what_was_written_is_read_again(amount: Decimal) -> None:
    if amount == 0:
        amount = abs(amount)
    assert parse_amount(f"{amount:f}") == amount
