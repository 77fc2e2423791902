"""What the preview says is what is sent, and what it estimates is what Autotask then bills."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from factories import TODAY
from factories import number as a_number
from harness import Line, World
from looking import (
    Record,
    effects,
    lane,
    price,
    quantity,
    the_estimate_is_what_is_billed,
    told,
)
from tallystick.catalog.add_offer import add_offer
from tallystick.catalog.terms import Term
from tallystick.connections.policies import PriceDay, SameDay
from tallystick.identity.people import add_reseller
from tallystick.operations.change_offer import NewOffer, change_offer
from tallystick.operations.move_to_reseller import move_to_reseller
from tallystick.subscriptions.queries import get_subscription

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


def another_offer(line: Line) -> Record:
    """The same product for three years: its line can bill it."""
    of = line.world.tenancy
    held = get_subscription(of.context, line.subscription_id)
    offer_id, _ = add_offer(
        replace(held.offer, term=Term.THREE_YEARS),
        tenant_id=of.tenant_id,
        actor=of.context.actor,
        now=of.clock.now(),
        correlation_id="c",
    )
    to = NewOffer.read(offer_id, quantity=12, unit_price="16.40", unit_cost="13.00")
    return lambda asked: change_offer(
        subscription_id=line.subscription_id, to=to, today=TODAY, asked=asked
    )


def another_reseller(line: Line) -> Record:
    of = line.world.tenancy
    customer = get_subscription(of.context, line.subscription_id).customer.id
    reseller = add_reseller(of.tenant_id, f"Reseller {a_number()}", now=of.clock.now())
    return lambda asked: move_to_reseller(
        customer_id=customer, reseller_id=reseller, today=TODAY, asked=asked
    ).recorded[line.subscription_id]


@pytest.mark.parametrize("act", [another_offer, another_reseller])
def test_what_changes_more_than_a_number_is_said_as_it_is_sent(
    world: World, act: Callable[[Line], Record]
) -> None:
    line = world.line(units=10)
    record = act(line)
    found = told(lane(line, record))
    assert line.effects() == []
    record(world.tenancy.asked())
    world.work()
    assert effects(line) == found
    assert len(found) == 1


def test_looking_ahead_stores_and_sends_nothing(world: World) -> None:
    line = world.line(units=10)
    before = line.states()
    found = lane(line, quantity(line, 12, TODAY))
    assert told(found) == [("2026-05-10", 2, None, None)]
    assert (found.held, found.unread, found.waits_behind) == ("", "", 0)
    assert line.states() == before
    assert line.effects() == []
    # 22 of May's 31 days, and all of June.
    may, june = found.bills
    assert (may.starts_on, may.until, may.difference) == (
        MAY,
        JUNE,
        round(Decimal("30.40") * 22 / 31, 4),
    )
    assert (june.before, june.after) == (Decimal("152.0000"), Decimal("182.4000"))


def test_a_posted_period_names_the_other_day(world: World) -> None:
    line = world.line(units=10)
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    found = lane(line, price(line, "16.40", TODAY))
    assert found.foreseen is not None
    assert (found.foreseen.asked_on, found.foreseen.sent_on) == (TODAY, JUNE)
    assert found.foreseen.moved == (
        "moved from 10 May 2026 to 1 May 2026, the start of what it is billed with",
        "moved to 1 Jun 2026: the billing period of 1 May 2026 is approved and posted",
    )
    assert [bill.posted for bill in found.bills] == [False, False]


def test_what_stands_before_it_is_said(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12, date(2027, 3, 1))
    world.work()
    assert line.badge == "out_of_sync"
    found = lane(line, quantity(line, 13, date(2027, 3, 2)))
    assert found.foreseen is None
    assert found.held.startswith("It waits behind operation 3. Not sent: the date 1 Mar 2027")
    assert (found.waits_behind, found.bills) == (1, ())


def test_why_it_would_stop_is_said(world: World) -> None:
    line = world.line(units=10)
    found = lane(line, quantity(line, 13, date(2027, 3, 2)))
    assert "after the contract's end" in found.held
    assert told(found) == []


def test_an_autotask_that_cannot_be_read_is_no_reason_to_say_nothing(world: World) -> None:
    line = world.line(units=10)
    world.simulator.add_fault("html_502", method="POST", path="ContractServiceUnits", times=None)
    found = lane(line, quantity(line, 12, TODAY))
    assert found.unread
    assert told(found) == [("2026-05-10", 2, None, None)]
    assert found.bills[1].after == Decimal("182.4000")
    world.simulator.clear_faults()


def test_already_so_is_said(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(12, on=TODAY)
    found = lane(line, quantity(line, 12, TODAY))
    assert found.foreseen is not None
    assert found.foreseen.is_already_so


def test_a_line_of_its_own_begins_with_nothing(world: World) -> None:
    line = world.own_line(quantity=10)
    found = lane(line, quantity(line, 12, TODAY + timedelta(days=3)))
    assert told(found) == [("2026-05-13", 2, None, None)]


def test_a_replaced_day_leaves_the_price_of_a_later_one(world: World) -> None:
    """What replaces a day says its rates again, and so sets them on later days: these follow.

    It was taken for an Autotask that replaces unasked ("shows 16 units instead of 16").
    """
    world.simulator.set_knobs(same_day="replace")
    world.policy(same_day=SameDay.REPLACES, price_day=PriceDay.OWN_DAY)
    line = world.line(units=10)
    for record in (quantity(line, 1, TODAY), price(line, "10.00", date(2026, 6, 12))):
        record(world.tenancy.asked())
        world.work()
    before = len(line.effects())
    again = quantity(line, 16, TODAY)
    found = told(lane(line, again))
    again(world.tenancy.asked())
    world.work()
    assert (line.badge, line.cause) == ("synced", "")
    assert effects(line, since=before) == found
    assert [(day, units, paid) for day, units, paid, _ in found] == [
        ("2026-05-10", 6, Decimal("15.2000")),
        ("2026-06-12", 0, Decimal("10.0000")),
    ]


@pytest.mark.parametrize("kind", ["lose_before", "lose_answer", "truncate"])
@pytest.mark.parametrize("call", [1, 2])
def test_what_is_owed_of_later_days_outlives_a_lost_answer(
    world: World, kind: str, call: int
) -> None:
    world.simulator.set_knobs(same_day="replace")
    world.policy(same_day=SameDay.REPLACES, price_day=PriceDay.OWN_DAY)
    line = world.line(units=10)
    for record in (quantity(line, 1, TODAY), price(line, "10.00", date(2026, 6, 12))):
        record(world.tenancy.asked())
        world.work()
    before = len(line.effects())
    line.strike(kind, skip=call - 1)
    quantity(line, 16, TODAY)(world.tenancy.asked())
    for _ in range(4):
        world.work()
        world.wait(700)
    assert (line.badge, line.cause) == ("synced", "")
    assert [one[:3] for one in effects(line, since=before)] == [
        ("2026-05-10", 6, Decimal("15.2000")),
        ("2026-06-12", 0, Decimal("10.0000")),
    ]


def test_a_day_that_was_used_long_ago_is_still_used(world: World) -> None:
    world.simulator.set_knobs(same_day="refuse")
    world.policy(same_day=SameDay.REFUSES, price_day=PriceDay.OWN_DAY)
    line = world.line(units=10)
    for record in (price(line, "10", JUNE), quantity(line, 12, JUNE + timedelta(days=17))):
        record(world.tenancy.asked())
        world.work()
    record = price(line, "11.74", JUNE)
    found = lane(line, record)
    assert "already has a change of this line on 1 Jun 2026" in found.held
    sent = len(line.effects())
    record(world.tenancy.asked())
    world.work()
    assert (line.cause, len(line.effects())) == (found.held, sent)


def test_a_row_that_begins_before_what_is_expected_is_estimated_in_full(world: World) -> None:
    world.simulator.set_knobs(split_row_amount="prorated")
    line = world.line(units=10)
    for to, days in ((16, 11), (27, 13)):
        record = quantity(line, to, TODAY + timedelta(days=days))
        found = lane(line, record)
        record(world.tenancy.asked())
        world.work()
        the_estimate_is_what_is_billed(line, found)


def test_rows_before_what_is_expected_are_estimated_in_full_too(world: World) -> None:
    world.simulator.set_knobs(split_row_amount="prorated", same_day="add")
    world.policy(price_day=PriceDay.OWN_DAY, same_day=SameDay.ADDS)
    line = world.line(units=10)
    for record in (quantity(line, 1, TODAY), quantity(line, 2, TODAY), price(line, "10", TODAY)):
        found = lane(line, record)
        record(world.tenancy.asked())
        world.work()
        the_estimate_is_what_is_billed(line, found)
    found = lane(line, quantity(line, 7, TODAY + timedelta(days=3)))
    quantity(line, 7, TODAY + timedelta(days=3))(world.tenancy.asked())
    world.work()
    the_estimate_is_what_is_billed(line, found)
