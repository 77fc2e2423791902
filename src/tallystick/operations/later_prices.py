"""A price recorded for a later day, and one of an earlier day that takes its place. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tallystick.kit.days import in_words
from tallystick.kit.money import at_least_cents
from tallystick.ledger.price_steps import PriceStep

Amounts = tuple[Decimal | None, Decimal | None]


def taken_over(later: Sequence[PriceStep], amounts: Amounts, currency: str) -> str:
    """What becomes of prices of later days, and what to do; empty when none is another one.

    ``amounts``: price and cost that take their place.
    """
    others = [one for one in later if (one.unit_price, one.unit_cost) != amounts]
    if not others:
        return ""
    has = "; operation ".join(
        f"{one.sequence} ({one.kind.label}) has {_step(one, amounts[1], currency)}"
        for one in others
    )
    prices = "price" if len(others) == 1 else "prices"
    return (
        f"Operation {has}. What is recorded now is newer and counts from then on, too: if that is "
        f"not meant, record the later {prices} again afterwards."
    )


def to_come(later: Sequence[PriceStep], unit_cost: Decimal | None, currency: str) -> str:
    """The same before anything is typed; ``unit_cost`` as it is then."""
    if not later:
        return ""
    has = "; ".join(
        f"{_step(one, unit_cost, currency)} (operation {one.sequence})" for one in later
    )
    its = "its place" if len(later) == 1 else "their place"
    return f"Recorded for later: {has}. A price of an earlier day takes {its}."


def _step(one: PriceStep, unit_cost: Decimal | None, currency: str) -> str:
    """``unit price 16.40 EUR from 1 Jul 2026``; its cost where that is another one."""
    parts = [] if one.unit_price is None else [f"unit price {at_least_cents(one.unit_price)}"]
    if one.unit_cost not in {None, unit_cost}:
        parts.append(f"unit cost {at_least_cents(one.unit_cost or Decimal(0))}")
    money = f"{' and '.join(parts) or 'no price'} {currency}".rstrip()
    return f"{money} from {in_words(one.on)}"
