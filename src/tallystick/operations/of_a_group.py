"""What one of several subscriptions that a line bills together may not do by itself.

A line has one price: what brings one of them another is refused, unless it is recorded for all
(``for_all``). So is what would take one to another line, or bill it beside the line, until it is
billed apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tallystick.kit.problem import Conflicting
from tallystick.ledger.group import group_of
from tallystick.ledger.kinds import PUT_BACK, OperationKind
from tallystick.subscriptions.models import Subscription

# They need a line of its own, or bill it beside the line.
_ALONE = frozenset(
    {
        OperationKind.CHANGE_OFFER,
        OperationKind.CONTINUE,
        OperationKind.MOVE_TO_RESELLER,
        OperationKind.CONVERT_TRIAL,
        OperationKind.AZURE_AMOUNTS,
    }
)


def refuse_alone(row: Subscription, kind: OperationKind, fields: Mapping[str, Any]) -> None:
    """Raises Conflicting for what one of a group may not do by itself. The row is as it was."""
    if kind in PUT_BACK:
        return
    amounts = ("unit_price", "unit_cost")
    another_price = any(one in fields and fields[one] != getattr(row, one) for one in amounts)
    if kind not in _ALONE and not another_price:
        return
    others = len(group_of(row.pk)) - 1
    if others < 1:
        return
    with_whom = "another subscription" if others == 1 else f"{others} others"
    it_is = f"It is billed on one line together with {with_whom}"
    if kind in _ALONE:
        raise Conflicting(f"{it_is}: bill it apart from them first. Nothing was recorded.")
    raise Conflicting(
        f"{it_is}, and a line has one price. Record the price of all of them with Update price "
        "margin, or bill it apart first. Nothing was recorded."
    )
