"""The price of a subscription on a day, with its reasons; and whom a margin rule would change.

What is recorded with a subscription is its seller's: a reseller's price to its customer, and what
the CSP takes from the reseller as cost. So whatever is to be recorded is priced as the seller sees
it; what the CSP pays itself is no part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import QuerySet

from tallystick.catalog.explained import Explained, Price
from tallystick.catalog.margins import MarginRule
from tallystick.catalog.models import Offer
from tallystick.catalog.price import price_of
from tallystick.catalog.price_book import PriceBook, open_book, open_books
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
    """A subscription a rule is for: its price without the rule, and with it."""

    subscription: SubscriptionView
    before: Price
    after: Price

    @property
    def subscription_id(self) -> int:
        return self.subscription.id

    @property
    def differs(self) -> bool:
        return _amounts(self.before) != _amounts(self.after)


@dataclass(frozen=True, slots=True)
class Listed:
    """A subscription and its price on a day; ``unlocked``: what it would be without its lock."""

    subscription: SubscriptionView
    price: Price
    unlocked: Price


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
    """Subscriptions the rule changes price or cost of on a day, ``limit`` looked at a page.

    A page may hold fewer than were looked at, or none; the last one has no ``next_cursor``. The
    rule may be recorded or only proposed. Stores nothing. Raises InvalidInput naming the cursor.
    """
    page = compared(rule, context, on=on, cursor=cursor, limit=limit)
    return Page([one for one in page.items if one.differs], page.next_cursor)


def compared(
    rule: MarginRule,
    context: Context,
    *,
    on: date,
    cursor: str | None = None,
    limit: int = LARGEST_PAGE,
) -> Page[Affected]:
    """All the rule is for, with and without it, each as its seller sees it. As ``affected_by``."""
    views, more = _billed(_reached(visible(context), rule), cursor, limit)
    books = books_for(context, views)
    unlocked = _unlocked(views)
    of_csp = context.reseller_id is None
    found = []
    for view in views:
        book = books[view.reseller_id].lacking(rule)
        before, after = (
            _price(seller_of(context, view), view, one, unlocked, on)
            for one in (book, book.having(rule, of_csp=of_csp))
        )
        found.append(Affected(view, before, after))
    return Page(found, more)


def listed_on(
    context: Context, *, on: date, cursor: str | None = None, limit: int = LARGEST_PAGE
) -> Page[Listed]:
    """Whatever is billed, with its price on a day as its seller sees it. As ``affected_by``."""
    views, more = _billed(visible(context), cursor, limit)
    books = books_for(context, views)
    unlocked, everything = _unlocked(views), {view.offer_id for view in views}
    found = []
    for view in views:
        price, free = (
            _price(seller_of(context, view), view, books[view.reseller_id], ids, on)
            for ids in (unlocked, everything)
        )
        found.append(Listed(view, price, free))
    return Page(found, more)


def price_to_record(context: Context, view: SubscriptionView, *, on: date) -> Price:
    """The price of a subscription as its seller sees it: what an operation on it may record."""
    book = books_for(context, [view])[view.reseller_id]
    return _price(seller_of(context, view), view, book, _unlocked([view]), on)


def benefit_ends_on(price: Price, view: SubscriptionView) -> date | None:
    """The last day of the promotion the price was made with, where that is within the term."""
    if not isinstance(price, Explained) or price.promotion is None:
        return None
    until, last_day = price.promotion.until, price.locked_until or view.commitment_ends_on
    is_within = until is not None and (last_day is None or until < last_day)
    return until if is_within else None


def number_reached(context: Context, rule: MarginRule | None) -> int:
    """How many ``compared`` looks at, or ``listed_on`` without a rule."""
    rows = visible(context)
    return (_reached(rows, rule) if rule else rows).filter(status__in=BILLED).count()


def seller_of(context: Context, view: SubscriptionView) -> Context:
    """The same asker in the place of who sells it."""
    return replace(context, reseller_id=view.reseller_id)


def books_for(context: Context, views: Sequence[SubscriptionView]) -> dict[int | None, PriceBook]:
    """By seller."""
    return open_books(
        context,
        {view.reseller_id for view in views},
        [view.offer for view in views],
        subscription_ids=[view.id for view in views],
        customer_ids=[view.customer.id for view in views],
    )


def _billed(
    rows: QuerySet[Subscription], cursor: str | None, limit: int
) -> tuple[list[SubscriptionView], str | None]:
    """A page of what is billed, and where the next one begins."""
    limit = check_limit(limit)
    rows = rows.filter(status__in=BILLED).order_by("pk")
    if cursor:
        rows = rows.filter(pk__gt=decode_cursor(cursor, length=1)[0])
    found = list(rows[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    return [view_of(row) for row in found[:limit]], more


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
        extended=view.extended,
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


def _amounts(price: Price) -> tuple[Decimal, Decimal | None] | None:
    return (price.unit_price, price.unit_cost) if isinstance(price, Explained) else None
