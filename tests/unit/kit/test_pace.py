"""So many at once, and then so many a minute: on a clock of the test's own."""

from __future__ import annotations

import pytest

from tallystick.kit import pace
from tallystick.kit.pace import Pace, Paces


class Hand:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def asked(paces: Paces, times: int, **by_name: Pace) -> list[float]:
    return [paces.wait(by_name) for _ in range(times)]


def test_so_many_at_once_and_then_so_many_a_minute() -> None:
    hand = Hand()
    paces, one = Paces(hand), Pace(3, 60)
    assert asked(paces, 5, ada=one) == pytest.approx([0, 0, 0, 1, 1])
    hand.at += 1
    assert asked(paces, 2, ada=one) == pytest.approx([0, 1])
    hand.at += 3600
    assert asked(paces, 4, ada=one) == pytest.approx([0, 0, 0, 1]), "rest is no credit for more"


def test_whoever_asks_steadily_never_waits() -> None:
    hand = Hand()
    paces = Paces(hand)
    for _ in range(1000):
        assert paces.wait({"ada": Pace(1, 60)}) == 0
        hand.at += 1


def test_what_one_may_not_is_counted_nowhere() -> None:
    paces = Paces(Hand())
    few, many = Pace(1, 60), Pace(3, 60)
    assert asked(paces, 9, ada=few, northwind=many) == pytest.approx([0] + [1] * 8)
    assert asked(paces, 3, ben=many, northwind=many) == pytest.approx([0, 0, 1])
    assert asked(paces, 1, cleo=few) == [0], "another organisation waits for nobody"


def test_nothing_a_minute_is_no_limit() -> None:
    paces = Paces(Hand())
    assert asked(paces, 100, ada=Pace(0, 0)) == [0] * 100


def test_who_rested_long_enough_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "KEPT", 5)
    hand = Hand()
    paces = Paces(hand)
    for n in range(6):
        paces.wait({f"old {n}": Pace(10, 60)})
    hand.at += 60
    for n in range(3):
        paces.wait({f"new {n}": Pace(10, 60)})
    assert len(paces._full_at) == 3
