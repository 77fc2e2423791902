"""Questions about monthly Azure amounts, each asked in a context."""

from __future__ import annotations

from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from tallystick.catalog.terms import OfferKind
from tallystick.identity.context import Context
from tallystick.kit.days import add_months
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.subscriptions.azure_amounts import (
    AmountKind,
    AzureAmount,
    CannotSum,
    MonthTotal,
    month_total,
)
from tallystick.subscriptions.azure_models import AzureAmountRow
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import visible
from tallystick.subscriptions.status import SubscriptionStatus

AZURE_PLAN = OfferKind.AZURE_PLAN.value


def total_of_plan(
    context: Context, subscription_id: int, month: date
) -> MonthTotal | CannotSum | None:
    """What one Azure plan came to in a month (its first day); None when nothing is recorded."""
    rows = _counting(context).filter(subscription_id=subscription_id, month=month)
    return month_total(month, [amount_of(row) for row in rows])


def total_of_customer(
    context: Context, customer_id: int, month: date
) -> MonthTotal | CannotSum | None:
    """What is recorded of a customer as a whole, without what names one of its plans."""
    rows = _counting(context).filter(
        customer_id=customer_id, subscription__isnull=True, month=month
    )
    return month_total(month, [amount_of(row) for row in rows])


def only_plan_of(context: Context, customer_id: int) -> Subscription | None:
    """The customer's Azure plan, when there is exactly one that has not been deleted."""
    plans = visible(context).filter(customer_id=customer_id, offer__kind=AZURE_PLAN)
    found = list(plans.exclude(status=SubscriptionStatus.DELETED.value)[:2])
    return found[0] if len(found) == 1 else None


def billed_total(
    context: Context, plan: Subscription, month: date
) -> MonthTotal | CannotSum | None:
    """What a plan is billed for a month: its own amounts; and, of the customer's only plan, those
    that name no plan: the customer's as a whole, its reservations and savings plans."""
    rows = _counting(context).filter(customer_id=plan.customer_id, month=month)
    return month_total(month, [amount_of(row) for row in rows.filter(_billed_by(context, plan))])


def billed_months(context: Context, plan: Subscription) -> list[date]:
    """The months a plan has amounts of, oldest first."""
    rows = _counting(context).filter(_billed_by(context, plan), customer_id=plan.customer_id)
    return sorted(set(rows.values_list("month", flat=True)))


def _billed_by(context: Context, plan: Subscription) -> Q:
    only = only_plan_of(context, plan.customer_id)
    own = Q(subscription_id=plan.pk)
    if only is None or only.pk != plan.pk:
        return own
    unnamed = Q(subscription__isnull=True) | ~Q(subscription__offer__kind=AZURE_PLAN)
    return own | unnamed


def list_azure_amounts(
    context: Context,
    *,
    month: date | None = None,
    customer_id: int | None = None,
    history: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[AzureAmount]:
    """Newest first; ``history``: also those that were corrected. Raises InvalidInput."""
    limit = check_limit(limit)
    rows = AzureAmountRow.objects.filter(**context.scope()) if history else _counting(context)
    if month is not None:
        rows = rows.filter(month=month)
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    if cursor:
        rows = rows.filter(pk__lt=decode_cursor(cursor, length=1)[0])
    found = list(rows.order_by("-pk")[: limit + 1])
    more = encode_cursor([found[limit - 1].pk]) if len(found) > limit else None
    return Page([amount_of(row) for row in found[:limit]], more)


def plans_without_amounts(context: Context, month: date) -> int:
    """Living Azure plans for which a month (its first day) has no amounts, or some may still move.

    What is recorded of a customer as a whole counts for each of its plans.
    """
    amounts = AzureAmountRow.objects.filter(
        Q(subscription_id=OuterRef("pk"))
        | Q(customer_id=OuterRef("customer_id"), subscription__isnull=True),
        month=month,
        replaced_at__isnull=True,
    )
    plans = visible(context).filter(
        offer__kind=OfferKind.AZURE_PLAN.value,
        status__in=[SubscriptionStatus.ACTIVE.value, SubscriptionStatus.SUSPENDED.value],
        starts_on__lt=add_months(month, 1),
    )
    return plans.filter(~Exists(amounts) | Exists(amounts.filter(final=False))).count()


def amount_of(row: AzureAmountRow) -> AzureAmount:
    return AzureAmount(
        id=row.pk,
        customer_id=row.customer_id,
        subscription_id=row.subscription_id,
        month=row.month,
        kind=AmountKind(row.kind),
        cost=row.cost,
        price=row.price,
        cost_currency=row.cost_currency,
        price_currency=row.price_currency,
        final=row.final,
        source=row.source,
    )


def _counting(context: Context) -> QuerySet[AzureAmountRow]:
    return AzureAmountRow.objects.filter(**context.scope(), replaced_at__isnull=True)
