"""A price recorded for a later day, and one of an earlier day that takes its place. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from tallystick.kit.days import in_words
from tallystick.kit.money import at_least_cents
from tallystick.ledger.price_steps import PriceStep

Amounts = tuple[Decimal | None, Decimal | None]
NOW = "What is recorded now"
EARLIER = "A price of an earlier day"


def taken_over(
    later: Sequence[PriceStep], amounts: Amounts, currency: str, *, by: str = NOW
) -> str:
    """What becomes of prices of later days, and what to do; empty when none is another one.

    ``amounts``: price and cost that take their place.
    """
    others = [one for one in later if (one.unit_price, one.unit_cost) != amounts]
    if not others:
        return ""
    has = "; operation ".join(_step(one, amounts, currency) for one in others)
    prices = "price" if len(others) == 1 else "prices"
    return (
        f"Operation {has}. {by} is newer and counts from then on, too: if that is not meant, "
        f"record the later {prices} again afterwards."
    )


def _step(one: PriceStep, amounts: Amounts, currency: str) -> str:
    """``5 (Update price margin) has unit price 16.40 EUR from 1 Jul 2026``."""
    named = zip(("unit price", "unit cost"), (one.unit_price, one.unit_cost), amounts, strict=True)
    has = " and ".join(_differing(named)) or "no price"
    money = f"{has} {currency}".rstrip()
    return f"{one.sequence} ({one.kind.label}) has {money} from {in_words(one.on)}"


def _differing(named: Iterable[tuple[str, Decimal | None, Decimal | None]]) -> Iterable[str]:
    """The price always, the cost where it is another one."""
    for name, amount, other in named:
        if amount is not None and (name == "unit price" or amount != other):
            yield f"{name} {at_least_cents(amount)}"
