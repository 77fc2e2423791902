"""Azure amounts of a month: recorded on the plan once all of them are final.

The amounts themselves are kept beside (``subscriptions/azure_models``); an operation says what a
month came to, in all. The same again is no operation; a later correction is another one. Of a
suspended plan they are held: a past amount is billed only when a person says so, at reactivation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.catalog.terms import OfferKind
from tallystick.identity.context import Context
from tallystick.kit.problem import NotFound
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Operation
from tallystick.ledger.record import Recorded
from tallystick.operations.finish import Asked, Change, finish
from tallystick.subscriptions.azure_amounts import CannotSum, MonthTotal
from tallystick.subscriptions.azure_queries import billed_months, billed_total
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import SubscriptionView, visible
from tallystick.subscriptions.status import SubscriptionStatus


class Why(StrEnum):
    """Why a month's amounts were not recorded as an operation."""

    SAME = "same"
    NOT_FINAL = "not_final"
    HELD = "held"
    NOTHING = "nothing"
    CANNOT_SUM = "cannot_sum"


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """The sentence says it to a person."""

    why: Why
    words: str


@dataclass(frozen=True, slots=True)
class HeldMonth:
    """Final amounts of a month that are not recorded, because the plan was suspended."""

    month: date
    total: MonthTotal


def record_amounts(
    *, subscription_id: int, month: date, asked: Asked, reactivated: bool = False
) -> Recorded | NotRecorded:
    """Record what a month (its first day) came to. ``reactivated``: a person has chosen it.

    Raises NotFound, NotAllowed, Conflicting.
    """
    with transaction.atomic():
        rows = visible(asked.context).select_for_update(of=("self",), no_key=True)
        plan = rows.filter(pk=subscription_id, offer__kind=OfferKind.AZURE_PLAN.value).first()
        if plan is None:
            raise NotFound("There is no such Azure plan. Nothing was recorded.")
        total = billed_total(asked.context, plan, month)
        before = last_recorded(subscription_id, month)
        if without := _not_recorded(plan, month, total, before, reactivated=reactivated):
            return without
        assert isinstance(total, MonthTotal)  # noqa: S101 - anything else is not recorded

        def decide(_: SubscriptionView) -> Change:
            return _change(total, before)

        return finish(subscription_id, decide, asked=asked)


def held_months(context: Context, plan: Subscription) -> Sequence[HeldMonth]:
    """Final amounts that no operation says, oldest first."""
    found = []
    for month in billed_months(context, plan):
        total = billed_total(context, plan, month)
        if isinstance(total, MonthTotal) and total.final:
            before = last_recorded(plan.pk, month)
            if not (before and says(before, total)):
                found.append(HeldMonth(month, total))
    return found


def last_recorded(subscription_id: int, month: date) -> Mapping[str, Any] | None:
    """What the last operation of a month says; None: there is none."""
    last = (
        Operation.objects.filter(
            subscription_id=subscription_id,
            kind=OperationKind.AZURE_AMOUNTS.value,
            after__month=_text(month),
        )
        .order_by("-sequence")
        .first()
    )
    return last.after if last else None


def _not_recorded(
    plan: Subscription,
    month: date,
    total: MonthTotal | CannotSum | None,
    before: Mapping[str, Any] | None,
    *,
    reactivated: bool,
) -> NotRecorded | None:
    name = f"{month:%B %Y}"
    match total:
        case None:
            return NotRecorded(Why.NOTHING, f"{name}: there are no amounts.")
        case CannotSum():
            return NotRecorded(Why.CANNOT_SUM, total.reason)
        case MonthTotal() if not total.final:
            words = f"{name}: not all amounts are final. They are recorded when they are."
            return NotRecorded(Why.NOT_FINAL, words)
        case MonthTotal() if before is not None and says(before, total):
            return NotRecorded(Why.SAME, f"{name}: recorded already, with the same amounts.")
        case _ if plan.status == SubscriptionStatus.SUSPENDED.value and not reactivated:
            words = f"{name}: the plan is suspended. They are offered when it is reactivated."
            return NotRecorded(Why.HELD, words)
        case _:
            return None


def says(before: Mapping[str, Any], total: MonthTotal) -> bool:
    """Whether the operation (its ``after``) says these amounts."""
    said = _amounts(total)
    return all(before[name] == value for name, value in said.items())


def _amounts(total: MonthTotal) -> dict[str, Any]:
    return {
        "price": f"{total.price:.4f}",
        "cost": f"{total.cost:.4f}",
        "price_currency": total.price_currency,
        "cost_currency": total.cost_currency,
    }


def _change(total: MonthTotal, before: Mapping[str, Any] | None) -> Change:
    said = _amounts(total)
    month = _text(total.month)
    was = {name: before[name] for name in said} if before else {"price": None, "cost": None}
    corrected = ", corrected" if before else ""
    return Change(
        kind=OperationKind.AZURE_AMOUNTS,
        event=Event.RECORD_AZURE_AMOUNTS,
        before={"month": month, **was},
        after={"month": month, **said, "amounts": list(total.ids)},
        effective_on=total.month,
        fields={},
        summary=f"Azure amounts of {total.month:%B %Y}{corrected}: price {said['price']} "
        f"{said['price_currency']}, cost {said['cost']} {said['cost_currency']}",
    )


def _text(month: date) -> str:
    return f"{month:%Y-%m}"
