"""One history of changes, sent one by one, in groups or all at once: the same rows in the end."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import TODAY
from harness import Line, World
from tallystick.connections.policies import BackDated
from tallystick.kit.problem import InvalidInput

# What, how many or how much, and how many days later than the one before.
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("quantity"), st.integers(1, 30), st.integers(0, 12)),
        st.tuples(st.just("price"), st.integers(1000, 2000), st.integers(0, 12)),
    ),
    min_size=1,
    max_size=7,
)


def recorded(line: Line, change: tuple[str, int, int], on: date) -> None:
    kind, number, _ = change
    try:
        if kind == "quantity":
            line.quantity(number, on)
        else:
            line.price(f"{Decimal(number) / 100}", on)
    except InvalidInput:
        pass  # already so: nothing to record


def rows(line: Line) -> list[tuple[Any, ...]]:
    """What Autotask shows, neighbours that show the same as one."""
    found: list[tuple[Any, ...]] = []
    for row in line.world.simulator.rows(line.line_id):
        rate = Decimal(str(row["price"])) / row["units"]
        if found and found[-1][1:] == (row["units"], rate):
            continue
        found.append((row["startDate"], row["units"], rate))
    return found


@settings(max_examples=6, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES, groups=st.lists(st.booleans(), min_size=7, max_size=7))
def test_the_same_rows_however_it_was_split(
    world: World, changes: list[tuple[str, int, int]], groups: list[bool]
) -> None:
    world.simulator.set_knobs(same_day="add", reprice_scope="all_later_rows")
    world.policy(back_dated=BackDated.MOVE)
    days, on = [], TODAY
    for change in changes:
        on += timedelta(days=change[2])
        days.append(on)
    ends = []
    for works_after in ([True] * 7, groups, [False] * 7):
        line = world.line(units=10)
        for change, day, works in zip(changes, days, works_after, strict=False):
            recorded(line, change, day)
            if works:
                world.work()
        world.work()
        assert line.badge == "synced", line.cause
        last = line.units(date(2026, 12, 31))
        assert last is not None
        assert sum(line.changes()) == last - 10
        assert world.sweep().different == 0
        ends.append(rows(line))
    assert ends[0] == ends[1] == ends[2]
