"""The sweep: many lines a call; what differs is drift; nothing is concluded from what failed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import ceil
from typing import Any

import pytest

from harness import World
from tallystick.connections.trouble import BillingError, Rejected
from tallystick.ledger.drifts import days_of
from tallystick.mappings.models import SubscriptionMapping
from tallystick.subscriptions.models import Subscription
from tallystick.sync import verify as room
from tallystick.sync.port import Billing, Line, UnitRow
from tallystick.sync.verify import Swept, verify


@dataclass
class Meanwhile:
    """Passes readings on, and lets something happen while they are under way."""

    behind: Billing
    does: Any = None
    asked: list[int] = field(default_factory=list)

    def observe(
        self, lines: Collection[Line], *, since: date, until: date | None = None
    ) -> Mapping[Line, tuple[UnitRow, ...]]:
        self.asked.append(len(lines))
        found = self.behind.observe(lines, since=since, until=until)
        if self.does is not None:
            self.does()
        return found


def meanwhile(world: World, does: Any = None) -> Meanwhile:
    between = Meanwhile(world.engine.billing(world.connection_id), does)
    world.engine.billing_for = lambda _: between  # type: ignore[assignment,return-value]
    return between


def test_all_lines_of_a_connection_in_one_call(world: World) -> None:
    lines = [world.line(units=10 + n) for n in range(5)]
    lines[3].hand_edit(99)
    between = meanwhile(world)

    assert world.sweep() == Swept(5, 4, 1)
    assert between.asked == [5, 1], "today of all, then all of the one that differs"
    assert [line.badge for line in lines] == ["synced"] * 3 + ["out_of_sync", "synced"]
    assert world.connection().last_swept_at == world.clock.now()


def test_more_lines_than_fit_in_a_call(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LINES_A_CALL", 2)
    for _ in range(5):
        world.line()
    between = meanwhile(world)

    assert world.sweep() == Swept(5, 5, 0)
    assert between.asked == [2, 2, 1]


def test_a_sweep_reads_one_row_of_each_line_and_whole_what_differs(world: World) -> None:
    same, other = world.line(units=10), world.line(units=10)
    other.hand_edit(11, on=date(2026, 6, 1))
    assert world.sweep() == Swept(2, 2, 0), "a later day is seen on its day"
    assert verify(world.engine, world.connection_id, [other.lane_id]) == Swept(1, 0, 1)
    assert [one.differs for one in days_of(other.lane().drift)] == [False, True]
    assert same.badge == "synced"


def test_only_the_asked_lanes_and_that_is_no_sweep_of_the_connection(world: World) -> None:
    one, other = world.line(), world.line()
    other.hand_edit(11)
    assert verify(world.engine, world.connection_id, [one.lane_id]) == Swept(1, 1, 0)
    assert other.badge == "synced"
    assert world.connection().last_swept_at is None


def test_no_lines_no_calls(world: World) -> None:
    before = len(world.simulator.requests())
    assert world.sweep() == Swept(0, 0, 0)
    assert len(world.simulator.requests()) == before


def test_a_line_of_its_own_that_does_not_exist_yet_is_left_alone(world: World) -> None:
    line = world.own_line()
    line.decide("done_by_hand")
    assert world.sweep().looked_at == 0


@pytest.mark.parametrize("kind", ["html_502", "forbidden", "empty_items", "drop_row"])
def test_nothing_is_concluded_from_a_reading_that_failed(world: World, kind: str) -> None:
    world.line()
    world.simulator.add_fault(kind, path="ContractServiceUnits/query")
    with pytest.raises(BillingError):
        world.sweep()
    assert world.connection().last_swept_at is None


def test_work_that_came_meanwhile_decides_itself(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(11)
    meanwhile(world, lambda: line.quantity(12))

    assert world.sweep() == Swept(1, 1, 0)
    assert line.badge == "syncing"
    assert line.lane().drift_units is None


def test_a_line_unmapped_meanwhile_is_not_called_equal(world: World) -> None:
    line = world.line(units=10)
    proved = line.lane().proved_at
    world.tenancy.later(hours=1)

    def unmap() -> None:
        SubscriptionMapping.objects.filter(subscription_id=line.subscription_id).delete()

    meanwhile(world, unmap)
    world.sweep()
    assert line.lane().proved_at == proved
    assert world.sweep().looked_at == 0, "unmapped: nothing to look at"


def test_a_line_moved_to_another_contract_is_refused_not_compared(world: World) -> None:
    line = world.line(units=10)
    other = world.line(units=10)
    SubscriptionMapping.objects.filter(subscription_id=line.subscription_id).update(
        contract_id=other.contract_id
    )
    with pytest.raises(Rejected):
        world.sweep()


def test_a_drift_that_changes_is_followed_and_said_once(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(11)
    world.sweep()
    since = line.lane().drift_since
    line.hand_edit(13)
    world.clock.advance(timedelta(hours=1).total_seconds())
    world.sweep()
    assert (line.lane().drift_units, line.lane().drift_since) == (13, since)


def like(row: Any, others: Iterable[dict[str, object]]) -> list[Any]:
    """As many more of this row, each with what is its own."""
    made = []
    for own in others:
        other = copy(row)
        other.pk = None
        for name, value in own.items():
            setattr(other, name, value)
        made.append(other)
    return list(type(row).objects.bulk_create(made))


def test_a_thousand_and_one_lines_cost_three_calls(world: World) -> None:
    """At most 1.02 x ceil(N / 500) calls, whatever billing periods the contracts still have."""
    number = 1001
    first = world.line(units=10)
    loaded = world.simulator.load(
        lines=[
            {
                "ref": f"l{n}",
                "contract": first.contract_id,
                "service": first.service_id,
                "units": 10,
                "unit_price": "15.20",
                "unit_cost": "12.10",
            }
            for n in range(number - 1)
        ]
    )["refs"]
    mapping = SubscriptionMapping.objects.get(subscription_id=first.subscription_id)
    subscriptions = like(
        Subscription.objects.get(pk=first.subscription_id),
        ({"provider_id": f"many-{first.lane_id}-{n}"} for n in range(number - 1)),
    )
    lanes = like(first.lane(), ({"subscription_id": one.pk} for one in subscriptions))
    like(
        mapping,
        (
            {
                "subscription_id": lane.subscription_id,
                "lane_id": lane.pk,
                "line_id": loaded[f"l{n}"],
            }
            for n, lane in enumerate(lanes)
        ),
    )
    before = len(world.simulator.requests())
    assert world.sweep() == Swept(number, number, 0)
    asked = world.simulator.requests()[before:]
    calls = [one for one in asked if "ContractServiceUnits/query" in one["path"]]
    assert len(calls) <= 1.02 * ceil(number / 500)
    assert len(calls) == 3


def test_the_same_difference_again_is_the_same_fact(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(11)
    world.sweep()
    found = line.lane().drift_id
    world.sweep()
    assert line.lane().drift_id == found


def test_work_that_came_before_it_was_read_whole_decides_itself(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(11)
    between = meanwhile(world)
    between.does = lambda: line.quantity(12) if len(between.asked) > 1 else None
    assert world.sweep() == Swept(1, 1, 0)
    assert line.lane().drift_units is None


def test_unmapped_twice_while_it_was_read_is_said_once(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(11)
    world.sweep()
    kept = SubscriptionMapping.objects.filter(subscription_id=line.subscription_id)

    def unmap() -> None:
        kept.delete()

    meanwhile(world, unmap)
    assert world.sweep() == Swept(1, 0, 1)
    assert line.lane().drift_units == 11
