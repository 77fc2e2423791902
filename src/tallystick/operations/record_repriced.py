"""Record what a margin rule or a price list makes of one subscription: *Update price margin*.

Applying it and looking at it before both come here, so that a look says what is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from tallystick.connections.policies import PriceDay
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked
from tallystick.operations.repriced import Repriced
from tallystick.operations.update_price import update_price
from tallystick.subscriptions.pricing import benefit_ends_on


def record_repriced(
    one: Repriced,
    *,
    by_list: bool,
    today: date,
    asked: Asked,
    because: Mapping[str, Any] | None = None,
) -> Recorded:
    """A price list counts from its own day, a rule as the connection says. What is held is
    recorded too: whoever calls this has looked at it. Raises as ``update_price``."""
    return update_price(
        subscription_id=one.view.id,
        unit_price=one.unit_price,
        unit_cost=None if one.unit_cost == one.view.unit_cost else one.unit_cost,
        currency=one.price_currency,
        price_from=PriceDay.OWN_DAY if by_list else None,
        effective_on=one.day,
        today=today,
        asked=asked,
        because=because,
        promotion_ends_on=benefit_ends_on(one.price, one.view),
        accept_large_change=True,
    )
