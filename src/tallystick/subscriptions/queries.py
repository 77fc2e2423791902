"""Questions about customers and subscriptions, each asked in a context."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet

from tallystick.audit.record import Subject
from tallystick.catalog.add_offer import OfferFacts
from tallystick.catalog.queries import facts_of
from tallystick.identity.context import Context
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.kit.problem import InvalidInput, NotFound
from tallystick.subscriptions.models import Customer, Subscription
from tallystick.subscriptions.rules import Holding
from tallystick.subscriptions.status import EndOfTerm, SubscriptionStatus

NOBODY_HAS_SAID = "Nobody has said"


@dataclass(frozen=True, slots=True)
class CustomerView:
    id: int
    name: str
    external_id: str


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """A subscription as the doors show it; prices per unit per billing cycle, taxes excluded."""

    id: int
    tenant_id: int
    reseller_id: int | None
    customer: CustomerView
    offer_id: int
    offer: OfferFacts
    provider_id: str
    friendly_name: str
    quantity: int
    status: SubscriptionStatus
    starts_on: date
    commitment_ends_on: date | None
    cancellable_until: datetime | None
    unit_price: Decimal | None
    unit_cost: Decimal | None
    price_currency: str
    cost_currency: str
    last_sequence: int
    end_of_term: EndOfTerm = EndOfTerm.RENEW
    is_trial: bool = False
    purchase_order: str = ""
    extended: bool = False
    others_until: int = 0
    end_said_at: datetime | None = None
    promotion_ends_on: date | None = None

    @property
    def name(self) -> str:
        return self.friendly_name or self.offer.name

    @property
    def end_is_said(self) -> bool:
        """*Renews* is what a new one begins with; another end was told by somebody."""
        return self.end_said_at is not None or self.end_of_term is not EndOfTerm.RENEW

    @property
    def then(self) -> str:
        """What happens when its term ends, in a few words."""
        return self.end_of_term.short if self.end_is_said else NOBODY_HAS_SAID

    @property
    def after_promotion_on(self) -> date | None:
        """The first day without the promotion that its price was made with."""
        ends_on = self.promotion_ends_on
        return None if ends_on is None else ends_on + timedelta(days=1)

    def holding(self) -> Holding:
        return Holding(
            quantity=self.quantity,
            status=self.status,
            starts_on=self.starts_on,
            commitment_ends_on=self.commitment_ends_on,
            cancellable_until=self.cancellable_until,
            unit_price=self.unit_price,
            unit_cost=self.unit_cost,
        )

    def hidden_until(self, context: Context) -> int:
        """Operations up to this number are not told: they were another reseller's."""
        return 0 if context.reseller_id is None else self.others_until

    def subject(self) -> Subject:
        return Subject(
            tenant_id=self.tenant_id,
            reseller_id=self.reseller_id,
            customer_id=self.customer.id,
            customer_name=self.customer.name,
            subscription_id=self.id,
            subscription_name=self.name,
        )


def view_of(row: Subscription) -> SubscriptionView:
    return SubscriptionView(
        id=row.pk,
        tenant_id=row.tenant_id,
        reseller_id=row.reseller_id,
        customer=CustomerView(row.customer.pk, row.customer.name, row.customer.external_id),
        offer_id=row.offer_id,
        offer=facts_of(row.offer),
        provider_id=row.provider_id,
        friendly_name=row.friendly_name,
        quantity=row.quantity,
        status=SubscriptionStatus(row.status),
        starts_on=row.starts_on,
        commitment_ends_on=row.commitment_ends_on,
        cancellable_until=row.cancellable_until,
        unit_price=row.unit_price,
        unit_cost=row.unit_cost,
        price_currency=row.price_currency,
        cost_currency=row.cost_currency,
        last_sequence=row.last_sequence,
        end_of_term=EndOfTerm(row.end_of_term),
        is_trial=row.is_trial,
        purchase_order=row.purchase_order,
        extended=row.extended,
        others_until=row.others_until,
        end_said_at=row.end_said_at,
        promotion_ends_on=row.promotion_ends_on,
    )


def visible(context: Context) -> QuerySet[Subscription]:
    """The subscriptions of this context: every other query starts here."""
    return Subscription.objects.filter(**context.scope()).select_related("customer", "offer")


def get_subscription(context: Context, subscription_id: int) -> SubscriptionView:
    """Raises NotFound, also when it is in somebody else's context."""
    row = visible(context).filter(pk=subscription_id).first()
    if row is None:
        raise NotFound("There is no such subscription.")
    return view_of(row)


def get_subscriptions(context: Context, ids: Collection[int]) -> list[SubscriptionView]:
    """Those of this context, by customer name."""
    rows = visible(context).filter(pk__in=ids).order_by("customer__name", "pk")
    return [view_of(row) for row in rows]


def subscription_by_provider_id(context: Context, provider_id: str) -> SubscriptionView | None:
    row = visible(context).filter(provider_id=provider_id).first()
    return view_of(row) if row else None


def views_by_provider_id(
    context: Context, provider_ids: Collection[str]
) -> dict[str, SubscriptionView]:
    """Those of this context."""
    rows = visible(context).filter(provider_id__in=provider_ids)
    return {row.provider_id: view_of(row) for row in rows}


def views_by_id(subscription_ids: list[int]) -> dict[int, SubscriptionView]:
    """For the engine and the worklists, which have already been scoped by what they hold."""
    rows = Subscription.objects.filter(pk__in=subscription_ids)
    return {row.pk: view_of(row) for row in rows.select_related("customer", "offer")}


def list_subscriptions(
    context: Context,
    *,
    search: str = "",
    status: str = "",
    customer_id: int | None = None,
    among: QuerySet[Subscription] | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[SubscriptionView]:
    """By customer name, then in the order they were recorded; ``among``: only of these.

    Raises InvalidInput.
    """
    limit = check_limit(limit)
    rows = visible(context)
    if among is not None:
        rows = rows.filter(pk__in=among.values("pk"))
    if status:
        if status not in {known.value for known in SubscriptionStatus}:
            raise InvalidInput.one("status", f"“{status[:20]}” is not a status")
        rows = rows.filter(status=status)
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    for word in search.replace("\x00", "").split():
        rows = rows.filter(
            Q(customer__name__icontains=word)
            | Q(offer__name__icontains=word)
            | Q(friendly_name__icontains=word)
            | Q(provider_id__icontains=word)
        )
    if cursor:
        name, pk = decode_cursor(cursor, length=2)
        rows = rows.filter(Q(customer__name__gt=name) | Q(customer__name=name, pk__gt=pk))
    found = list(rows.order_by("customer__name", "pk")[: limit + 1])
    more = None
    if len(found) > limit:
        last = found[limit - 1]
        more = encode_cursor([last.customer.name, last.pk])
    return Page([view_of(row) for row in found[:limit]], more)


def get_customer(context: Context, customer_id: int) -> CustomerView:
    """Raises NotFound, also when it is in somebody else's context."""
    row = Customer.objects.filter(**context.scope(), pk=customer_id).first()
    if row is None:
        raise NotFound("There is no such customer.")
    return CustomerView(row.pk, row.name, row.external_id)


def list_customers(
    context: Context, *, search: str = "", cursor: str | None = None, limit: int = 50
) -> Page[CustomerView]:
    """By name. Raises InvalidInput."""
    limit = check_limit(limit)
    rows = Customer.objects.filter(**context.scope())
    if search:
        rows = rows.filter(name__icontains=search.replace("\x00", ""))
    if cursor:
        name, pk = decode_cursor(cursor, length=2)
        rows = rows.filter(Q(name__gt=name) | Q(name=name, pk__gt=pk))
    found = list(rows.order_by("name", "pk")[: limit + 1])
    more = None
    if len(found) > limit:
        more = encode_cursor([found[limit - 1].name, found[limit - 1].pk])
    return Page([CustomerView(c.pk, c.name, c.external_id) for c in found[:limit]], more)
