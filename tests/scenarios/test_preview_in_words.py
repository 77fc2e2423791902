"""What a form says before anything is recorded, in the words of the trade."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from factories import TODAY, sibling
from harness import Line, World
from tallystick.bootstrap import glance
from tallystick.bootstrap.preview import Ahead, look_ahead
from tallystick.bootstrap.preview_words import (
    ELSEWHERE,
    NOT_MAPPED,
    Said,
    in_sentences,
    nothing_sent,
    posted_in_words,
)
from tallystick.connections.policies import PostedQuantity, PriceDay
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.update_price import update_price
from tallystick.sync.estimate import Bill

SPACE = "\N{NO-BREAK SPACE}"


def plain(text: str) -> str:
    return text.replace(SPACE, " ")


def ahead_of(line: Line, *, quantity: int, on: date = TODAY) -> Ahead:
    return look_ahead(
        lambda asked: change_quantity(
            subscription_id=line.subscription_id,
            quantity=quantity,
            effective_on=on,
            today=TODAY,
            asked=asked,
        ),
        line.subscription_id,
        asked=line.world.tenancy.asked(),
        billing=line.world.engine.billing,
    )


def said(line: Line, *, quantity: int, on: date = TODAY) -> Said:
    return in_sentences(ahead_of(line, quantity=quantity, on=on))[0]


def said_of_price(line: Line, price: str, *, cost: str | None = None, on: date = TODAY) -> Said:
    found = look_ahead(
        lambda asked: update_price(
            subscription_id=line.subscription_id,
            unit_price=price,
            unit_cost=cost,
            effective_on=on,
            today=TODAY,
            asked=asked,
        ),
        line.subscription_id,
        asked=line.world.tenancy.asked(),
        billing=line.world.engine.billing,
    )
    return in_sentences(found)[0]


def test_the_truth_line(world: World) -> None:
    line = world.line(units=10)
    world.simulator.approve_and_post(line.contract_id, date(2026, 4, 30))
    found = said(line, quantity=12, on=date(2026, 5, 3))
    assert plain(found.lead) == (
        "You asked for 3 May 2026. March and April are posted, May is open: Autotask will get "
        "+2 units from 3 May 2026."
    )
    # 29 of May's 31 days of 2 x 15.20, then both in full.
    assert plain(found.estimate) == (
        "This period about +28.44 EUR (29 of 31 days), next +30.40 EUR."
    )
    assert (found.moves, found.calls, found.warnings, found.waits) == ([], [], [], False)
    assert found.notes == [
        "An adjustment cannot be deleted in Autotask; it is reversed by an opposite one."
    ]


def test_a_price_in_a_posted_period_names_the_day_and_the_gap(world: World) -> None:
    line = world.line(units=10)
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    found = said_of_price(line, "16.40", on=date(2026, 5, 20))
    assert plain(found.lead) == (
        "You asked for 20 May 2026. March, April and May are posted, June is open: Autotask will "
        "get unit price 16.40 EUR and unit cost 12.10 EUR from 1 Jun 2026."
    )
    # 12 of 31 days of 10 x 1.20.
    [gap] = found.warnings
    assert plain(gap) == (
        "The 12 days until 1 Jun 2026 are billed as they were: about 4.65 EUR less than with the "
        "change (estimate). If that is not meant, record a one-off charge with it."
    )
    assert found.moves[-1] == (
        "Moved to 1 Jun 2026: the billing period of 1 May 2026 is approved and posted."
    )
    assert plain(found.estimate) == "June 2026 about +12.00 EUR, July 2026 +12.00 EUR."


def test_fewer_units_left_to_the_next_period_stay_billed(world: World) -> None:
    world.policy(posted_quantity=PostedQuantity.NEXT_PERIOD)
    line = world.line(units=10)
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    [gap] = said(line, quantity=8, on=date(2026, 5, 31)).warnings
    assert plain(gap) == (
        "The 1 day until 1 Jun 2026 is billed as it was: about 0.98 EUR more than with the change "
        "(estimate). If that is not meant, add a one-off credit to the contract in Autotask."
    )


def test_units_in_a_posted_period_are_billed_with_the_next_invoice(world: World) -> None:
    line = world.line(units=10)
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    found = said(line, quantity=12)
    assert "+2 units from 10 May 2026" in found.lead
    assert found.warnings == [
        "May 2026 is posted: Autotask bills the difference with the next invoice."
    ]


def test_several_adjustments_stand_one_a_line(world: World) -> None:
    world.policy(price_day=PriceDay.OWN_DAY)
    line = world.line(units=10)
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    line.price("16.40", TODAY)
    # Both for one day: units may change in a posted period, the price waits for the open one.
    found = said(line, quantity=12)
    assert found.lead.endswith(
        "Autotask will get 2 adjustments, each proved before the next is sent."
    )
    assert [plain(call) for call in found.calls] == [
        "+2 units from 10 May 2026",
        "unit price 16.40 EUR and unit cost 12.10 EUR from 1 Jun 2026",
    ]
    assert found.warnings[0] == (
        "1 operation waits already: sent before it, or with it for the same day."
    )


def test_a_rate_of_four_decimals_and_a_move_to_the_periods_start(world: World) -> None:
    line = world.line(units=10)
    found = said_of_price(line, "16.40", cost="13.1055")
    assert plain(found.lead).endswith(
        "Autotask will get unit price 16.40 EUR and unit cost 13.1055 EUR from 1 May 2026."
    )
    assert found.moves == [
        "Moved from 10 May 2026 to 1 May 2026, the start of what it is billed with."
    ]


def test_what_stands_stopped_before_it_comes_first(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse")
    line.quantity(12)
    world.work()
    assert line.badge == "out_of_sync"
    found = said(line, quantity=8, on=date(2026, 5, 12))
    assert found.lead == (
        "You asked for 12 May 2026. It waits until operation 3 is out of the way. Then Autotask "
        "will get \N{MINUS SIGN}4 units from 12 May 2026."
    )
    assert (found.waits, found.warnings) == (True, [])
    assert "\N{MINUS SIGN}60.80" in found.estimate


def test_held_waiting_and_already_so(world: World) -> None:
    line = world.line(units=10)
    found = said(line, quantity=12, on=date(2027, 3, 1))
    assert found.waits
    assert "It will be recorded, and is not sent yet. Not sent: the date 1 Mar 2027" in found.lead
    assert (found.estimate, found.notes) == ("", [])
    line.hand_edit(12, on=TODAY)
    found = said(line, quantity=12)
    assert found.lead.endswith("Autotask shows it already: nothing will be sent.")
    assert not found.notes


def test_autotask_not_read_and_paused_are_said(world: World) -> None:
    line = world.line(units=10)
    world.simulator.add_fault("html_502", method="POST", path="ContractServiceUnits", times=None)
    world.pause(because="Paused by Ada")
    found = said(line, quantity=11)
    assert "+1 unit from" in found.lead
    assert found.warnings[0].startswith("Autotask was not read: ")
    assert found.warnings[0].endswith("This follows from what was last proved.")
    assert found.warnings[1] == "The connection is paused: Paused by Ada."
    # A price begins before the first day that is expected of the line.
    found = said_of_price(line, "16.40", on=date(2026, 5, 12))
    assert "and unit cost 12.10 EUR from 1 May 2026" in plain(found.lead)
    assert plain(found.estimate) == "This period about +12.00 EUR, next +12.00 EUR."
    world.simulator.clear_faults()


def test_recording_does_not_wait_for_who_looks(world: World) -> None:
    line = world.line(units=10)
    world.simulator.add_fault("slow", method="POST", path="ContractServiceUnits", seconds=4)
    found = []

    def looks() -> None:
        found.append(said(line, quantity=12))
        connection.close()

    looking = threading.Thread(target=looks)
    looking.start()
    line.quantity(11)
    assert looking.is_alive()  # Autotask still owes an answer
    assert line.states()[-1] == "pending"
    looking.join()
    assert "Autotask will get +2 units" in found[0].lead
    assert "1 operation waits already" in found[0].warnings[0]


def test_only_a_few_look_at_once_and_the_others_are_told(world: World) -> None:
    line = world.line(units=10)
    places = [glance._places.acquire(blocking=False) for _ in range(glance.AT_ONCE)]
    try:
        found = said(line, quantity=12)
    finally:
        for _ in places:
            glance._places.release()
    assert "Several people are looking at this moment." in found.warnings[0]
    assert "+2 units" in found.lead


def test_amounts_that_are_not_shown_are_not_guessed(world: World) -> None:
    line = world.line(units=10, unit_price=None)
    found = ahead_of(line, quantity=12)
    hidden = [
        type(bill)(bill.starts_on, bill.until, None, None, False) for bill in found.lanes[0].bills
    ]
    lane = replace(found.lanes[0], bills=hidden)
    [one] = in_sentences(replace(found, lanes=[lane]))
    assert one.estimate.startswith("What is billed is not known: Autotask does not show")
    [one] = in_sentences(replace(found, lanes=[replace(lane, bills=())]))
    assert "have not been read yet" in one.estimate


def test_what_changes_no_bill_is_said(world: World) -> None:
    line = world.line(units=10)
    found = said_of_price(line, "15.20", cost="13.00")
    assert plain(found.lead).endswith("unit cost 13.00 EUR from 1 May 2026.")
    assert found.estimate == "What is billed stays as it is."


def test_not_mapped_and_mapped_by_somebody_else(world: World) -> None:
    of = world.tenancy
    free = of.subscription(quantity=3)
    found = look_ahead(
        lambda asked: cancel(subscription_id=free, effective_on=TODAY, today=TODAY, asked=asked),
        free,
        asked=of.asked(),
        billing=world.engine.billing,
    )
    assert (found.lanes, nothing_sent(found)) == ([], NOT_MAPPED)
    reseller = sibling(of)
    line = world.line(units=10)
    sold = reseller.subscription(quantity=10)
    of.map(sold, world.connection_id, contract_id=line.contract_id, line_id=None)
    found = look_ahead(
        lambda asked: cancel(subscription_id=sold, effective_on=TODAY, today=TODAY, asked=asked),
        sold,
        asked=reseller.asked(),
        billing=world.engine.billing,
    )
    assert (found.lanes, nothing_sent(found)) == ([], ELSEWHERE)


@pytest.mark.parametrize("asked", [PriceDay.NEXT_PERIOD, PriceDay.OWN_DAY])
def test_a_choice_of_the_form_counts(world: World, asked: PriceDay) -> None:
    line = world.line(units=10, starts=date(2026, 1, 1), ends=date(2028, 12, 31), period_type=5)
    found = look_ahead(
        lambda to: update_price(
            subscription_id=line.subscription_id,
            unit_price="16.40",
            price_from=asked,
            effective_on=TODAY,
            today=TODAY,
            asked=to,
        ),
        line.subscription_id,
        asked=world.tenancy.asked(),
        billing=world.engine.billing,
    )
    [one] = in_sentences(found)
    if asked is PriceDay.NEXT_PERIOD:
        assert "from 1 Jan 2027" in one.lead
        assert one.moves == [
            "Moved from 10 May 2026 to the next billing period (1 Jan 2027), by policy."
        ]
        assert "less than with the change" in one.warnings[0]
    else:
        assert "from 10 May 2026" in one.lead
        assert "(236 of 365 days)" in one.estimate


def test_periods_that_are_no_months_are_named_by_their_days() -> None:
    begins = date(2026, 1, 15)
    one = Bill(begins, begins + timedelta(days=31), Decimal(1), True)
    two = Bill(one.until, date(2026, 3, 15), Decimal(1), True)
    assert posted_in_words([one, two], year=2026) == (
        "15 Jan 2026 to 14 Feb 2026 and 15 Feb 2026 to 14 Mar 2026 are posted"
    )
    december = Bill(date(2025, 12, 1), date(2026, 1, 1), Decimal(1), True)
    assert posted_in_words([december], year=2026) == "December 2025 is posted"
