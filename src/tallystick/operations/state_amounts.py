"""A person or a system states what an Azure plan came to in a month: kept, and recorded when final.

The same as a file of one row that names the plan: what was stated before is kept as history.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from tallystick.catalog.terms import OfferKind
from tallystick.identity.roles import Right
from tallystick.kit.money import parse_amount, parse_currency
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput, NotFound
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked, already_recorded
from tallystick.operations.record_amounts import NotRecorded, record_amounts
from tallystick.subscriptions.azure_amounts import AmountKind
from tallystick.subscriptions.azure_models import AzureAmountRow
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import visible
from tallystick.subscriptions.rules import LARGEST_PRICE

_MONTH = re.compile(r"([1-9][0-9]{3})-(0[1-9]|1[0-2])\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stated:
    """Final amounts of a month as they are written: ``2026-05``, ``120.00``, ``90.00``, ``EUR``.

    ``cost_currency`` empty: the price's. Below 0 is a credit.
    """

    month: str
    price: object
    cost: object
    currency: str
    cost_currency: str = ""
    kind: AmountKind = AmountKind.USAGE


def state_amounts(*, subscription_id: int, stated: Stated, today: date, asked: Asked) -> Recorded:
    """Keep and record it, or nothing of it.

    Raises InvalidInput (naming the field), NotFound, NotAllowed, Conflicting (nothing is to be
    recorded, and why).
    """
    asked.context.require(Right.OPERATE)
    row = _read(stated, today)
    with transaction.atomic():
        rows = visible(asked.context).select_for_update(of=("self",), no_key=True)
        plan = rows.filter(pk=subscription_id).first()
        if plan is None:
            raise NotFound("There is no such subscription. Nothing was recorded.")
        if known := already_recorded(asked, subscription_id):
            return known
        if plan.offer.kind != OfferKind.AZURE_PLAN.value:
            raise InvalidInput.one("kind", "is for an Azure plan: this is another kind of offer")
        _keep(row, plan, asked)
        recorded = record_amounts(subscription_id=plan.pk, month=row.month, asked=asked)
        if isinstance(recorded, NotRecorded):
            raise Conflicting(f"{recorded.words} Nothing was changed.")
        return recorded


def read_month(text: object, *, field: str = "month") -> date:
    """Its first day. Raises InvalidInput."""
    found = _MONTH.match(text) if isinstance(text, str) else None
    if found is None:
        words = f"“{str(text)[:20]}” is not a month: write it like 2026-05"
        raise InvalidInput.one(field, words)
    return date(int(found.group(1)), int(found.group(2)), 1)


def _read(stated: Stated, today: date) -> AzureAmountRow:
    """Not stored. Raises InvalidInput with every field that is wrong."""
    errors: list[FieldError] = []
    month = today.replace(day=1)
    try:
        month = read_month(stated.month)
    except InvalidInput as wrong:
        errors += wrong.errors
    if month > today:
        errors.append(FieldError("month", "has not begun: its amounts cannot be final"))
    price, cost = _amount("price", stated.price, errors), _amount("cost", stated.cost, errors)
    currency = _currency("currency", stated.currency, errors)
    cost_currency = currency
    if stated.cost_currency:
        cost_currency = _currency("cost_currency", stated.cost_currency, errors)
    if errors:
        raise InvalidInput(errors)
    return AzureAmountRow(
        month=month,
        kind=stated.kind.value,
        price=price,
        cost=cost,
        price_currency=currency,
        cost_currency=cost_currency,
        final=True,
    )


def _amount(field: str, value: object, errors: list[FieldError]) -> Decimal:
    try:
        amount = value if isinstance(value, Decimal) else parse_amount(str(value))
    except ValueError as error:
        errors.append(FieldError(field, str(error)))
        return Decimal(0)
    if abs(amount) > LARGEST_PRICE:
        errors.append(FieldError(field, f"must be at most {LARGEST_PRICE:f}"))
    return amount


def _currency(field: str, text: str, errors: list[FieldError]) -> str:
    try:
        return parse_currency(text)
    except ValueError as error:
        errors.append(FieldError(field, str(error)))
        return ""


def _keep(row: AzureAmountRow, plan: Subscription, asked: Asked) -> None:
    """In the place of what was stated of the same kind before."""
    AzureAmountRow.objects.filter(
        subscription=plan, month=row.month, kind=row.kind, replaced_at__isnull=True
    ).update(replaced_at=asked.now)
    row.tenant_id, row.reseller_id = plan.tenant_id, plan.reseller_id
    row.customer_id, row.subscription = plan.customer_id, plan
    row.source = asked.origin.source
    row.recorded_at, row.actor = asked.now, asked.context.actor.name[:200]
    row.correlation_id = asked.correlation_id
    row.save()
