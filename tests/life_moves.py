"""What moves in a reseller's life: to another line for another cycle, to another reseller and back.

A subscription has several lanes then, one after another; a line that was left must end at 0.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from desk import Desk
from factories import number
from harness import Line
from life import Life, it_now
from tallystick.audit.record import SYSTEM
from tallystick.catalog.add_offer import add_offer
from tallystick.catalog.queries import facts_of
from tallystick.catalog.terms import BillingCycle
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import Conflicting, InvalidInput
from tallystick.ledger.models import Delivery
from tallystick.ledger.state import SETTLED, STOPPED, State
from tallystick.mappings.choose import choose_company, choose_service
from tallystick.mappings.leave import close_left, sync_left
from tallystick.mappings.models import LeftPlace, NextPlace, SubscriptionMapping
from tallystick.operations.change_offer import NewOffer, change_offer
from tallystick.operations.move_to_reseller import move_to_reseller
from tallystick.operations.renew import NewPrice
from tallystick.operations.take_over import due_to_take_over, take_over
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.status import SubscriptionStatus

LIVING = (SubscriptionStatus.ACTIVE.value, SubscriptionStatus.SUSPENDED.value)
AWAY = timedelta(days=14)


# To another line.


def add_movers(life: Life, how_many: int) -> None:
    """Companies with a monthly and a yearly contract, and a service of each for their product."""
    refs = [_company(life) for _ in range(how_many)]
    desk = Desk(life.world.simulator, life.world.tenancy, life.world.connection_id, {})
    desk.read()
    for each in refs:
        life.movers.append(_mover(life, desk, each))
    life.lines += life.movers


def _company(life: Life) -> dict[str, int]:
    n, days = number(), {"start": "2026-01-01", "end": "2028-12-31"}
    month, year = {"unit_price": "15.20", "unit_cost": "12.10"}, {"unit_price": "182.40"}
    loaded = life.world.simulator.load(
        companies=[{"ref": "c", "name": f"Company {n}"}],
        services=[
            {"ref": "ms", "name": f"Monthly {n}", "period_type": 2, **month},
            {"ref": "ys", "name": f"Yearly {n}", "period_type": 5, **year, "unit_cost": "145.20"},
        ],
        contracts=[
            {"ref": ref, "company": "c", "name": f"{ref} {n}", "period_type": period, **days}
            for ref, period in (("mk", 2), ("yk", 5))
        ],
        lines=[{"ref": "ml", "contract": "mk", "service": "ms", "units": 10, **month}],
    )
    refs: dict[str, int] = loaded["refs"]
    return refs


def _mover(life: Life, desk: Desk, refs: dict[str, int]) -> Line:
    of, connection_id = life.world.tenancy, life.world.connection_id
    subscription_id = of.subscription()
    held = Subscription.objects.select_related("offer").get(pk=subscription_id)
    choose_company(held.customer_id, connection_id, refs["c"], by=desk.by())
    choose_service(held.offer_id, connection_id, refs["ms"], by=desk.by())
    choose_service(_other_cycle(held), connection_id, refs["ys"], by=desk.by())
    lane_id = of.map(
        subscription_id,
        connection_id,
        contract_id=refs["mk"],
        line_id=refs["ml"],
        service_id=refs["ms"],
        company_id=refs["c"],
        effective_on=life.today,
    )
    line = Line(life.world, subscription_id, lane_id, refs["mk"], refs["ml"], refs["c"], refs["ms"])
    line.drive()
    assert line.badge == "synced", line.cause
    return line


def _other_cycle(held: Subscription) -> int:
    """The same product by the year, or by the month again."""
    facts = facts_of(held.offer)
    by_month = facts.billing_cycle is BillingCycle.MONTHLY
    return add_offer(
        replace(facts, billing_cycle=BillingCycle.ANNUAL if by_month else BillingCycle.MONTHLY),
        tenant_id=held.tenant_id,
        actor=SYSTEM,
        now=held.created_at,
        correlation_id="c",
    )[0]


def another_cycle(life: Life, _: Line, __: date) -> object:
    line = life.chance.choice(life.movers)
    held = Subscription.objects.select_related("offer").get(pk=line.subscription_id)
    if held.unit_price is None or held.unit_cost is None:
        raise InvalidInput.one("unit_price", "is not known")
    by = Decimal(12) if held.offer.billing_cycle == BillingCycle.MONTHLY.value else Decimal(1) / 12
    price = NewPrice(round(held.unit_price * by, 4), round(held.unit_cost * by, 4))
    to = NewOffer(_other_cycle(held), price)
    return change_offer(**it_now(life, line), to=to, effective_on=life.today)


def take_over_what_is_due(life: Life) -> None:
    """As the periodic task does, as often as something follows; and which line it is on now."""
    now = life.world.clock.now()
    here = NextPlace.objects.filter(connection_id=life.world.connection_id)
    mine = set(here.values_list("pk", flat=True))
    for one in due_to_take_over(now=now):
        if one in mine and not take_over(one, now=now, wake=life.world.tenancy.wake):
            life.world.work()  # the earlier line goes to 0
            take_over(one, now=now, wake=life.world.tenancy.wake)
    for line in list(life.movers):
        mapping = SubscriptionMapping.objects.filter(subscription_id=line.subscription_id).first()
        if mapping is None or mapping.lane_id == line.lane_id or mapping.line_id is None:
            continue
        place = {"contract_id": mapping.contract_id, "line_id": mapping.line_id}
        to = replace(line, lane_id=mapping.lane_id, service_id=mapping.service_id, **place)
        _now_on(life, line, to)
        life.movers[life.movers.index(line)] = to


def _now_on(life: Life, left: Line, to: Line) -> None:
    life.left.append(left)
    life.lines[life.lines.index(left)] = to


# To another reseller.


def another_reseller(life: Life, line: Line, _: date) -> object:
    if line in life.movers or line.lane_id in {plan.line.lane_id for plan in life.plans}:
        raise InvalidInput.one("customer", "stays")
    held = Subscription.objects.get(pk=line.subscription_id)
    moved = move_to_reseller(
        customer_id=held.customer_id,
        reseller_id=life.reseller_id,
        today=life.today,
        asked=life.world.tenancy.asked(),
    )
    life.away[line.subscription_id] = life.today
    return moved


def come_back(life: Life) -> None:
    """Those whose line is at 0, after two weeks: on a contract of their own, with a price again."""
    close_left()
    for line in [one for one in life.lines if one.subscription_id in life.away]:
        held = Subscription.objects.get(pk=line.subscription_id)
        too_soon = life.today < life.away[held.pk] + AWAY
        if (
            too_soon
            or held.status not in LIVING
            or LeftPlace.objects.filter(subscription_id=held.pk)
        ):
            continue
        left_by = Delivery.objects.filter(lane_id=line.lane_id).latest("sequence").sequence
        of = life.world.tenancy
        move_to_reseller(
            customer_id=held.customer_id, reseller_id=None, today=life.today, asked=of.asked()
        )
        of.price(held.pk, "15.20", life.today, unit_cost="12.10", currency="EUR")
        held.refresh_from_db()
        life.unmapped[held.pk] = life.unmapped.get(held.pk, set()) | set(
            range(left_by + 1, held.last_sequence + 1)
        )
        del life.away[held.pk]
        _now_on(life, line, _map_again(life, line))


def _map_again(life: Life, line: Line) -> Line:
    n = number()
    refs = life.world.simulator.load(
        companies=[{"ref": "c", "name": f"Company {n}"}],
        services=[{"ref": "s", "name": f"Service {n}", "unit_price": "1.00", "unit_cost": "1.00"}],
        contracts=[
            {
                "ref": "k",
                "company": "c",
                "name": f"Contract {n}",
                "start": "2026-01-01",
                "end": "2027-12-31",
            }
        ],
        lines=[{"ref": "l", "contract": "k", "service": "s", "units": 1}],
    )["refs"]
    lane_id = life.world.tenancy.map(
        line.subscription_id,
        life.world.connection_id,
        contract_id=refs["k"],
        line_id=refs["l"],
        service_id=refs["s"],
        company_id=refs["c"],
        effective_on=life.today,
    )
    return Line(
        life.world, line.subscription_id, lane_id, refs["k"], refs["l"], refs["c"], refs["s"]
    )


def look_at_left(life: Life) -> None:
    """What stands stopped on its way to 0 is asked again."""
    for line in [*life.left, *(one for one in life.lines if one.subscription_id in life.away)]:
        waits = [one for one in line.deliveries() if State(one.state) not in SETTLED]
        if not waits or State(waits[0].state) not in STOPPED:
            continue
        with suppress(Conflicting):
            sync_left(
                line.lane_id,
                life.world.connection_id,
                context=life.world.tenancy.context,
                now=life.world.clock.now(),
                wake=life.world.tenancy.wake,
                correlation_id=correlation_id(),
            )


WORKERS = (take_over_what_is_due, come_back, look_at_left)
