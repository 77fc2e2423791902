"""Monthly Azure amounts as they were imported."""

from __future__ import annotations

import re
from datetime import date

from django.http import HttpRequest
from ninja import Query, Router, Schema

from tallystick.api.auth import READ, caller
from tallystick.api.queries import answers, no_other
from tallystick.api.schemas_kit import Id, Money, On, PageOut, Paging, checked
from tallystick.kit.problem import InvalidInput
from tallystick.subscriptions.azure_amounts import AmountKind, AzureAmount
from tallystick.subscriptions.azure_queries import list_azure_amounts

router = Router(tags=["Prices"])
_MONTH = re.compile(r"([1-9][0-9]{3})-(0[1-9]|1[0-2])\Z", re.ASCII)


class AmountFilter(Paging):
    """``month`` as 2026-05; ``history``: also those that were corrected."""

    month: str = ""
    customer: Id | None = None
    history: bool = False


class AmountOut(Schema):
    """``month_on`` is its first day; without a subscription it is the customer's as a whole."""

    id: int
    customer_id: int
    subscription_id: int | None
    month_on: On
    kind: AmountKind
    cost: Money
    price: Money
    cost_currency: str
    price_currency: str
    final: bool
    source: str

    @classmethod
    def of(cls, one: AzureAmount) -> AmountOut:
        return cls(
            id=one.id,
            customer_id=one.customer_id,
            subscription_id=one.subscription_id,
            month_on=one.month,
            kind=one.kind,
            cost=one.cost,
            price=one.price,
            cost_currency=one.cost_currency,
            price_currency=one.price_currency,
            final=one.final,
            source=one.source,
        )


@router.get("/azure-costs", auth=READ, response=answers(200, PageOut[AmountOut]))
def azure_costs(request: HttpRequest, asked: Query[AmountFilter]) -> PageOut[AmountOut]:
    """Newest first."""
    no_other(request, AmountFilter)
    page = list_azure_amounts(
        caller(request).context,
        month=_month(asked.month),
        customer_id=asked.customer,
        history=asked.history,
        cursor=checked(asked.cursor, int),
        limit=asked.limit,
    )
    return PageOut(items=[AmountOut.of(one) for one in page.items], next_cursor=page.next_cursor)


def _month(text: str) -> date | None:
    if not text:
        return None
    found = _MONTH.match(text)
    if found is None:
        raise InvalidInput.one("month", f"“{text[:20]}” is not a month: write it like 2026-05")
    return date(int(found.group(1)), int(found.group(2)), 1)
