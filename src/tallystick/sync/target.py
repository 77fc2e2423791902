"""What a batch of operations wants Autotask to show: pure.

Targets, never deltas: an operation stores the value after it, and the signed change is made in
one place (``plan``), at the last moment, from what was just observed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, assert_never

from tallystick.connections.policies import CancelRule
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.state import State


@dataclass(frozen=True, slots=True)
class Due:
    """An unsettled delivery with its operation, as the engine thinks about it."""

    delivery_id: int
    operation_id: int
    sequence: int
    kind: OperationKind
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    state: State
    effective_on: date
    recorded_at: datetime
    actor: str
    tries: int
    retry_at: datetime | None
    cause_code: str
    attempt_id: int | None
    accepted_units: int | None


@dataclass(frozen=True, slots=True)
class Target:
    """Units and rates a line must show from a day on; a None rate is left as it is."""

    units: int
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "units": self.units,
            "unit_price": _text(self.unit_price),
            "unit_cost": _text(self.unit_cost),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Target:
        return cls(data["units"], _amount(data["unit_price"]), _amount(data["unit_cost"]))


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _amount(text: Any) -> Decimal | None:
    return None if text is None else Decimal(str(text))


def batch_of(due: Sequence[Due]) -> Sequence[Due]:
    """The head and what travels in the same call: the waiting ones of the same day behind it.

    What is sent again after it was proved not to have landed travels with the same companions,
    so that it is the same call, byte for byte.
    """
    head = due[0]
    if head.cause_code == NOT_LANDED and head.attempt_id is not None:
        return [one for one in due if one.attempt_id == head.attempt_id]
    batch = []
    for one in due:
        if one.state is not State.PENDING or one.effective_on != head.effective_on:
            break
        batch.append(one)
    return batch


NOT_LANDED = "not_landed"


def target_of(batch: Sequence[Due], *, units_now: int | None, cancel_rule: CancelRule) -> Target:
    """The last value wins. ``units_now`` is what the line has, for what leaves units alone."""
    target = Target(units=units_now or 0)
    for one in batch:
        match one.kind:
            case OperationKind.UPDATE_QUANTITY:
                target = replace(target, units=int(one.after["quantity"]))
            case OperationKind.MAP | OperationKind.PURCHASE | OperationKind.CONTINUE:
                target = Target(
                    units=int(one.after["quantity"]),
                    unit_price=_amount(one.after.get("unit_price")),
                    unit_cost=_amount(one.after.get("unit_cost")),
                )
            case OperationKind.CANCEL | OperationKind.END:
                if cancel_rule is CancelRule.UNITS_ZERO:
                    target = replace(target, units=0)
                else:
                    target = replace(target, unit_price=Decimal(0))
            case _:
                assert_never(one.kind)
    return target
