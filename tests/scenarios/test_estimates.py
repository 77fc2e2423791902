"""What a preview says this and the next period will come to, worked out by hand, and billed.

Each row is a contract, what was changed before, and a change that is looked at. Its two numbers are
written down here, must be what the preview estimates, and must be what the simulator bills when
both periods are approved and posted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from checks import check_promises
from factories import TODAY
from harness import Line, World
from tallystick.bootstrap.preview import look_ahead
from tallystick.connections.policies import ChangeDay, PostedQuantity
from tallystick.ledger.record import Recorded
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.finish import Asked
from tallystick.operations.suspend import suspend
from tallystick.operations.update_price import update_price

MONTHLY, YEARLY = 2, 5
YEAR_END = date(2026, 12, 31)
Act = Callable[..., Recorded]


def quantity(to: int, on: date) -> tuple[Act, dict[str, Any]]:
    return change_quantity, {"quantity": to, "effective_on": on}


def price(to: str, on: date) -> tuple[Act, dict[str, Any]]:
    return update_price, {"unit_price": to, "effective_on": on}


@dataclass(frozen=True)
class Row:
    """``bills``: this period's and the next one's, in the price currency."""

    change: tuple[Act, dict[str, Any]]
    bills: tuple[str, str]
    before: tuple[tuple[Act, dict[str, Any]], ...] = ()
    starts: date = date(2026, 1, 1)
    ends: date = YEAR_END
    period: int = MONTHLY
    unit_price: str = "15.20"
    posted_up_to: date | None = None
    policies: Mapping[str, Any] = field(default_factory=dict)
    now: date = TODAY


ROWS = {
    # 152 + 2 x 15.20 x 22/31
    "more units, in a month": Row(quantity(12, TODAY), ("173.5742", "182.40")),
    # 152 - 2 x 15.20 x 22/31
    "fewer units, in a month": Row(quantity(8, TODAY), ("130.4258", "121.60")),
    "fewer units, left to the next period": Row(
        quantity(8, TODAY), ("152.00", "121.60"), policies={"decrease_day": ChangeDay.NEXT_PERIOD}
    ),
    # 15 April to 14 May has 30 days, 5 are left
    "a contract from the 15th": Row(
        quantity(12, TODAY), ("157.0667", "182.40"), starts=date(2026, 1, 15)
    ),
    # 30 April to 30 May has 31 days, 21 are left
    "a contract from the 31st": Row(
        quantity(12, TODAY), ("172.5935", "182.40"), starts=date(2026, 1, 31)
    ),
    # 31 January to 28 February 2028 has 29 days, 9 are left; the next one begins on the 29th
    "February of a leap year": Row(
        quantity(12, date(2028, 2, 20)),
        ("161.4345", "182.40"),
        starts=date(2028, 1, 31),
        ends=date(2028, 12, 30),
        now=date(2028, 2, 20),
    ),
    # 1824 + 2 x 182.40 x 158/365: its year begins on 15 October, not with the subscription
    "a yearly contract off the anniversary": Row(
        quantity(12, TODAY),
        ("1981.9134", "2188.80"),
        starts=date(2025, 10, 15),
        ends=date(2027, 10, 14),
        period=YEARLY,
        unit_price="182.40",
    ),
    # 10 x 16 + 2 x 16 x 29/31 + 3 x 16 x 24/31
    "a price, in a period in which units changed twice": Row(
        price("16.00", TODAY),
        ("227.0968", "240.00"),
        before=(quantity(12, date(2026, 5, 3)), quantity(15, date(2026, 5, 8))),
    ),
    "a price, in a posted period": Row(
        price("16.00", TODAY), ("152.00", "160.00"), posted_up_to=date(2026, 5, 31)
    ),
    # 152 was billed; 2 x 15.20 x 22/31 is billed besides
    "units, in a posted period": Row(
        quantity(12, TODAY), ("173.5742", "182.40"), posted_up_to=date(2026, 5, 31)
    ),
    "units, in a posted period, left to the next": Row(
        quantity(12, TODAY),
        ("152.00", "182.40"),
        posted_up_to=date(2026, 5, 31),
        policies={"posted_quantity": PostedQuantity.NEXT_PERIOD},
    ),
    # 152 - 152 x 22/31
    "a cancellation": Row((cancel, {"effective_on": TODAY}), ("44.1290", "0.00")),
    "a suspension of what the vendor goes on billing": Row(
        (suspend, {"effective_on": TODAY}), ("152.00", "152.00")
    ),
    # 4 x 3.3333 = 13.3332; 13.3332 + 3 x 3.3333 x 22/31
    "four decimals": Row(
        quantity(7, TODAY),
        ("20.4298", "23.3331"),
        unit_price="3.3333",
        before=(quantity(4, date(2026, 5, 1)),),
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_an_estimate_is_what_is_billed(world: World, row: Row) -> None:
    world.clock.jump(datetime(row.now.year, row.now.month, row.now.day, 9, tzinfo=UTC) - START)
    world.policy(**row.policies)
    line = world.line(
        units=10,
        unit_price=row.unit_price,
        starts=row.starts,
        ends=row.ends,
        period_type=row.period,
    )
    for act, how in row.before:
        record(line, act, how)(world.tenancy.asked())
        world.work()
    if row.posted_up_to is not None:
        world.simulator.approve_and_post(line.contract_id, row.posted_up_to)

    ahead = record(line, *row.change)
    found = look_ahead(
        ahead, line.subscription_id, asked=world.tenancy.asked(), billing=world.engine.billing
    )
    estimates = {bill.starts_on: bill.after for lane in found.lanes for bill in lane.bills}
    ahead(world.tenancy.asked())
    world.work()

    assert line.badge == "synced", line.cause
    check_promises(line)
    amounts = billed(line, row)
    assert list(amounts.values()) == pytest.approx(
        [Decimal(one) for one in row.bills], abs=Decimal("0.0003")
    )
    shown = [one for one in amounts if one in estimates]
    assert shown or nothing_is_sent(line)
    for starts in shown:
        assert estimates[starts] == pytest.approx(amounts[starts], abs=Decimal("0.0003"))


START = datetime(2026, 5, 10, 9, tzinfo=UTC)


def record(line: Line, act: Act, how: dict[str, Any]) -> Callable[[Asked], Recorded]:
    return lambda asked: act(
        subscription_id=line.subscription_id,
        today=line.world.tenancy.today(),
        asked=asked,
        **how,
    )


def nothing_is_sent(line: Line) -> bool:
    return line.deliveries()[-1].state == "not_applicable"


def billed(line: Line, row: Row) -> dict[date, Decimal]:
    """What is billed of the period of the day, and of the next one, when both are posted."""
    with line.world.simulator.lock:
        spans = [one.span for one in line.world.simulator.world.lines[line.line_id].rows]
    starts = sorted({span.period_start for span in spans})
    this = max(one for one in starts if one <= row.now)
    following = starts[starts.index(this) + 1]
    after = next((one for one in starts if one > following), row.ends + timedelta(days=1))
    line.world.simulator.approve_and_post(line.contract_id, after - timedelta(days=1))
    with line.world.simulator.lock:
        items = line.world.simulator.world.table("BillingItems").having(
            "contractServiceID", line.line_id
        )
    return {
        first: sum(
            (Decimal(item["extendedPrice"]) for item in items if first <= item["itemDate"] < until),
            Decimal(0),
        )
        for first, until in ((this, following), (following, after))
    }
