"""Small values for the pure decisions of the engine."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tallystick.connections.policies import BackDated, CancelRule, SameDay, SameDayPolicy
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.profile import Step
from tallystick.ledger.state import State
from tallystick.sync.port import Line, UnitRow
from tallystick.sync.rules import Expected, Rules
from tallystick.sync.target import Due

NOW = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
DAY = date(2026, 5, 10)
LINE = Line(contract_id=1, line_id=2)


def due(quantity: int = 12, **more: Any) -> Due:
    """An unsettled change of the quantity, the first of its lane unless said otherwise."""
    values: dict[str, Any] = {
        "delivery_id": 1,
        "operation_id": 1,
        "sequence": 1,
        "kind": OperationKind.UPDATE_QUANTITY,
        "before": {"quantity": 10},
        "after": {"quantity": quantity},
        "state": State.PENDING,
        "effective_on": DAY,
        "recorded_at": NOW,
        "actor": "Ada",
        "tries": 0,
        "retry_at": None,
        "cause_code": "",
        "attempt_id": None,
        "accepted_units": None,
    }
    return Due(**{**values, **more})


def row(
    units: int = 10,
    *,
    starts: date = date(2026, 5, 1),
    until: date = date(2026, 6, 1),
    price: str | None = "152.00",
    cost: str | None = None,
    approved: bool = False,
) -> UnitRow:
    def amount(text: str | None) -> Decimal | None:
        return None if text is None else Decimal(text)

    return UnitRow(starts, until, units, amount(price), amount(cost), approved)


def expected(
    units: int | None = 10,
    *,
    price: str | None = "15.20",
    cost: str | None = None,
    since: date | None = None,
) -> Expected:
    unit_price = None if price is None else Decimal(price)
    unit_cost = None if cost is None else Decimal(cost)
    steps = () if units is None else (Step(since or DAY, None, units, unit_price, unit_cost),)
    return Expected(units, unit_price, unit_cost, since, since, steps)


def rules(**more: Any) -> Rules:
    values: dict[str, Any] = {
        "same_day": SameDay.UNKNOWN,
        "same_day_policy": SameDayPolicy.HOLD,
        "back_dated": BackDated.HOLD,
        "cancel_rule": CancelRule.UNITS_ZERO,
    }
    return Rules(**{**values, **more})
