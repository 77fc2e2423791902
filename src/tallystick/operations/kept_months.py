"""The months of an Azure plan that are kept, newest first, each with where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tallystick.identity.context import Context
from tallystick.operations.record_amounts import last_recorded, says
from tallystick.subscriptions.azure_amounts import MonthTotal
from tallystick.subscriptions.azure_queries import billed_months, billed_total
from tallystick.subscriptions.queries import visible

MOST = 24


@dataclass(frozen=True, slots=True)
class KeptMonth:
    """``words``: where it stands. Price None: in several currencies, not added up."""

    month: date
    price: Decimal | None
    cost: Decimal | None
    price_currency: str
    cost_currency: str
    words: str


def kept_months(context: Context, subscription_id: int) -> Sequence[KeptMonth]:
    """At most two years of them."""
    plan = visible(context).filter(pk=subscription_id).first()
    if plan is None:
        return []
    found = []
    for month in reversed(billed_months(context, plan)[-MOST:]):
        total = billed_total(context, plan, month)
        if not isinstance(total, MonthTotal):
            found.append(KeptMonth(month, None, None, "", "", "In several currencies"))
            continue
        found.append(
            KeptMonth(
                month,
                total.price,
                total.cost,
                total.price_currency,
                total.cost_currency,
                _words(plan.pk, total),
            )
        )
    return found


def _words(subscription_id: int, total: MonthTotal) -> str:
    if not total.final:
        return "Not final"
    before = last_recorded(subscription_id, total.month)
    return "Recorded" if before is not None and says(before, total) else "Held"
