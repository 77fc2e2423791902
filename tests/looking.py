"""An operation that is looked at before it is recorded: what is told of it, what is then sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from harness import Line
from tallystick.bootstrap.preview import Ahead, LaneAhead, look_ahead
from tallystick.connections.policies import PriceDay
from tallystick.ledger.record import Recorded
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.finish import Asked
from tallystick.operations.reactivate import reactivate
from tallystick.operations.renew import NewPrice, renew
from tallystick.operations.suspend import suspend
from tallystick.operations.update_price import update_price

Record = Callable[[Asked], Recorded]


def quantity(line: Line, to: int, on: date) -> Record:
    return lambda asked: change_quantity(
        subscription_id=line.subscription_id,
        quantity=to,
        effective_on=on,
        today=line.world.tenancy.today(),
        asked=asked,
    )


def price(line: Line, to: str, on: date, *, price_from: PriceDay | None = None) -> Record:
    return lambda asked: update_price(
        subscription_id=line.subscription_id,
        unit_price=to,
        price_from=price_from,
        effective_on=on,
        today=line.world.tenancy.today(),
        asked=asked,
    )


def ends(line: Line, on: date) -> Record:
    return lambda asked: cancel(
        subscription_id=line.subscription_id,
        effective_on=on,
        today=line.world.tenancy.today(),
        asked=asked,
    )


def renewal(line: Line, to: str) -> Record:
    return lambda asked: renew(
        subscription_id=line.subscription_id, price=NewPrice(Decimal(to)), asked=asked
    )


def suspension(line: Line, on: date) -> Record:
    return lambda asked: suspend(
        subscription_id=line.subscription_id,
        effective_on=on,
        today=line.world.tenancy.today(),
        asked=asked,
    )


def reactivation(line: Line, on: date) -> Record:
    return lambda asked: reactivate(
        subscription_id=line.subscription_id,
        effective_on=on,
        today=line.world.tenancy.today(),
        asked=asked,
    )


def ahead(line: Line, record: Record) -> Ahead:
    engine = line.world.engine
    return look_ahead(
        record, line.subscription_id, asked=line.world.tenancy.asked(), billing=engine.billing
    )


def lane(line: Line, record: Record) -> LaneAhead:
    return ahead(line, record).lanes[0]


def told(found: LaneAhead) -> list[tuple[str, int, Decimal | None, Decimal | None]]:
    assert found.foreseen is not None
    return [
        (call.effective_on.isoformat(), call.unit_change, call.unit_price, call.unit_cost)
        for call in found.foreseen.calls
    ]


def effects(line: Line, *, since: int = 0) -> list[tuple[str, int, Any, Any]]:
    return [
        (one["effective_on"], one["unit_change"], one["unit_price"], one["unit_cost"])
        for one in line.effects()[since:]
    ]


def the_estimate_is_what_is_billed(line: Line, found: LaneAhead) -> None:
    """Read the truth of the rows; the vendor's own arithmetic is the simulator's."""
    for bill in found.bills:
        with line.world.simulator.lock:
            rows = [
                row.span
                for row in line.world.simulator.world.lines[line.line_id].rows
                if bill.starts_on <= row.span.period_start < bill.until
            ]
        total, last = Decimal(0), Decimal(0)
        for span in rows:
            amount = span.units * (span.unit_price or Decimal(0))
            share = Decimal((span.period_until - span.starts_on).days) / Decimal(span.period_days)
            total += round((amount - last) * share, 4)
            last = amount
        assert bill.after == pytest.approx(total, abs=Decimal("0.0003"))
