"""Bars a browser can draw, and words for whoever does not see them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tallystick.web.plots import HEIGHT, WIDTH, lasted, plot

FIRST = date(2026, 5, 1)


def test_a_bar_for_every_day_with_something_the_largest_as_high_as_the_drawing() -> None:
    days = [FIRST + timedelta(days=n) for n in range(4)]
    values = [(day, value, f"{value}") for day, value in zip(days, (0, 1, 1000, None), strict=True)]
    made = plot("operations", "Operations", values, words="1,001 in all.", top="1000")
    assert [bar.says for bar in made.bars] == ["2 May 2026: 1", "3 May 2026: 1000"]
    small, large = made.bars
    assert float(large.height) == HEIGHT
    assert float(large.y) == 0
    assert float(small.height) >= 2, "what is there is seen"
    assert float(large.x) + float(large.width) <= WIDTH
    assert (made.first, made.last) == ("1 May 2026", "4 May 2026")


def test_nothing_is_no_bar() -> None:
    assert plot("x", "X", [(FIRST, 0, "0")], words="", top="").bars == []
    assert plot("x", "X", [], words="", top="").first == ""


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (None, "—"),
        (timedelta(seconds=8), "8 s"),
        (timedelta(minutes=3), "3 min"),
        (timedelta(hours=2.5), "2.5 h"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_how_long_it_lasted(span: timedelta | None, words: str) -> None:
    assert lasted(span) == words
