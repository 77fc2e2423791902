"""Who sends next: the longest lane first, the others in order, nobody for ever."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack

from harness import eventually
from tallystick.sync.turnstile import Turnstile

LONG = 9


def went(turnstile: Turnstile, waiting_in: dict[int, int], asked: Sequence[int]) -> list[int]:
    """The order in which these lanes were let in, who came in this order while all was taken."""
    order: list[int] = []

    def send(lane: int) -> None:
        with turnstile.place(lane, seconds=60):
            order.append(lane)

    with ExitStack() as turns:
        for lane, count in waiting_in.items():
            turns.enter_context(turnstile.turn(lane))
            turnstile.waits(lane, count)
        with turnstile.place(0, seconds=60):
            threads = []
            for number, lane in enumerate(asked, 1):
                threads.append(threading.Thread(target=send, args=(lane,)))
                threads[-1].start()
                eventually(lambda n=number: len(turnstile._queue) == n, seconds=60)
            assert order == [], "the one place is taken"
        for thread in threads:
            thread.join(60)
    return order


def test_short_lanes_go_in_the_order_in_which_they_came() -> None:
    few = {1: 3, 2: 10, 3: 1}
    assert went(Turnstile(many=10, places=1), few, [3, 1, 2]) == [3, 1, 2]


def test_the_longest_lane_goes_first_and_only_that() -> None:
    asked = {1: 3, 2: 40, LONG: 41, 3: 1}
    assert went(Turnstile(many=10, places=1), asked, [1, 2, LONG, 3]) == [LONG, 1, 2, 3]


def test_of_equal_ones_one_is_the_longest() -> None:
    turnstile = Turnstile(many=10)
    with turnstile.turn(1), turnstile.turn(2):
        turnstile.waits(1, 50)
        turnstile.waits(2, 50)
        assert [turnstile.is_longest(1), turnstile.is_longest(2)] == [True, False]


def test_alone_no_lane_is_the_longest() -> None:
    """Then giving way costs nothing, and there may be nobody to work on the others."""
    turnstile = Turnstile(many=10)
    with turnstile.turn(LONG):
        turnstile.waits(LONG, 500)
        assert not turnstile.is_longest(LONG)
        with turnstile.turn(1):
            assert turnstile.is_longest(LONG)
        assert not turnstile.is_longest(LONG)


def test_nobody_waits_longer_than_he_says() -> None:
    turnstile = Turnstile(many=10, places=1)
    with (
        turnstile.place(1, seconds=0),
        turnstile.place(2, seconds=0),
        turnstile.place(3, seconds=0),
    ):
        assert turnstile._free == -2
    assert turnstile._free == 1, "every place is there again"
    with turnstile.place(4, seconds=0):
        assert turnstile._free == 0
