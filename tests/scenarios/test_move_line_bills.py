"""What Autotask bills after a move: its billing items, posted before and after, come to the sum
that the days were held at. Amounts by the day of the period, as Autotask prorates."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from harness import Line, World
from moving import LAST, NEXT, Company, carry, company
from tallystick.catalog.terms import BillingCycle, Term
from tallystick.operations.schedule import Plan, schedule
from tallystick.simulator.running import Simulator
from tallystick.subscriptions.status import EndOfTerm


def billed(simulator: Simulator, line_id: int, *, since: date) -> Decimal:
    """The sum of a line's billing items from a day on."""
    with simulator.lock:
        items = simulator.world.table("BillingItems")
        return sum(
            (
                Decimal(str(item["extendedPrice"]))
                for item in items
                if item["contractServiceID"] == line_id and _day(item["itemDate"]) >= since
            ),
            Decimal(0),
        )


def _day(value: object) -> date:
    return date.fromisoformat(str(value)[:10])


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def extended(here: Company) -> int:
    """An annual subscription that goes on month by month from 1 January 2027."""
    one = here.held(annual=True, commitment_ends_on=LAST)
    by_month = here.offer(BillingCycle.MONTHLY, term=Term.MONTH)
    here.remap(here.monthly, by_month, "ms")
    schedule(
        subscription_id=one,
        plan=Plan(then=EndOfTerm.EXTEND),
        today=here.of.today(),
        asked=here.of.asked(),
    )
    return one


def test_an_annual_line_entering_the_extended_service_term(db: None) -> None:
    with company("yl") as here:
        one, refs, simulator = extended(here), here.here.refs, here.here.simulator
        simulator.approve_and_post(refs["yk"], date(2026, 12, 31))
        here.until(NEXT)
        carry(here)
        assert here.badge(one) == "synced", here.cause(one)
        simulator.approve_and_post(refs["yk"], date(2027, 12, 31))
        simulator.approve_and_post(refs["mk"], date(2027, 3, 31))
        year, months = refs["yl"], here.line_of(one)
        assert billed(simulator, year, since=date(2026, 1, 1)) == Decimal("1824.00")
        assert billed(simulator, year, since=NEXT) == 0
        assert billed(simulator, months, since=date(2026, 1, 1)) == 3 * Decimal("152.00")


def test_a_yearly_contract_off_the_anniversary(db: None) -> None:
    """Its year runs from September; what was posted of it is given back by the day."""
    september = date(2026, 9, 1)
    with company("yl", yk="2025-09-01") as here:
        one, refs, simulator = extended(here), here.here.refs, here.here.simulator
        simulator.approve_and_post(refs["yk"], date(2027, 8, 31))
        assert billed(simulator, refs["yl"], since=september) == Decimal("1824.00")
        here.until(NEXT)
        carry(here)
        assert here.badge(one) == "synced", here.cause(one)
        simulator.approve_and_post(refs["yk"], date(2027, 8, 31))
        simulator.approve_and_post(refs["mk"], date(2027, 1, 31))
        held = cents(Decimal(1824) * (NEXT - september).days / 365)
        assert abs(billed(simulator, refs["yl"], since=september) - held) <= Decimal("0.01")
        assert billed(simulator, here.line_of(one), since=NEXT) == Decimal("152.00")


def test_a_margin_in_a_period_in_which_units_changed_twice(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12, date(2026, 5, 5))
    world.work()
    line.quantity(9, date(2026, 5, 20))
    world.work()
    world.clock.advance(timedelta(days=15).total_seconds())
    line.price("16.40", date(2026, 5, 25))
    world.work()
    assert line.badge == "synced", line.cause
    world.simulator.approve_and_post(line.contract_id, date(2026, 6, 30))
    may = cents(Decimal("16.40") * (10 * 4 + 12 * 15 + 9 * 12) / 31)
    june = 9 * Decimal("16.40")
    assert abs(_of(line, date(2026, 5, 1)) - may - june) <= Decimal("0.02")
    assert _of(line, date(2026, 6, 1)) == june
    april = 10 * Decimal("15.20")
    assert _of(line, date(2026, 4, 1)) - _of(line, date(2026, 5, 1)) == april


def _of(line: Line, since: date) -> Decimal:
    return billed(line.world.simulator, line.line_id, since=since)
