"""Reactivate: the service goes on, and is billed as it is held.

Of an Azure plan the amounts of months that were held meanwhile are offered: those that are chosen
are recorded with it; the others are named in it, and a past amount is never carried forward.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.catalog.terms import OfferKind
from tallystick.identity.context import Context
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Operation
from tallystick.ledger.record import Recorded
from tallystick.operations.amounts import amounts_of
from tallystick.operations.finish import Asked, Change, finish
from tallystick.operations.record_amounts import HeldMonth, held_months, record_amounts
from tallystick.operations.state_amounts import read_month
from tallystick.subscriptions.queries import SubscriptionView, visible
from tallystick.subscriptions.rules import check_reactivation, read_effective_day
from tallystick.subscriptions.status import SubscriptionStatus

AMOUNTS_RESUME = (
    "Reactivated: an Azure plan is billed by its monthly amounts, which resume. Nothing is sent."
)


def reactivate(
    *,
    subscription_id: int,
    effective_on: object = None,
    months: Sequence[str] = (),
    today: date,
    asked: Asked,
) -> Recorded:
    """Record it. ``months``: those held that are to be billed, like ``2026-05``.

    Raises InvalidInput (naming the field), NotFound, NotAllowed, Conflicting.
    """
    day = read_effective_day(effective_on, today=today)
    chosen = [read_month(one, field="months") for one in months]

    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        if errors := check_reactivation(view.holding(), day, today=today):
            return errors
        is_plan = view.offer.kind is OfferKind.AZURE_PLAN
        held = held_of(asked.context, view.id)
        if strangers := sorted({*chosen} - {one.month for one in held}):
            words = f"{strangers[0]:%Y-%m} has no amounts that are held"
            return [FieldError("months", words)]
        return Change(
            kind=OperationKind.REACTIVATE,
            event=Event.REACTIVATE_SUBSCRIPTION,
            before={"status": view.status.value},
            after={
                "status": SubscriptionStatus.ACTIVE.value,
                "units": view.quantity,
                **_amounts(view, day),
                **_held_in_words(held, chosen),
            },
            effective_on=day,
            fields={"status": SubscriptionStatus.ACTIVE.value},
            summary=f"Reactivated from {in_words(day)}",
            not_applicable=lambda _: AMOUNTS_RESUME if is_plan else "",
        )

    with transaction.atomic():
        recorded = finish(subscription_id, decide, asked=asked)
        for month in sorted({*chosen}):
            record_amounts(
                subscription_id=subscription_id,
                month=month,
                asked=replace(asked, origin=replace(asked.origin, source_id=None)),
                reactivated=True,
            )
        return recorded


def _amounts(view: SubscriptionView, day: date) -> dict[str, Any]:
    """Whatever the suspension made of the line: all of it is said again.

    Unless another price is recorded for a later day. That one is not billed before; and the line
    still has what it had, when no price was recorded while it was suspended.
    """
    said = Operation.objects.filter(subscription_id=view.id, after__has_key="unit_price")
    ours = Operation.objects.filter(subscription_id=view.id, kind=OperationKind.SUSPEND.value)
    since = ours.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    as_it_was = not said.filter(sequence__gt=since).exists()
    return {} if as_it_was and said.filter(effective_on__gt=day).exists() else amounts_of(view)


def held_of(context: Context, subscription_id: int) -> Sequence[HeldMonth]:
    """The months of an Azure plan that are offered when it is reactivated."""
    kind = OfferKind.AZURE_PLAN.value
    plan = visible(context).filter(pk=subscription_id, offer__kind=kind).first()
    return held_months(context, plan) if plan is not None else ()


def _held_in_words(held: Sequence[HeldMonth], chosen: Sequence[date]) -> dict[str, Any]:
    """What was offered and what was chosen of it; nothing when nothing was held."""
    if not held:
        return {}
    return {
        "held": [
            {
                "month": f"{one.month:%Y-%m}",
                "price": f"{one.total.price:.4f}",
                "price_currency": one.total.price_currency,
                "billed": one.month in chosen,
            }
            for one in held
        ]
    }
