"""The Customer Mapping list: ours, theirs, and between them the suggestion."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from tallystick.connections.queries import ConnectionView, get_connection
from tallystick.identity.context import Context
from tallystick.kit.paging import Page, check_limit, decode_cursor, encode_cursor
from tallystick.mappings.kinds import Ours
from tallystick.mappings.match import CLEAR
from tallystick.mappings.models import CustomerMapping, CustomerSuggestion, Exclusion
from tallystick.mappings.show import Show, check_show
from tallystick.mappings.stakes import NOTHING, Stake, stakes_by
from tallystick.subscriptions.models import Customer, Subscription
from tallystick.subscriptions.queries import CustomerView


@dataclass(frozen=True, slots=True)
class SuggestedCompany:
    """``is_clear``: good enough to be accepted together with others."""

    company_id: int
    company_name: str
    score: Decimal
    reason: str
    is_clear: bool


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer, what it holds, and what it is in Autotask: at most one of the three."""

    customer: CustomerView
    stake: Stake
    company_id: int | None = None
    company_name: str = ""
    excluded_because: str = ""
    suggestion: SuggestedCompany | None = None


@dataclass(frozen=True, slots=True)
class NotMapped:
    """What is not mapped and not excluded, of customers that hold something active."""

    number: int
    stake: Stake
    clear: int  # suggestions that may be accepted together


def list_customer_rows(
    context: Context,
    connection_id: int,
    *,
    show: str = "",
    search: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> Page[CustomerRow]:
    """By name. ``show``: one of ``Show``, empty for all. Raises NotFound, InvalidInput."""
    limit = check_limit(limit)
    connection = get_connection(context, connection_id)
    rows = _shown(_customers(context, connection), connection.id, check_show(show))
    for word in search.replace("\x00", "").split():
        rows = rows.filter(name__icontains=word)
    if cursor:
        name, pk = decode_cursor(cursor, length=2)
        rows = rows.filter(name__gte=name).exclude(name=name, pk__lte=pk)
    found = list(rows.order_by("name", "pk")[: limit + 1])
    more = encode_cursor([found[limit - 1].name, found[limit - 1].pk]) if found[limit:] else None
    return Page(_with_theirs(connection, found[:limit]), more)


def customer_row(context: Context, connection_id: int, customer_id: int) -> CustomerRow | None:
    """One row anew; None when there is no such customer here. Raises NotFound (connection)."""
    connection = get_connection(context, connection_id)
    found = list(_customers(context, connection).filter(pk=customer_id))
    return next(iter(_with_theirs(connection, found)), None)


def not_mapped_customers(context: Context, connection_id: int) -> NotMapped:
    """Raises NotFound."""
    connection = get_connection(context, connection_id)
    rows = _shown(_customers(context, connection), connection.id, Show.NOT_MAPPED)
    active = Subscription.objects.filter(**context.scope(), status__in=Stake.STATUSES)
    stake = stakes_by("tenant_id", active.filter(customer_id__in=rows.values("pk")))
    return NotMapped(
        number=rows.filter(pk__in=active.values("customer_id")).count(),
        stake=stake.get(connection.tenant_id, NOTHING),
        clear=clear_suggestions(context, connection).count(),
    )


def clear_suggestions(
    context: Context, connection: ConnectionView
) -> QuerySet[CustomerSuggestion, CustomerSuggestion]:
    """Of customers that are neither mapped nor excluded, to companies that are not taken."""
    rows = _shown(_customers(context, connection), connection.id, Show.NOT_MAPPED)
    return CustomerSuggestion.objects.exclude(company_id__in=_taken(connection.id)).filter(
        connection_id=connection.id,
        company_id__isnull=False,
        score__gte=Decimal(f"{CLEAR:.2f}"),
        customer_id__in=rows.values("pk"),
    )


def _customers(context: Context, connection: ConnectionView) -> QuerySet[Customer]:
    return Customer.objects.filter(**context.within(connection.reseller_id).scope())


def _shown(rows: QuerySet[Customer], connection_id: int, show: Show | None) -> QuerySet[Customer]:
    # Sets, not a question for each row: quick also before the database has counted its rows.
    mapped = CustomerMapping.objects.filter(connection_id=connection_id).values("customer_id")
    excluded = Exclusion.objects.filter(
        connection_id=connection_id, kind=Ours.CUSTOMER.value
    ).values("ours_id")
    if show is Show.MAPPED:
        return rows.filter(pk__in=mapped)
    if show is Show.EXCLUDED:
        return rows.filter(pk__in=excluded)
    if show is Show.NOT_MAPPED:
        return rows.exclude(pk__in=mapped).exclude(pk__in=excluded)
    return rows


def _taken(connection_id: int) -> QuerySet[CustomerMapping, Any]:
    return CustomerMapping.objects.filter(connection_id=connection_id).values("company_id")


def _with_theirs(connection: ConnectionView, found: list[Customer]) -> list[CustomerRow]:
    """A fixed number of queries for a page."""
    ids = [row.pk for row in found]
    here = {"connection_id": connection.id, "customer_id__in": ids}
    mapped = {row.customer_id: row for row in CustomerMapping.objects.filter(**here)}
    reasons = dict(
        Exclusion.objects.filter(
            connection_id=connection.id, kind=Ours.CUSTOMER.value, ours_id__in=ids
        ).values_list("ours_id", "reason")
    )
    open_ids = [pk for pk in ids if pk not in mapped and pk not in reasons]
    suggested = _suggested(connection.id, open_ids)
    stakes = stakes_by("customer_id", Subscription.objects.filter(customer_id__in=ids))
    return [
        CustomerRow(
            customer=CustomerView(row.pk, row.name, row.external_id),
            stake=stakes.get(row.pk, NOTHING),
            company_id=mapped[row.pk].company_id if row.pk in mapped else None,
            company_name=mapped[row.pk].company_name if row.pk in mapped else "",
            excluded_because=reasons.get(row.pk, ""),
            suggestion=suggested.get(row.pk),
        )
        for row in found
    ]


def _suggested(connection_id: int, customer_ids: Collection[int]) -> Mapping[int, SuggestedCompany]:
    rows = CustomerSuggestion.objects.exclude(company_id__in=_taken(connection_id)).filter(
        connection_id=connection_id,
        customer_id__in=customer_ids,
        company_id__isnull=False,
    )
    return {
        row.customer_id: SuggestedCompany(
            company_id=row.company_id,
            company_name=row.company_name,
            score=row.score,
            reason=row.reason,
            is_clear=row.score >= Decimal(f"{CLEAR:.2f}"),
        )
        for row in rows
        if row.company_id is not None
    }
