"""Included units: so many of a quantity are contained in the contract's price. Pure."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tallystick.connections.included import billed, billed_in_words
from tallystick.sync.first_look import Ours


@pytest.mark.parametrize(
    ("quantity", "included", "number", "words"),
    [
        (12, 0, 12, "12"),
        (12, 2, 10, "12, of which 2 are included: 10 billed"),
        (12, 1, 11, "12, of which 1 is included: 11 billed"),
        (2, 2, 0, "2, of which 2 are included: 0 billed"),
        (1, 5, 0, "1, of which 1 is included: 0 billed"),
    ],
)
def test_never_below_nothing(quantity: int, included: int, number: int, words: str) -> None:
    assert billed(quantity, included) == number
    assert billed_in_words(quantity, included) == words


def test_the_first_look_says_what_is_billed_of_what() -> None:
    price = Decimal("15.20")
    assert Ours(10, price, None, quantity=12, included=2).in_words().endswith("10 billed")
    assert Ours(10, price, None).in_words() == "10"
