"""What a margin rule or a price list makes of a subscription, and what stands against it. Pure.

A rule changes what it changes: an amount that is the same with and without it stays as recorded.
A price list reaches what follows it, and a locked subscription on the day it is bought or renewed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tallystick.catalog.explained import CannotPrice, Explained, Part, Price
from tallystick.catalog.price_list import moves_too_far
from tallystick.catalog.price_runs import Choice
from tallystick.catalog.terms import OfferKind
from tallystick.kit.days import in_words
from tallystick.kit.money import round_money
from tallystick.subscriptions.pricing import Affected, Listed
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.status import EndOfTerm

UNIT_COST = "Unit cost"  # the label of its steps in ``catalog/price``
MONTHLY_AMOUNTS = "An Azure plan is billed by its monthly amounts, not by a unit price."
NOT_ALL = "It is billed on one line together with others, and one of those is left out."
HELD = "Its price moves by more than a factor 3: it is changed once somebody says it is right."


@dataclass(frozen=True, slots=True)
class Repriced:
    """A subscription with the amounts it would get from ``day``; ``price`` says why.

    ``left``: why it is not changed; empty when it may be. ``held``: a move by more than a factor
    3, which somebody accepts first. ``with_ids``: those that a line bills together with it, and
    that get the same.
    """

    view: SubscriptionView
    price: Price
    day: date
    unit_price: Decimal | None
    unit_cost: Decimal | None
    left: str = ""
    held: bool = False
    with_ids: tuple[int, ...] = ()

    @property
    def subscription_id(self) -> int:
        return self.view.id

    @property
    def price_currency(self) -> str:
        known = self.price.price_currency if isinstance(self.price, Explained) else ""
        return self.view.price_currency or known

    @property
    def cost_currency(self) -> str:
        known = self.price.cost_currency if isinstance(self.price, Explained) else ""
        return self.view.cost_currency or known

    @property
    def because(self) -> tuple[Part, ...]:
        """Each step, without those of a cost that stays as it is recorded."""
        kept = self.unit_cost == self.view.unit_cost
        return tuple(part for part in self.price.because if not (kept and part.label == UNIT_COST))

    def stands(self, choice: Choice) -> str:
        """Why it is left as it is, apart from being excluded; empty: it is changed."""
        if self.held and not all(one in choice.accepted for one in (self.view.id, *self.with_ids)):
            return self.left or HELD
        if any(one in choice.excluded for one in self.with_ids):
            return self.left or NOT_ALL
        return self.left


def by_rule(one: Affected, *, own: bool, on: date, later: date | None) -> Repriced | None:
    """None when nothing is to be recorded. ``own``: the rule is the seller's, not its CSP's.

    ``later``: the last day after ``on`` from which it has another price already.
    """
    view, after = one.subscription, one.after
    day = max(on, view.starts_on)
    if isinstance(after, CannotPrice):
        return _left(view, after, day, after.reason)
    if not one.differs:
        return None
    before = one.before if isinstance(one.before, Explained) else None
    price, cost = view.unit_price, view.unit_cost
    if price is None or before is None or before.unit_price != after.unit_price:
        price = after.unit_price
    if cost is None or not (own or (before and before.unit_cost == after.unit_cost)):
        cost = cost if after.unit_cost is None else after.unit_cost
    return _judged(view, after, day, price, cost, later)


def by_list(one: Listed, *, on: date, later: date | None) -> Repriced | None:
    """None when nothing is to be recorded. ``later`` as in ``by_rule``."""
    view, price = one.subscription, one.price
    day = max(on, view.starts_on)
    if isinstance(price, CannotPrice):
        return _left(view, price, day, price.reason)
    if price.locked_until is None or price.priced_on == day:
        cost = view.unit_cost if price.unit_cost is None else price.unit_cost
        return _judged(view, price, day, price.unit_price, cost, later)
    free = one.unlocked
    if isinstance(free, CannotPrice):
        return None
    cost = view.unit_cost if free.unit_cost is None else free.unit_cost
    if (free.unit_price, cost) == (view.unit_price, view.unit_cost):
        return None
    return _left(
        view, free, day, f"Locked until {in_words(price.locked_until)}.", free.unit_price, cost
    )


def _judged(
    view: SubscriptionView,
    price: Explained,
    day: date,
    unit_price: Decimal,
    unit_cost: Decimal | None,
    later: date | None,
) -> Repriced | None:
    if (unit_price, unit_cost) == (view.unit_price, view.unit_cost):
        return None
    left = _against(view, day, later)
    far = moves_too_far(view.unit_price, unit_price) or moves_too_far(view.unit_cost, unit_cost)
    return Repriced(view, price, day, unit_price, unit_cost, left, held=far and not left)


def _against(view: SubscriptionView, day: date, later: date | None) -> str:
    """What stands against a new price from that day; empty when nothing does."""
    if view.offer.kind is OfferKind.AZURE_PLAN:
        return MONTHLY_AMOUNTS
    ends = view.commitment_ends_on
    if ends is not None and view.end_of_term is EndOfTerm.CANCEL and day > ends:
        return f"It ends on {in_words(ends)}."
    if later is not None and later > day:
        return f"It has another price from {in_words(later)} already: change it by itself."
    return ""


def _left(
    view: SubscriptionView,
    price: Price,
    day: date,
    why: str,
    unit_price: Decimal | None = None,
    unit_cost: Decimal | None = None,
) -> Repriced:
    if view.offer.kind is OfferKind.AZURE_PLAN:
        why = MONTHLY_AMOUNTS
    return Repriced(view, price, day, unit_price, unit_cost, why)


@dataclass(slots=True)
class MonthsMoney:
    """What is billed and what it costs a month in one currency, before and after."""

    currency: str
    price_before: Decimal = Decimal(0)
    price_after: Decimal = Decimal(0)
    cost_before: Decimal = Decimal(0)
    cost_after: Decimal = Decimal(0)


@dataclass(slots=True)
class Totals:
    """How many are changed, held, left and excluded; and the money of those that are changed.

    A price that is not there yet counts as nothing before. What is billed once is in no month:
    ``once`` says how many those are.
    """

    change: int = 0
    held: int = 0
    left: int = 0
    excluded: int = 0
    once: int = 0
    _money: dict[str, MonthsMoney] = field(default_factory=dict)

    @property
    def money(self) -> list[MonthsMoney]:
        """By currency."""
        return [self._money[currency] for currency in sorted(self._money)]

    def add(self, rows: Iterable[Repriced], choice: Choice) -> None:
        for one in rows:
            if one.left:
                self.left += 1
            elif one.view.id in choice.excluded:
                self.excluded += 1
            elif one.stands(choice):
                self.held += 1
            else:
                self.change += 1
                self._count(one)

    def _count(self, one: Repriced) -> None:
        months = one.view.offer.billing_cycle.months
        if months is None:
            self.once += 1
            return

        def a_month(amount: Decimal | None) -> Decimal:
            return round_money((amount or Decimal(0)) * one.view.quantity / months)

        sold = self._of(one.price_currency)
        sold.price_before += a_month(one.view.unit_price)
        sold.price_after += a_month(one.unit_price)
        if one.unit_cost is not None:
            bought = self._of(one.cost_currency)
            bought.cost_before += a_month(one.view.unit_cost)
            bought.cost_after += a_month(one.unit_cost)

    def _of(self, currency: str) -> MonthsMoney:
        return self._money.setdefault(currency, MonthsMoney(currency))
