"""A price that moves by more than a factor 3 is held until a person says that it is right. Pure.

A price for a year that is written as one for a month is 12 times too high; what really changes
moves by less. Imports, margin rules and price lists hold by the same measure.
"""

from __future__ import annotations

from decimal import Decimal

from tallystick.catalog.price_list import moves_too_far
from tallystick.kit.money import at_least_cents
from tallystick.kit.problem import FieldError
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import ACCEPT

_NEEDED, _SAY_SO = "is needed: ", ". Say that it is meant"


def large_change(
    view: SubscriptionView, unit_price: Decimal | None, unit_cost: Decimal | None
) -> str:
    """``unit price 15.20 to 152.00 EUR``; empty when nothing moves that far. None: as it is.

    What a trial costs nothing, and is paid for from then on, has no measure.
    """
    moves = (
        ("unit price", view.unit_price, unit_price, view.price_currency),
        ("unit cost", view.unit_cost, unit_cost, view.cost_currency),
    )
    return " and ".join(
        f"{what} {at_least_cents(before)} to {at_least_cents(after)} {currency}".strip()
        for what, before, after, currency in moves
        if before is not None
        and after is not None
        and moves_too_far(before, after)
        and not (view.is_trial and before == 0)
    )


def check_large_change(
    view: SubscriptionView,
    unit_price: Decimal | None,
    unit_cost: Decimal | None,
    *,
    accepted: bool,
) -> list[FieldError]:
    """What holds it; empty when it may be recorded."""
    return hold_large_change(large_change(view, unit_price, unit_cost), accepted=accepted)


def hold_large_change(words: str, *, accepted: bool) -> list[FieldError]:
    """The same, of what moves in words."""
    if not words or accepted:
        return []
    return [FieldError(ACCEPT, f"{_NEEDED}{words} is more than a factor 3{_SAY_SO}")]


def moves_far_in_words(message: str) -> str:
    """Of such an error: what moves, without what a form asks."""
    return message.removeprefix(_NEEDED).removesuffix(_SAY_SO)
