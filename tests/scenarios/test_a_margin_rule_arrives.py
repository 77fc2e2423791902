"""A margin rule is applied: every mapped subscription's line has the new price at Autotask."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from checks import check_promises
from factories import TODAY
from harness import Line, World, another_on
from price_desk import by, listed, ruled
from tallystick.bootstrap import prices_ahead
from tallystick.bootstrap.gap_charge import gaps_of
from tallystick.bootstrap.prices_ahead import look_ahead_at_prices
from tallystick.catalog.models import Offer
from tallystick.catalog.price_runs import Choice, RunView, begin_run, left_of
from tallystick.catalog.price_settings import mark_price_lock
from tallystick.catalog.record_promotion import NewPromotion, add_promotion
from tallystick.ledger.models import Operation
from tallystick.operations.apply_prices import apply_part, apply_prices
from tallystick.operations.at_once import Ask
from tallystick.operations.finish import Asked
from tallystick.operations.gaps import CHANGED_MEANWHILE, Gap, Known
from tallystick.operations.look_at_prices import ByList, ByRule, What, look_at_prices, rule_to_apply
from tallystick.subscriptions.models import Subscription

GAPS = Choice.of((), gap_charge=True)
MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)


def billed_at(line: Line, *, since: date) -> set[Decimal]:
    return {
        Decimal(row["price"]) / row["units"]
        for row in line.world.simulator.rows(line.line_id)
        if row["endDate"] > since and row["units"]
    }


def offer_of(line: Line) -> int:
    return Subscription.objects.get(pk=line.subscription_id).offer_id


def listed_lines(world: World, count: int) -> list[Line]:
    """Each on the list for 12.10, sold for 15.20: what the line shows."""
    lines = [world.line(units=10 + place) for place in range(count)]
    for line in lines:
        listed(world.tenancy, offer_of(line), "12.10", None)
    return lines


def applied(world: World, what: What, *excluded: int) -> RunView:
    of = world.tenancy
    run = apply_prices(what, choice=Choice.of(excluded), asked=of.asked())
    world.work()
    return run


def test_a_rule_reaches_every_line_but_the_excluded_one(world: World) -> None:
    first, second, third = listed_lines(world, 3)
    of = world.tenancy
    what = rule_to_apply(of.context, ruled(of, "50"), today=TODAY)
    assert applied(world, what, third.subscription_id).recorded == 2

    for line in (first, second):
        assert line.badge == "synced", line.cause
        # From the start of the billing period, and in every row after it.
        assert billed_at(line, since=MAY) == {Decimal("18.15")}
        assert len(line.effects()) == 1
        check_promises(line)
    assert billed_at(third, since=MAY) == {Decimal("15.20")}

    assert applied(world, what, third.subscription_id).recorded == 0
    assert len(first.effects()) == 1


@pytest.mark.usefixtures("looked_at")
def test_the_look_says_by_row_what_then_arrives(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted, still_open, beyond = listed_lines(world, 3)
    world.simulator.approve_and_post(posted.contract_id, date(2026, 5, 31))
    of = world.tenancy
    what = rule_to_apply(of.context, ruled(of, "50"), today=TODAY)
    monkeypatch.setattr(prices_ahead, "MOST_AT_ONCE", 2)
    rows = look_at_prices(what, of.context).items
    ahead = look_ahead_at_prices(rows, what, asked=of.asked())
    [waits], [goes], nothing = (ahead.of(one) for one in rows)
    assert (waits.asked_on, waits.sent_on, waits.gap) == (TODAY, JUNE, Decimal("20.94"))
    assert waits.posted == "March, April and May are posted, June is open."
    assert "about 20.94" in waits.gap_in_words
    assert (goes.sent_on, goes.posted, goes.gap) == (MAY, "", None)
    assert (list(nothing), ahead.gaps, len(ahead.gaps_in_words)) == ([], 1, 1)
    assert [bool(ahead.why_not(one)) for one in rows] == [False, False, True]
    assert 0 < ahead.calls <= 3, "one for the units of all lines, and where to ask"

    assert applied(world, what).recorded == 3
    for line, row in ((posted, waits), (still_open, goes)):
        [effect] = line.effects()
        assert effect["effective_on"] == f"{row.sent_on}"
    assert beyond.badge == "synced"


def charges(line: Line) -> list[tuple[date, str]]:
    found = Operation.objects.filter(
        subscription_id=line.subscription_id, kind="one_off_charge"
    ).order_by("sequence")
    return [(one.effective_on, one.after["price"]) for one in found]


@pytest.mark.usefixtures("looked_at")
def test_each_gap_is_charged_once_where_that_is_chosen(world: World) -> None:
    posted, still_open = listed_lines(world, 2)
    world.simulator.approve_and_post(posted.contract_id, date(2026, 5, 31))
    of = world.tenancy
    what = rule_to_apply(of.context, ruled(of, "50"), today=TODAY)
    run = begun(world, what)
    asked: dict[str, Any] = {"now": of.clock.now(), "wake": of.wake}

    def overtaken(asks: Sequence[Ask], *, asked: Asked) -> list[tuple[Gap, ...] | str]:
        """While this one looks, another worker does the part."""
        found = gaps_of(asks, asked=asked)
        assert not apply_part(run, now=of.clock.now(), wake=of.wake, gaps=gaps_of)
        return found

    assert not apply_part(run, **asked, gaps=overtaken)
    world.work()
    assert (charges(posted), charges(still_open)) == ([(TODAY, "20.9400")], [])
    assert billed_at(posted, since=JUNE) == {Decimal("18.15")}
    assert (posted.badge, still_open.badge) == ("synced", "synced")
    again = apply_prices(what, choice=GAPS, asked=of.asked(), gaps=gaps_of)
    assert (again.recorded, len(charges(posted))) == (0, 1)


@pytest.mark.usefixtures("looked_at")
def test_a_change_meanwhile_leaves_the_price(world: World) -> None:
    """Its gap was worked out for another quantity."""
    [line] = listed_lines(world, 1)
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    of = world.tenancy
    run = begun(world, rule_to_apply(of.context, ruled(of, "50"), today=TODAY))

    def overtaken(asks: Sequence[Ask], *, asked: Asked) -> list[tuple[Gap, ...] | str]:
        found = gaps_of(asks, asked=asked)
        line.quantity(100)
        return found

    assert not apply_part(run, now=of.clock.now(), wake=of.wake, gaps=overtaken)
    [left] = left_of(of.context, run).items
    assert left.why == CHANGED_MEANWHILE
    assert charges(line) == []


@pytest.mark.usefixtures("looked_at")
def test_the_gap_of_what_would_stop_is_not_known(world: World) -> None:
    [line] = listed_lines(world, 1)
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    line.strike("refuse")
    line.quantity(12)
    line.drive()
    of = world.tenancy
    what = rule_to_apply(of.context, ruled(of, "50"), today=TODAY)
    run = apply_prices(what, choice=GAPS, asked=of.asked(), gaps=gaps_of)
    assert (run.recorded, run.left) == (0, 1)
    [left] = left_of(of.context, run.id).items
    assert left.why == (
        f"Its gap is not known: operation {line.head().sequence} before it is stopped. "
        "Apply it again."
    )


def test_a_gap_that_cannot_be_known_leaves_the_price_with_that_reason(world: World) -> None:
    """Autotask is not there to be read: no price is recorded whose gap nobody could charge."""
    [line] = listed_lines(world, 1)
    of = world.tenancy
    what = rule_to_apply(of.context, ruled(of, "50"), today=TODAY)
    run = apply_prices(what, choice=GAPS, asked=of.asked(), gaps=gaps_of)
    assert (run.recorded, run.left) == (0, 1)
    [left] = left_of(of.context, run.id).items
    assert left.why.startswith("Its gap is not known: Autotask was not read:")
    assert Known("", {}, {}).stands(line.subscription_id) == CHANGED_MEANWHILE


def begun(world: World, what: What) -> int:
    """As a worker finds it: nothing of it done yet."""
    of = world.tenancy
    with transaction.atomic():
        run, _ = begin_run(
            of.context,
            rule_id=what.rule.number if isinstance(what, ByRule) else None,
            counts_on=what.on,
            choice=GAPS,
            to_look_at=2,
            now=of.clock.now(),
            correlation_id="c",
        )
    return run.id


def test_one_line_that_refuses_stops_itself_only(world: World) -> None:
    first, second = listed_lines(world, 2)
    first.strike("refuse", message="The contract is locked.")
    of = world.tenancy
    applied(world, rule_to_apply(of.context, ruled(of, "50"), today=TODAY))
    assert (first.badge, second.badge) == ("out_of_sync", "synced")
    first.sync()
    assert billed_at(first, since=MAY) == {Decimal("18.15")}


def test_a_price_list_is_billed_from_its_own_day(world: World) -> None:
    [line] = listed_lines(world, 1)
    of, offer = world.tenancy, offer_of(line)
    mark_price_lock(offer, locked=False, by=by(of))
    ruled(of, "50")
    assert applied(world, ByList(TODAY)).recorded == 1
    assert line.badge == "synced", line.cause
    assert [one["effective_on"] for one in line.effects()] == [TODAY.isoformat()]
    assert billed_at(line, since=JUNE) == {Decimal("18.15")}
    check_promises(line)


def test_a_quantity_under_a_promotion_brings_its_price(world: World) -> None:
    [line] = listed_lines(world, 1)
    of = world.tenancy
    facts = Offer.objects.get(pk=offer_of(line))
    ruled(of, "50")
    half = NewPromotion(
        "P1", "Half price", facts.product_id, facts.sku_id, date(2026, 1, 1), date(2026, 1, 31),
        percent=Decimal(50),
    )  # fmt: skip
    add_promotion(half, by=by(of))
    line.quantity(12, TODAY)
    world.work()
    assert line.badge == "synced", line.cause
    assert line.units(TODAY) == 12
    assert billed_at(line, since=JUNE) == {Decimal("9.075")}
    check_promises(line)
    line.quantity(13, date(2026, 5, 20))
    world.work()
    assert line.badge == "synced", line.cause
    assert (line.units(date(2026, 5, 20)), billed_at(line, since=JUNE)) == (13, {Decimal("9.075")})


@pytest.mark.usefixtures("looked_at")
def test_the_gap_of_two_that_one_line_bills_is_charged_once(world: World) -> None:
    [line] = listed_lines(world, 1)
    other = another_on(line, quantity=5)
    world.work()
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    of = world.tenancy
    what = rule_to_apply(of.context, ruled(of, "50"), today=TODAY)
    run = apply_prices(what, choice=GAPS, asked=of.asked(), gaps=gaps_of)
    assert (run.recorded, run.left) == (2, 0)
    # Of 15 units: 2.95 more each for 22 of 31 days.
    assert [amount for _, amount in charges(line) + charges(other)] == ["31.4000"]
    world.work()
    assert (line.badge, other.badge) == ("synced", "synced")
    assert billed_at(line, since=MAY) == {Decimal("15.20"), Decimal("18.15")}
