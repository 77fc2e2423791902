"""Terms that end by themselves: the last day counts to its end where the tenant is, and once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from factories import Tenancy, nobody_wakes, number
from harness import World
from tallystick.audit.models import AuditLog
from tallystick.audit.record import Actor
from tallystick.identity.context import Context
from tallystick.identity.people import add_tenant
from tallystick.identity.roles import Role
from tallystick.kit.clock import SteppedClock
from tallystick.kit.problem import InvalidInput
from tallystick.ledger.models import Operation
from tallystick.operations.end import expire
from tallystick.operations.expire_due import expire_due
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.status import EndOfTerm

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
LAST_DAYS = [date(2026, 5, 31), date(2028, 2, 29), date(2026, 3, 28), date(2026, 10, 25)]


def tenant_in(zone: str, now: datetime) -> Tenancy:
    tenant_id = add_tenant(f"Tenant {number()}", time_zone=zone, now=now)
    actor = Actor(ref=f"user/{tenant_id}", name="Ada Admin")
    context = Context(tenant_id, None, Role.ADMINISTRATOR, actor)
    return Tenancy(tenant_id, context, clock=SteppedClock(now))


def ends_with(of: Tenancy, last_day: date, then: EndOfTerm = EndOfTerm.CANCEL) -> int:
    found = of.subscription(quantity=10, commitment_ends_on=last_day)
    Subscription.objects.filter(pk=found).update(end_of_term=then.value)
    return found


def ended(subscription_id: int) -> list[Operation]:
    return list(Operation.objects.filter(subscription_id=subscription_id, kind="expire"))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("last_day", LAST_DAYS)
def test_the_last_day_counts_to_its_end(db: None, zone: str, last_day: date) -> None:
    midnight = datetime.combine(
        last_day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone)
    ).astimezone(UTC)
    of = tenant_in(zone, midnight - timedelta(days=1))
    ends, renews, extends = (
        ends_with(of, last_day, then)
        for then in (EndOfTerm.CANCEL, EndOfTerm.RENEW, EndOfTerm.EXTEND)
    )
    for before in (timedelta(hours=26), timedelta(hours=1), timedelta(microseconds=1)):
        expire_due(now=midnight - before, wake=nobody_wakes)
        assert ended(ends) == [], before

    expire_due(now=midnight, wake=nobody_wakes)
    for later in (timedelta(0), timedelta(hours=1), timedelta(days=3)):
        expire_due(now=midnight + later, wake=nobody_wakes)

    [operation] = ended(ends)
    assert operation.effective_on == last_day + timedelta(days=1)
    assert operation.recorded_at == midnight
    row = Subscription.objects.get(pk=ends)
    assert (row.status, row.quantity) == ("expired", 0)
    found = AuditLog.objects.filter(subscription_id=ends, event="subscription.expire")
    assert [one.summary for one in found] == [f"Its term ended on {in_words(last_day)}"]
    for other in (renews, extends):
        assert ended(other) == []
        assert Subscription.objects.get(pk=other).status == "active"


def in_words(day: date) -> str:
    return f"{day.day} {day:%b} {day.year}"


@pytest.mark.parametrize("contract_ends", [date(2026, 12, 31), date(2026, 5, 31)])
def test_no_units_from_the_day_after(world: World, contract_ends: date) -> None:
    line = world.line(units=10, ends=contract_ends, commitment_ends_on=date(2026, 5, 31))
    Subscription.objects.filter(pk=line.subscription_id).update(end_of_term="cancel")
    now = datetime(2026, 6, 1, tzinfo=UTC)
    world.clock.advance((now - world.clock.now()).total_seconds())
    assert expire_due(now=now, wake=nobody_wakes) >= 1
    world.work()
    assert line.badge == "synced", line.cause
    assert line.units(date(2026, 5, 31)) == 10
    assert not line.units(date(2026, 6, 1))
    assert world.sweep().different == 0


def test_what_was_renewed_meanwhile_goes_on(db: None) -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    of = tenant_in("UTC", now)
    renewed, changed = ends_with(of, date(2027, 5, 31)), ends_with(of, date(2026, 5, 31))
    Subscription.objects.filter(pk=changed).update(end_of_term="renew")
    for subscription_id in (renewed, changed):
        with pytest.raises(InvalidInput):
            expire(subscription_id=subscription_id, today=now.date(), asked=of.asked())
        assert ended(subscription_id) == []


def test_a_suspended_one_ends_too(db: None) -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    of = tenant_in("UTC", now)
    ends = ends_with(of, date(2026, 5, 31))
    Subscription.objects.filter(pk=ends).update(status="suspended")
    expire_due(now=now, wake=nobody_wakes)
    assert len(ended(ends)) == 1
