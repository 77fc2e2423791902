"""How the steps of a price are said. Pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tallystick.catalog.explained import Part, Source
from tallystick.catalog.margins import Made, MarginRule
from tallystick.catalog.price_lock import Commitment, Lock
from tallystick.catalog.promotions import Promotion
from tallystick.kit.days import in_words


def lock_parts(lock: Lock, commitment: Commitment, starts_on: date) -> list[Part]:
    """Nothing is said of a price that follows the list."""
    if lock.until is None:
        return []
    what = "Bought" if commitment.starts_on == starts_on else "Renewed"
    words = (
        f"{what} on {in_words(commitment.starts_on)}: the price list of that day counts until "
        f"{in_words(lock.until)}, also for quantity added"
    )
    source = Source("The subscription's commitment", commitment.starts_on)
    return [Part("Price lock", words, source)]


def promotion_part(
    label: str,
    promotion: Promotion,
    before: Decimal,
    after: Decimal,
    currency: str,
    until: date | None = None,
) -> Part:
    words = promotion.in_words(before) + (f", until {in_words(until)}" if until else "")
    return Part(
        f"{label} with the promotion", words, promotion.source, after, currency, promotion.percent
    )


def unit_parts(rule: MarginRule, made: Made, currency: str) -> list[Part]:
    """The price as the rule makes it, and as a limit leaves it."""
    source = Source(
        f"Margin rule for {rule.scope.label.lower()}, by {rule.recorded_by}", rule.effective_from
    )
    words = f"{rule.method.label}: {made.worked_out}"
    parts = [Part("Unit price", words, source, made.before_limit, currency, rule.percent)]
    if made.limit:
        parts.append(Part("Unit price", made.limit, source, made.unit_price, currency))
    return parts
