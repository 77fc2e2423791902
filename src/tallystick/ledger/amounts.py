"""Amounts that are billed by themselves, and the portions they are billed in. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tallystick.kit.days import add_months
from tallystick.ledger.kinds import Carrier, OperationKind


@dataclass(frozen=True, slots=True)
class KeptPortion:
    """``compared``: a charge that is looked at; what is gone and accepted is not."""

    lane_id: int
    about: str
    carrier: Carrier
    price: Decimal
    cost: Decimal | None
    day: date
    reference: str
    contract_id: int | None
    charge_id: int | None
    compared: bool


@dataclass(frozen=True, slots=True)
class SeenCharge:
    """A charge of ours that is not as expected: what was seen; None: it was not there."""

    reference: str
    price: Decimal | None
    cost: Decimal | None


def about_of(kind: OperationKind, sequence: int, after: Mapping[str, Any]) -> str:
    """What an amount is about: ``2026-05``, or ``operation:87``."""
    if kind is OperationKind.AZURE_AMOUNTS:
        return str(after["month"])
    return f"operation:{sequence}"


def first_of(month: str) -> date:
    """``2026-05`` as its first day."""
    return date.fromisoformat(f"{month}-01")


def last_of(month: str) -> date:
    return add_months(first_of(month), 1) - timedelta(days=1)


def billed_so_far(portions: Sequence[KeptPortion]) -> tuple[Decimal, Decimal]:
    """Price and cost; a cost that was not said is 0."""
    return (
        sum((one.price for one in portions), Decimal(0)),
        sum((one.cost or Decimal(0) for one in portions), Decimal(0)),
    )
