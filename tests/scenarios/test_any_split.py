"""One history of changes, sent one by one, in groups or all at once: the same rows in the end."""

from __future__ import annotations

import os
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factories import TODAY
from harness import Line, World
from tallystick.catalog.terms import OfferKind
from tallystick.connections.policies import BackDated, PriceDay, SameDay, SuspendRule
from tallystick.kit.problem import InvalidInput
from tallystick.operations.reactivate import reactivate
from tallystick.operations.suspend import suspend
from tallystick.sync.verify import verify

# What Autotask makes of a second change on a day, and what is known of that.
SAME_DAY = {"add": SameDay.ADDS, "replace": SameDay.REPLACES, "refuse": SameDay.REFUSES}
LATER = st.integers(0, 12)
# What, how many or how much, and how many days later than the one before.
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("quantity"), st.integers(1, 30), LATER),
        st.tuples(st.just("price"), st.integers(1000, 2000), LATER),
        st.tuples(st.just("suspend"), st.just(0), LATER),
        st.tuples(st.just("reactivate"), st.just(0), LATER),
    ),
    min_size=1,
    max_size=7,
)


def recorded(line: Line, change: tuple[str, int, int], on: date) -> None:
    kind, number, _ = change
    of = line.world.tenancy
    it: dict[str, Any] = {"subscription_id": line.subscription_id, "today": TODAY}
    try:
        match kind:
            case "quantity":
                line.quantity(number, on)
            case "price":
                line.price(f"{Decimal(number) / 100}", on)
            case "suspend":
                suspend(**it, effective_on=on, asked=of.asked())
            case "reactivate":
                reactivate(**it, effective_on=on, asked=of.asked())
            case _:
                line.cancel(on)
    except InvalidInput:
        pass  # already so, or suspended: nothing to record


def rows(line: Line) -> list[tuple[date, int, Decimal | None]]:
    """What Autotask bills by, neighbours that are the same as one. Nothing has no price."""
    with line.world.simulator.lock:
        spans = [row.span for row in line.world.simulator.world.lines[line.line_id].rows]
    found: list[tuple[date, int, Decimal | None]] = []
    for span in spans:
        rate = span.unit_price if span.units else None
        if found and found[-1][1:] == (span.units, rate):
            continue
        found.append((span.starts_on, span.units, rate))
    return found


@settings(
    max_examples=int(os.environ.get("TALLYSTICK_SPLIT_EXAMPLES", "10")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    same_day=st.sampled_from(list(SAME_DAY)),
    reprice_scope=st.sampled_from(["all_later_rows", "that_row"]),
    amount=st.sampled_from(["full", "prorated"]),
    rule=st.sampled_from(list(SuspendRule)),
    changes=CHANGES,
    cancelled=st.none() | LATER,
    groups=st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_the_same_rows_however_it_was_split(
    world: World,
    same_day: str,
    reprice_scope: str,
    amount: str,
    rule: SuspendRule,
    changes: list[tuple[str, int, int]],
    cancelled: int | None,
    groups: list[bool],
) -> None:
    world.calls_enough()
    world.simulator.set_knobs(
        same_day=same_day, reprice_scope=reprice_scope, split_row_amount=amount
    )
    world.policy(back_dated=BackDated.MOVE, same_day=SAME_DAY[same_day], suspend_other=rule)
    # Where a second change on a day is refused it waits for the next day, unless both went out as
    # one: then the split is seen. So there each has a day of its own.
    at_least = 1 if same_day == "refuse" else 0
    world.policy(price_day=PriceDay.OWN_DAY if at_least else PriceDay.PERIOD_START)
    if cancelled is not None:
        changes = [*changes, ("cancel", 0, cancelled)]
    days, on = [], TODAY
    for change in changes:
        on += timedelta(days=max(at_least, change[2]))
        days.append(on)
    # A price that is repeated in every later row uses up the first days of periods.
    may_stop = same_day == "refuse" and reprice_scope == "that_row"
    ends = []
    for works_after in ([True] * 8, groups, [False] * 8):
        line = world.line(units=10, kind=OfferKind.LEGACY_LICENCE)
        for change, day, works in zip(changes, days, works_after, strict=False):
            recorded(line, change, day)
            if works:
                world.work()
        world.work()
        ends.append((rows(line), stopped(line) if may_stop else ""))
        if ends[-1][1]:
            continue
        assert line.badge == "synced", (line.cause, changes, same_day, reprice_scope, rule)
        last = line.units(date(2026, 12, 31))
        assert last is not None
        if same_day != "replace":  # there a second change says what the whole day comes to
            assert sum(line.changes()) == last - 10
        assert verify(world.engine, world.connection_id, [line.lane_id]).different == 0
    assert ends[0] == ends[1] == ends[2]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_second_price_finds_the_first_day_of_the_next_period_used(
    world: World, *, at_once: bool
) -> None:
    """The tenant re-prices one row a call and refuses a second change of a day: a price needs the
    first day of every later period. The second one is sent for its own day and stops at the next
    period, however it was split; it is never green with the rows behind it at the old price."""
    world.simulator.set_knobs(same_day="refuse", reprice_scope="that_row")
    world.policy(same_day=SameDay.REFUSES, price_day=PriceDay.OWN_DAY)
    line = world.line(units=10, kind=OfferKind.LEGACY_LICENCE)
    for price, day in ((1200, date(2026, 5, 15)), (1300, date(2026, 5, 20))):
        recorded(line, ("price", price, 0), day)
        if not at_once:
            world.work()
    world.work()
    assert line.states()[1:] == ["synced", "conflict"]
    assert "already has a change of this line on 1 Jun 2026" in stopped(line)
    assert rows(line)[-2:] == [
        (date(2026, 5, 20), 10, Decimal("13.0000")),
        (date(2026, 6, 1), 10, Decimal("12.0000")),
    ]


def stopped(line: Line) -> str:
    """Where a day that is used up stopped it; empty when it is synced."""
    if line.badge == "synced":
        return ""
    head = line.head()
    assert head.cause_code in {"price_same_day", "same_day"}, line.cause
    return f"{head.sequence}: {line.cause}"
