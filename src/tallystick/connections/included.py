"""Included units: so many of a quantity are contained in the contract's price. Pure."""

from __future__ import annotations

MOST = 100_000


def billed(quantity: int, included: int) -> int:
    """What is billed of a quantity; never below 0."""
    return max(0, quantity - included)


def billed_in_words(quantity: int, included: int) -> str:
    """``12``, or ``12, of which 2 are included: 10 billed``."""
    if included == 0:
        return str(quantity)
    within = min(included, quantity)
    verb = "is" if within == 1 else "are"
    return f"{quantity}, of which {within} {verb} included: {billed(quantity, included)} billed"
