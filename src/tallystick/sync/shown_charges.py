"""Charges as they were read: compared with what is expected, and as evidence. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tallystick.ledger.amounts import KeptPortion, SeenCharge
from tallystick.ledger.profile import amount_as_text
from tallystick.sync.charge_port import ShownCharge
from tallystick.sync.compare import shows_as

# By our reference.
Shown = Mapping[str, Sequence[ShownCharge]]


def is_as_kept(shown: Sequence[ShownCharge], kept: KeptPortion) -> bool:
    """Exactly one, on its contract, with its amounts; an amount that is not shown is not judged
    of a cost, and is a difference of a price."""
    return (
        len(shown) == 1
        and shown[0].contract_id == kept.contract_id
        and shown[0].price is not None
        and shows_as(shown[0].price, kept.price)
        and (kept.cost is None or shown[0].cost is None or shows_as(shown[0].cost, kept.cost))
    )


def seen_of(shown: Sequence[ShownCharge], kept: KeptPortion) -> SeenCharge:
    """What was seen instead; several are seen as their sum."""
    ours = [one for one in shown if one.contract_id == kept.contract_id]
    if not ours:
        return SeenCharge(kept.reference, None, None)
    costs = [one.cost for one in ours if one.cost is not None]
    return SeenCharge(
        kept.reference,
        sum((one.price or Decimal(0) for one in ours), Decimal(0)),
        sum(costs, Decimal(0)) if costs else None,
    )


def charges_as_json(shown: Shown) -> list[dict[str, Any]]:
    """As evidence: days and amounts as text."""
    return [charge_as_json(one) for reference in sorted(shown) for one in shown[reference]]


def charge_as_json(one: ShownCharge) -> dict[str, Any]:
    return {
        "charge_id": one.charge_id,
        "contract_id": one.contract_id,
        "reference": one.reference,
        "day": one.day.isoformat(),
        "price": amount_as_text(one.price),
        "cost": amount_as_text(one.cost),
        "billed": one.billed,
    }
