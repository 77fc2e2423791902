"""What a subscription becomes by itself on a later day, usually with its next term."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from tallystick.catalog.add_offer import OfferFacts
from tallystick.catalog.queries import facts_of
from tallystick.kit.days import in_words
from tallystick.subscriptions.models import ScheduledChange
from tallystick.subscriptions.status import EndOfTerm

LIVING = ("active", "suspended")


@dataclass(frozen=True, slots=True)
class ScheduledView:
    """``on``: the first day it counts; None: with the next term, which has no day yet.

    ``then``: what the term does when it ends. Of the rest, None leaves it as it is.
    """

    subscription_id: int
    on: date | None
    with_next_term: bool
    then: EndOfTerm
    offer_id: int | None
    offer: OfferFacts | None
    quantity: int | None
    unit_price: Decimal | None
    unit_cost: Decimal | None
    contract_id: int | None
    line_id: int | None
    asked_by: str

    def in_words(self) -> str:
        """``M365 · 1 year · Annual, quantity 8 from 1 Jan 2027``."""
        parts = []
        if self.offer is not None:
            parts.append(self.offer.label())
        elif self.then is EndOfTerm.EXTEND and self.with_next_term:
            parts.append("Goes on month by month")
        elif self.with_next_term:
            parts.append("Renews")
        if self.quantity is not None:
            parts.append(f"quantity {self.quantity}")
        if self.unit_price is not None:
            parts.append(f"unit price {_short(self.unit_price)}")
        day = "with the next term" if self.on is None else f"from {in_words(self.on)}"
        return f"{', '.join(parts)} {day}"


def _short(amount: Decimal) -> str:
    """``182.4000`` as ``182.40``."""
    text = f"{amount:.4f}"
    return text[:-2] if text.endswith("00") else text


def scheduled_of(subscription_ids: Collection[int]) -> Mapping[int, ScheduledView]:
    """By subscription; those that have something scheduled only. One query."""
    rows = ScheduledChange.objects.filter(subscription_id__in=subscription_ids)
    return {
        row.subscription_id: view_of(row) for row in rows.select_related("subscription", "offer")
    }


def view_of(row: ScheduledChange) -> ScheduledView:
    last_day = row.subscription.commitment_ends_on
    on = row.on
    if on is None and last_day is not None and last_day < date.max:
        on = last_day + timedelta(days=1)
    return ScheduledView(
        subscription_id=row.subscription_id,
        on=on,
        with_next_term=row.on is None,
        then=EndOfTerm(row.subscription.end_of_term),
        offer_id=row.offer_id,
        offer=facts_of(row.offer) if row.offer is not None else None,
        quantity=row.quantity,
        unit_price=row.unit_price,
        unit_cost=row.unit_cost,
        contract_id=row.contract_id,
        line_id=row.line_id,
        asked_by=row.asked_by,
    )


def ids_scheduled_until(moment: datetime) -> list[int]:
    """Living subscriptions whose scheduled day may have come somewhere by then, in order."""
    day = moment.date() + timedelta(days=1)
    rows = ScheduledChange.objects.filter(subscription__status__in=LIVING)
    due = Q(on__lte=day) | Q(on__isnull=True, subscription__commitment_ends_on__lt=day)
    return list(rows.filter(due).order_by("subscription").values_list("subscription", flat=True))
