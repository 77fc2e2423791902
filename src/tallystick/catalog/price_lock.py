"""Which day's price list counts for a subscription, and until when that is fixed. Pure.

Microsoft fixes the price of a new-commerce subscription when it is bought or renewed, up to the
end of that commitment, also for quantity added in between. So a newer price list reaches it at
its renewal. Azure, the extended service term and offers marked so follow the list day by day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, date, timedelta

from tallystick.catalog.terms import OfferKind, Term
from tallystick.kit.days import add_months

LOCKED = frozenset({OfferKind.NCE_LICENCE, OfferKind.SOFTWARE_SUBSCRIPTION})


@dataclass(frozen=True, slots=True)
class Commitment:
    """One term of a subscription: its first and last day; no last day without a term."""

    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class Lock:
    """``priced_on``: the day whose price list counts. ``until``: the last day it does; or None."""

    priced_on: date
    until: date | None


def commitment_on(day: date, *, starts_on: date, ends_on: date | None, term: Term) -> Commitment:
    """The term that contains ``day``: terms follow each other from the stated end, or the start.

    ``ends_on`` is the stated last day, inclusive. A day before the start counts as the start; the
    first term may be shorter (bought to end together with another).
    """
    day = max(day, starts_on)
    if ends_on is not None and ends_on.year >= MAXYEAR:
        ends_on = None  # how Microsoft writes that nothing ends
    months = term.months
    if months is None:
        return Commitment(starts_on, ends_on)
    anchor = starts_on if ends_on is None else ends_on + timedelta(days=1)
    between = (day.year - anchor.year) * 12 + day.month - anchor.month
    number = between // months
    if add_months(anchor, number * months) > day:
        number -= 1
    first = max(starts_on, add_months(anchor, number * months))
    return Commitment(first, add_months(anchor, (number + 1) * months) - timedelta(days=1))


def lock_on(
    day: date, commitment: Commitment, *, kind: OfferKind, extended: bool, unlocked: bool
) -> Lock:
    if kind not in LOCKED or extended or unlocked or commitment.ends_on is None:
        return Lock(day, None)
    return Lock(commitment.starts_on, commitment.ends_on)
