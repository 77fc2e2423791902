"""Update price margin: from the start of the billing period, in every row, whatever the units."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from checks import check_promises
from factories import TODAY
from harness import Line, World
from tallystick.connections.policies import (
    ChangeDay,
    PostedQuantity,
    PriceDay,
    SameDay,
    SameDayPolicy,
)
from tallystick.ledger.models import Delivery

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)


def rates(line: Line, *, since: date = MAY) -> set[Decimal]:
    """The unit price of every row at Autotask from that day on."""
    return {
        Decimal(row["price"]) / row["units"]
        for row in line.world.simulator.rows(line.line_id)
        if row["endDate"] > since and row["units"]
    }


def billed(line: Line, up_to: date) -> Decimal:
    """What Autotask bills for everything up to that day."""
    simulator = line.world.simulator
    items = simulator.approve_and_post(line.contract_id, up_to)
    with simulator.lock:
        found = [simulator.world.find("BillingItems", item) for item in items]
    return sum((Decimal(str(one["totalAmount"])) for one in found if one), Decimal(0))


def sent(line: Line) -> list[tuple[str, int, Decimal | None]]:
    return [
        (effect["effective_on"], effect["unit_change"], effect["unit_price"])
        for effect in line.effects()
    ]


@pytest.mark.parametrize("scope", ["all_later_rows", "that_row"])
@pytest.mark.parametrize("amount", ["full", "prorated"])
def test_in_a_period_in_which_units_changed_twice(world: World, scope: str, amount: str) -> None:
    # Row by row means a second change on the days on which the units changed.
    same_day = "add" if scope == "that_row" else "refuse"
    world.simulator.set_knobs(reprice_scope=scope, split_row_amount=amount, same_day=same_day)
    line = world.line(units=10, unit_price="15.20")
    line.quantity(12, date(2026, 5, 4))
    line.quantity(9, date(2026, 5, 8))
    world.work()
    line.price("16.40", TODAY)
    world.work()

    assert line.badge == "synced", line.cause
    if amount == "full":
        assert rates(line) == {Decimal("16.40")}
    assert line.units(date(2026, 5, 5)) == 12
    assert line.units(TODAY) == 9
    # Every day of May at the new price: 10 for 3 days, 12 for 4, 9 for the other 24.
    price = Decimal("16.40")
    april = 4 * 10 * Decimal("15.20")
    may = 10 * price + round(2 * price * 28 / 31, 4) - round(3 * price * 24 / 31, 4)
    assert billed(line, date(2026, 5, 31)) == april + may
    assert world.sweep().different == 0
    check_promises(line)
    audited = line.deliveries()[-1]
    assert audited.effective_on == MAY
    assert audited.moved_because == (
        "moved from 10 May 2026 to 1 May 2026, the start of what it is billed with"
    )


def test_row_by_row_where_a_day_is_used_up(world: World) -> None:
    world.simulator.set_knobs(reprice_scope="that_row", same_day="refuse")
    line = world.line(units=10)
    line.quantity(12, date(2026, 5, 4))
    world.work()
    line.price("16.40", TODAY)
    world.work()
    assert line.badge == "out_of_sync"
    assert "already has a change of this line on 4 May 2026" in line.cause
    assert [day for day, _, _ in sent(line)] == ["2026-05-04", "2026-05-01"]

    line.decide("next_period")
    world.work()
    assert line.badge == "synced", line.cause
    assert rates(line, since=JUNE) == {Decimal("16.40")}
    check_promises(line)


def test_a_change_of_units_may_follow_inside_the_period(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12, date(2026, 5, 4))
    line.price("16.40", TODAY)
    line.quantity(13, date(2026, 5, 6))
    world.work()

    assert line.badge == "synced", line.cause
    assert [day for day, _, _ in sent(line)] == ["2026-05-04", "2026-05-01", "2026-05-06"]
    assert rates(line) == {Decimal("16.40")}
    assert line.units(TODAY) == 13


def test_a_period_that_is_posted_keeps_its_price(world: World) -> None:
    line = world.line(units=10)
    world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
    line.price("16.40", TODAY)
    world.work()

    assert line.badge == "synced", line.cause
    assert sent(line) == [("2026-06-01", 0, Decimal("16.4000"))]
    moved = line.deliveries()[-1].moved_because
    assert moved == "moved to 1 Jun 2026: the billing period of 1 May 2026 is approved and posted"
    assert rates(line, since=JUNE) == {Decimal("16.40")}
    # Until June it is expected to show the old one.
    assert world.sweep().different == 0
    world.clock.advance(40 * 86_400)
    assert world.sweep().different == 0


def test_everything_posted_is_said(world: World) -> None:
    line = world.line(units=10)
    world.simulator.approve_and_post(line.contract_id, date(2026, 12, 31))
    line.price("16.40", TODAY)
    world.work()
    assert line.badge == "out_of_sync"
    assert "already approved and posted" in line.cause
    assert line.effects() == []


@pytest.mark.parametrize(
    ("policy", "asked", "day"),
    [
        (PriceDay.PERIOD_START, None, "2026-05-01"),
        (PriceDay.OWN_DAY, None, "2026-05-10"),
        (PriceDay.NEXT_PERIOD, None, "2026-06-01"),
        (PriceDay.PERIOD_START, PriceDay.OWN_DAY, "2026-05-10"),
        (PriceDay.OWN_DAY, PriceDay.NEXT_PERIOD, "2026-06-01"),
    ],
)
def test_the_policy_says_from_when_unless_the_form_did(
    world: World, policy: PriceDay, asked: PriceDay | None, day: str
) -> None:
    world.policy(price_day=policy)
    line = world.line(units=10)
    line.price("16.40", TODAY, price_from=asked)
    world.work()
    assert line.badge == "synced", line.cause
    assert [on for on, _, _ in sent(line)] == [day]


def test_a_yearly_contract_is_not_repriced_before_our_first_day(world: World) -> None:
    line = world.line(
        units=10, starts=date(2026, 1, 1), ends=date(2027, 12, 31), period_type=5, settled=False
    )
    Delivery.objects.filter(lane_id=line.lane_id).update(effective_on=date(2026, 3, 1))
    world.work()
    line.price("16.40", TODAY)
    world.work()
    assert line.badge == "synced", line.cause
    assert [on for on, _, _ in sent(line)][-1] == "2026-03-01"


def test_a_day_that_is_used_up_offers_the_next_period(world: World) -> None:
    world.simulator.set_knobs(first_day_of_period="refuse")
    line = world.line(units=10)
    line.price("16.40", TODAY)
    line.quantity(11, date(2026, 5, 12))
    world.work()
    assert line.badge == "out_of_sync"
    assert "next billing period" in line.cause
    assert line.effects() == []

    line.decide("next_period")
    world.simulator.set_knobs(first_day_of_period="allow")
    world.work()
    assert line.badge == "synced", line.cause
    assert sent(line) == [("2026-06-01", 0, Decimal("16.4000")), ("2026-05-12", 1, None)]
    assert rates(line, since=JUNE) == {Decimal("16.40")}
    assert rates(line, since=MAY) == {Decimal("15.20"), Decimal("16.40")}


def test_a_price_that_came_with_units_is_not_offered_the_next_period(world: World) -> None:
    """It would be refused: the operation speaks of units, too."""
    world.simulator.set_knobs(same_day="refuse")
    world.policy(same_day=SameDay.REFUSES, price_day=PriceDay.OWN_DAY)
    line = world.line(units=10)
    line.quantity(11)
    world.work()
    line.quantity(12)
    line.quantity(11)
    line.price("16.40", TODAY)
    world.work()
    assert line.badge == "out_of_sync"
    assert "so the price cannot begin there. The operations behind it wait. Set it" in line.cause
    assert sent(line) == [("2026-05-10", 1, None)]
    with pytest.raises(Exception, match="Only a price"):
        line.decide("next_period")


def test_only_a_price_can_be_left_to_the_next_period(world: World) -> None:
    line = world.line(units=10)
    line.strike("refuse", message="The contract is locked.")
    line.quantity(12)
    world.work()
    with pytest.raises(Exception, match="Only a price"):
        line.decide("next_period")


def test_the_last_period_has_no_next_one(world: World) -> None:
    line = world.line(units=10, ends=date(2026, 5, 31))
    line.strike("refuse", message="The contract is locked.")
    line.price("16.40")
    world.work()
    assert line.badge == "out_of_sync"
    with pytest.raises(Exception, match="no later billing period"):
        line.decide("next_period")
    assert line.states()[-1] == "failed"
    line.decide("push_ours")
    world.work()
    assert line.badge == "synced", line.cause


def test_quantity_and_price_of_one_day_travel_together(world: World) -> None:
    line = world.line(units=10)
    line.quantity(12, JUNE)
    line.price("16.40", JUNE)
    world.work()
    assert line.badge == "synced", line.cause
    assert sent(line) == [("2026-06-01", 2, Decimal("16.4000"))]
    assert rates(line, since=JUNE) == {Decimal("16.40")}
    check_promises(line)


def test_a_price_in_another_currency_is_not_sent(world: World) -> None:
    line = world.line(units=10, unit_price=None)
    line.price("16.40", TODAY, currency="USD")
    world.work()
    assert line.badge == "synced", "the cost is in the connection's currency and as it was"
    assert line.effects() == []


@pytest.mark.parametrize("kind", ["lose_answer", "html_502", "error_500_no_errors", "apply_late"])
def test_a_lost_answer_is_looked_at(world: World, kind: str) -> None:
    line = world.line(units=10)
    line.strike(kind, **({} if kind in {"lose_answer", "apply_late"} else {"applied": True}))
    line.price("16.40", TODAY)
    world.work()
    world.simulator.release()
    world.wait(61)
    assert line.badge == "synced", line.cause
    assert len(line.effects()) == 1
    check_promises(line)


def test_a_hand_edited_price_is_a_conflict_and_pushing_ours_sets_every_row(world: World) -> None:
    line = world.line(units=10)
    line.hand_edit(price="99.00", on=TODAY)
    line.price("16.40", TODAY)
    world.work()
    assert line.badge == "out_of_sync"
    assert "15.20" in line.cause
    line.decide("push_ours")
    world.work()
    assert line.badge == "synced", line.cause
    assert rates(line) == {Decimal("16.40")}


class TestTheDayOfAQuantity:
    """Each policy in words; the sum of what is sent is the same, the days are not."""

    @pytest.mark.parametrize(
        ("quantity", "policy", "day"),
        [
            (12, {"increase_day": ChangeDay.OWN_DAY}, "2026-05-10"),
            (12, {"increase_day": ChangeDay.PERIOD_START}, "2026-05-01"),
            (12, {"increase_day": ChangeDay.NEXT_PERIOD}, "2026-06-01"),
            (12, {"decrease_day": ChangeDay.NEXT_PERIOD}, "2026-05-10"),
            (8, {"decrease_day": ChangeDay.NEXT_PERIOD}, "2026-06-01"),
            (8, {"increase_day": ChangeDay.NEXT_PERIOD}, "2026-05-10"),
        ],
    )
    def test_of_more_and_of_fewer(
        self, world: World, quantity: int, policy: dict[str, Any], day: str
    ) -> None:
        world.policy(**policy)
        line = world.line(units=10)
        line.quantity(quantity, TODAY)
        world.work()
        assert line.badge == "synced", line.cause
        assert [(on, change) for on, change, _ in sent(line)] == [(day, quantity - 10)]

    def test_never_before_the_last_proved_change(self, world: World) -> None:
        world.policy(increase_day=ChangeDay.PERIOD_START)
        line = world.line(units=10)
        line.quantity(8, date(2026, 5, 6))
        line.quantity(12, TODAY)
        world.policy(same_day_policy=SameDayPolicy.NEXT_DAY)
        world.work()
        assert line.badge == "synced", line.cause
        assert [on for on, _, _ in sent(line)] == ["2026-05-06", "2026-05-07"]

    @pytest.mark.parametrize(
        ("policy", "day"),
        [(PostedQuantity.OWN_DAY, "2026-05-10"), (PostedQuantity.NEXT_PERIOD, "2026-06-01")],
    )
    def test_in_a_posted_period(self, world: World, policy: PostedQuantity, day: str) -> None:
        world.policy(posted_quantity=policy)
        line = world.line(units=10)
        world.simulator.approve_and_post(line.contract_id, date(2026, 5, 31))
        line.quantity(12, TODAY)
        world.work()
        assert line.badge == "synced", line.cause
        assert [on for on, _, _ in sent(line)] == [day]
        assert line.deliveries()[-1].effective_on == date.fromisoformat(day)
