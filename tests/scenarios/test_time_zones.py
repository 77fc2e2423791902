"""Whose calendar a day is of: the tenant's when recorded, the connection's when sent."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from factories import tenancy
from harness import World
from tallystick.bootstrap.desk import Desk
from tallystick.connections.models import Connection
from tallystick.identity.models import Tenant
from tallystick.kit.clock import SteppedClock, day_begins
from tallystick.ledger.models import Lane
from tallystick.ledger.record import Begins, open_lane
from tallystick.operations.change_quantity import change_quantity
from tallystick.sync.load import load

# UTC-11, -8, -3, 0, +1 with summer time, +5:30, +10, +13, +14.
ZONES = [
    "Pacific/Pago_Pago",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Australia/Brisbane",
    "Pacific/Tongatapu",
    "Pacific/Kiritimati",
]
# Before each the day ends: a month's end, 29 February, and the nights on which clocks change.
DAYS = [date(2026, 6, 1), date(2028, 3, 1), date(2026, 3, 29), date(2026, 10, 26)]


@pytest.mark.parametrize("zone", ZONES)
def test_today_is_the_tenants_when_no_day_is_said(db: None, zone: str) -> None:
    of = tenancy()
    Tenant.objects.filter(pk=of.tenant_id).update(time_zone=zone)
    for day in DAYS:
        midnight = day_begins(day, zone).astimezone(UTC)
        for moment, here in (
            (midnight - timedelta(microseconds=1), day - timedelta(days=1)),
            (midnight, day),
        ):
            assert Desk(clock=SteppedClock(moment)).today(of.context) == here


@pytest.mark.parametrize("zone", ZONES)
def test_the_engines_today_is_the_connections(world: World, zone: str) -> None:
    line = world.line(units=10)
    Connection.objects.filter(pk=world.connection_id).update(time_zone=zone)
    for day in DAYS:
        midnight = day_begins(day, zone).astimezone(UTC)
        assert load(line.lane(), now=midnight).today == day
        before = load(line.lane(), now=midnight - timedelta(microseconds=1)).today
        assert before == day - timedelta(days=1)


@pytest.mark.parametrize("zone", ZONES)
def test_what_begins_on_a_day_begins_with_it_there(world: World, zone: str) -> None:
    of = world.tenancy
    subscription_id = of.subscription(quantity=10)
    day = date(2026, 3, 29)
    begins = day_begins(day, zone)
    lane_id = open_lane(
        tenant_id=of.tenant_id,
        subscription_id=subscription_id,
        connection_id=world.connection_id,
        now=of.clock.now(),
        begins=Begins(day, begins),
    )
    of.clock = SteppedClock(datetime(2026, 3, 1, 9, tzinfo=UTC))
    operation = of.quantity(subscription_id, 12, date(2026, 3, 20))
    [delivery] = Lane.objects.get(pk=lane_id).delivery_set.filter(operation_id=operation)
    assert delivery.effective_on == day
    assert delivery.retry_at == begins
    assert delivery.retry_at is not None
    assert delivery.retry_at.astimezone(UTC).date() in {day, day - timedelta(days=1)}


# A tenant in Berlin with an Autotask in Brisbane, around both midnights.
@pytest.mark.parametrize(
    ("moment", "recorded_on", "sees"),
    [
        ("2026-05-09T13:59:59+00:00", "2026-05-09", "2026-05-09"),
        ("2026-05-09T14:00:00+00:00", "2026-05-09", "2026-05-10"),
        ("2026-05-09T21:59:59+00:00", "2026-05-09", "2026-05-10"),
        ("2026-05-09T22:00:00+00:00", "2026-05-10", "2026-05-10"),
    ],
)
def test_the_day_that_is_recorded_is_the_day_that_is_sent(
    world: World, moment: str, recorded_on: str, sees: str
) -> None:
    Tenant.objects.filter(pk=world.tenancy.tenant_id).update(time_zone="Europe/Berlin")
    Connection.objects.filter(pk=world.connection_id).update(time_zone="Australia/Brisbane")
    line = world.line(units=10)
    now = datetime.fromisoformat(moment)
    desk = Desk(clock=SteppedClock(now))
    it: dict[str, Any] = {"today": desk.today(world.tenancy.context)}
    change_quantity(
        subscription_id=line.subscription_id, quantity=12, asked=world.tenancy.asked(), **it
    )
    assert load(line.lane(), now=now).today == date.fromisoformat(sees)
    world.work()
    assert line.badge == "synced", line.cause
    assert [one["effective_on"] for one in line.effects()] == [recorded_on]
