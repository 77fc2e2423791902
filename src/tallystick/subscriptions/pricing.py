"""The price of a subscription on a day, with its reasons; and whom a margin rule would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet

from tallystick.catalog.explained import Explained, Price
from tallystick.catalog.margins import MarginRule
from tallystick.catalog.models import Offer
from tallystick.catalog.price import price_of
from tallystick.catalog.price_book import PriceBook, open_book
from tallystick.catalog.price_words import RuleScope
from tallystick.catalog.priced import Priced
from tallystick.identity.context import Context
from tallystick.kit.paging import LARGEST_PAGE, Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import InvalidInput
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import SubscriptionView, get_subscription, view_of, visible
from tallystick.subscriptions.status import SubscriptionStatus

FARTHEST = timedelta(days=10 * 366)
BILLED = (SubscriptionStatus.ACTIVE.value, SubscriptionStatus.SUSPENDED.value)


@dataclass(frozen=True, slots=True)
class Affected:
    """A subscription whose price a rule changes: what it is without the rule, and with it."""

    subscription: SubscriptionView
    before: Price
    after: Price

    @property
    def subscription_id(self) -> int:
        return self.subscription.id


def check_day(on: date, *, today: date) -> date:
    """Not further from today than a price can be spoken of. Raises InvalidInput naming ``on``."""
    if abs(on - today) > FARTHEST:
        raise InvalidInput.one("on", "is more than ten years away")
    return on


def price_on(context: Context, subscription_id: int, *, on: date) -> Price:
    """As this context sees it. Raises NotFound."""
    view = get_subscription(context, subscription_id)
    return prices_of(context, [view], on=on)[view.id]


def prices_of(context: Context, views: Sequence[SubscriptionView], *, on: date) -> dict[int, Price]:
    """By subscription id, from one book."""
    book = book_for(context, views)
    unlocked = _unlocked(views)
    return {view.id: _price(context, view, book, unlocked, on) for view in views}


def affected_by(
    rule: MarginRule,
    context: Context,
    *,
    on: date,
    cursor: str | None = None,
    limit: int = LARGEST_PAGE,
) -> Page[Affected]:
    """Subscriptions the rule changes the price of on a day, ``limit`` looked at a page.

    A page may hold fewer than were looked at, or none; the last one has no ``next_cursor``. The
    rule may be recorded or only proposed. Stores nothing. Raises InvalidInput naming the cursor.
    """
    limit = check_limit(limit)
    rows = _reached(visible(context), rule).filter(status__in=BILLED).order_by("pk")
    if cursor:
        rows = rows.filter(pk__gt=decode_cursor(cursor, length=1)[0])
    found = list(rows[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    views = [view_of(row) for row in found[:limit]]
    book = book_for(context, views)
    without = [one for one in book.rules if one.number != rule.number]
    books = book.with_rules(without), book.with_rules([*without, rule])
    unlocked = _unlocked(views)
    affected = []
    for view in views:
        before, after = (_price(context, view, one, unlocked, on) for one in books)
        if _differ(before, after):
            affected.append(Affected(view, before, after))
    return Page(affected, more)


def book_for(context: Context, views: Sequence[SubscriptionView]) -> PriceBook:
    return open_book(
        context,
        [view.offer for view in views],
        subscription_ids=[view.id for view in views],
        customer_ids=[view.customer.id for view in views],
    )


def priced(context: Context, view: SubscriptionView, *, unlocked: bool = False) -> Priced:
    """The subscription as the price rules see it.

    What it was recorded with is the cost of the context that sells it, and of no other.
    """
    is_ours = view.reseller_id == context.reseller_id
    return Priced(
        kind=view.offer.kind,
        term=view.offer.term,
        billing_cycle=view.offer.billing_cycle,
        quantity=view.quantity,
        starts_on=view.starts_on,
        commitment_ends_on=view.commitment_ends_on,
        price_currency=view.price_currency,
        cost_currency=view.cost_currency,
        recorded_cost=view.unit_cost if is_ours else None,
        subscription_id=view.id,
        customer_id=view.customer.id,
        reseller_id=view.reseller_id,
        unlocked=unlocked,
    )


def _price(
    context: Context, view: SubscriptionView, book: PriceBook, unlocked: set[int], on: date
) -> Price:
    what = priced(context, view, unlocked=view.offer_id in unlocked)
    return price_of(what, on=on, facts=book.facts_for(view.offer))


def _unlocked(views: Sequence[SubscriptionView]) -> set[int]:
    ids = {view.offer_id for view in views}
    return set(Offer.objects.filter(pk__in=ids, price_unlocked=True).values_list("pk", flat=True))


def _reached(rows: QuerySet[Subscription], rule: MarginRule) -> QuerySet[Subscription]:
    match rule.scope:
        case RuleScope.SUBSCRIPTION:
            return rows.filter(pk=int(rule.target))
        case RuleScope.OFFER_KIND:
            return rows.filter(offer__kind=rule.target)
        case RuleScope.CUSTOMER:
            return rows.filter(customer_id=int(rule.target))
        case RuleScope.RESELLER:
            return rows.filter(reseller_id=int(rule.target))
        case RuleScope.EVERYBODY:
            return rows


def _differ(before: Price, after: Price) -> bool:
    if isinstance(before, Explained) and isinstance(after, Explained):
        return before.unit_price != after.unit_price
    return isinstance(before, Explained) or isinstance(after, Explained)
