"""A new price from the vendor's own day: renewal, a promotion's end, a trial that becomes paid.

The day is the vendor's, so it is billed from that day and not from a period's start; in a period
that is approved already the next one is the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tallystick.audit.events import Event
from tallystick.connections.policies import PriceDay
from tallystick.identity.people import tenant_zone
from tallystick.kit.clock import civil_day
from tallystick.kit.days import add_months, in_words
from tallystick.kit.problem import FieldError
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.models import Operation
from tallystick.ledger.record import Recorded
from tallystick.operations.amounts import amounts_of, as_text, by_months
from tallystick.operations.as_of import as_of
from tallystick.operations.finish import SCHEDULE, Asked, Change, finish
from tallystick.subscriptions.large_change import check_large_change
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import (
    check_currency,
    check_effective_day,
    check_living,
    read_effective_day,
    read_price,
    read_quantity,
)
from tallystick.subscriptions.status import SubscriptionStatus

LONGEST_TERM = timedelta(days=5 * 366)
TOLD_WITHIN = timedelta(days=7)
UNCHANGED = "Quantity, price and cost stay as they are. Nothing is sent."


@dataclass(frozen=True, slots=True)
class NewPrice:
    """What it costs and is sold for from then on; None: as before. ``because``: why (prices).

    ``currency``: of a subscription's first price. ``accepted``: a move by more than a factor 3 is
    meant. ``promotion_ends_on``: of the promotion it was made with, within the term.
    """

    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    because: Mapping[str, Any] | None = None
    currency: str = ""
    accepted: bool = False
    promotion_ends_on: date | None = None

    @classmethod
    def read(
        cls,
        unit_price: object,
        unit_cost: object,
        *,
        currency: str = "",
        accepted: bool = False,
    ) -> NewPrice:
        """From what a person typed or a program sent. Raises InvalidInput naming the field."""
        return cls(
            None if unit_price is None else read_price(unit_price, field="unit_price"),
            None if unit_cost is None else read_price(unit_cost, field="unit_cost"),
            currency=currency,
            accepted=accepted,
        )

    def check(self, view: SubscriptionView) -> list[FieldError]:
        """An amount is in the subscription's currency; without one it cannot be said."""
        known = {"unit_price": view.price_currency, "unit_cost": view.cost_currency}
        return [
            FieldError(field, "has no currency yet: set a first price with one")
            for field, currency in known.items()
            if getattr(self, field) is not None and not currency
        ]


def renew(
    *,
    subscription_id: int,
    price: NewPrice,
    quantity: object = None,
    ends_on: date | None = None,
    asked: Asked,
) -> Recorded:
    """The next term begins the day after this one's last; it is as long unless ``ends_on`` says.
    A term that began by itself is renewed in its last week, or with ``ends_on``.

    Raises InvalidInput (naming the field), NotFound, NotAllowed, Conflicting.
    """
    wanted = None if quantity is None else read_quantity(quantity)

    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        last_day, months = view.commitment_ends_on, view.offer.term.months
        if last_day is None or last_day == date.max:
            return [FieldError("subscription", "has no term that could be renewed")]
        begins = last_day + timedelta(days=1)
        if ends_on is None and (twice := _renewed_already(view, last_day, asked)):
            return [FieldError("ends_on", twice)]
        until = ends_on
        if until is None and months is not None:
            until = _last_day(view.starts_on, begins, months)
        if until is None or until < begins:
            return [FieldError("ends_on", f"must be {in_words(begins)} or later")]
        if until > begins + LONGEST_TERM:
            return [FieldError("ends_on", "is more than five years after the term's first day")]
        change = _priced(view, OperationKind.RENEW, begins, price, quantity=wanted)
        if isinstance(change, list):
            return change
        return _with(
            change,
            {"commitment_ends_on": until.isoformat()},
            {"commitment_ends_on": until, "cancellable_until": None, "extended": False},
            event=Event.RENEW_SUBSCRIPTION,
            summary=f"Renewed from {in_words(begins)} until {in_words(until)}",
        )

    return finish(subscription_id, decide, asked=asked)


def _renewed_already(view: SubscriptionView, last_day: date, asked: Asked) -> str:
    """Who renews by hand what has renewed by itself would make two terms of one: what to say."""
    today = civil_day(asked.now, tenant_zone(view.tenant_id))
    if asked.origin.source == SCHEDULE or today >= last_day - TOLD_WITHIN:
        return ""
    newest = (
        Operation.objects.filter(subscription_id=view.id, kind=OperationKind.RENEW.value)
        .order_by("-sequence")
        .first()
    )
    if newest is None or newest.source != SCHEDULE:
        return ""
    if newest.after.get("commitment_ends_on") != last_day.isoformat():
        return ""
    return (
        f"is needed: it has renewed by itself on {in_words(newest.effective_on)}, until "
        f"{in_words(last_day)}. If it is to be renewed once more, say the last day of that term"
    )


def _last_day(starts_on: date, begins: date, months: int) -> date:
    """Of a term that begins then. What began on a 31st is not moved on by each shorter month."""
    since = (begins.year - starts_on.year) * 12 + begins.month - starts_on.month
    if since > 0 and add_months(starts_on, since) == begins:
        return add_months(starts_on, since + months) - timedelta(days=1)
    return add_months(begins, months) - timedelta(days=1)


def renewed_by_itself(subscription_id: int, *, on: date) -> bool:
    """Whether a term was recorded without a person that begins on that day, give or take a week:
    who tells of it later, without its last day, tells of that renewal."""
    return Operation.objects.filter(
        subscription_id=subscription_id,
        kind=OperationKind.RENEW.value,
        source=SCHEDULE,
        effective_on__range=(on - TOLD_WITHIN, on + TOLD_WITHIN),
    ).exists()


def end_promotion(
    *, subscription_id: int, price: NewPrice, effective_on: object, today: date, asked: Asked
) -> Recorded:
    """From that day it is sold without the promotion. Raises as ``renew``."""
    day = read_effective_day(effective_on, today=today)

    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        return check_effective_day(view.holding(), day, today=today) or _priced(
            view, OperationKind.END_PROMOTION, day, price
        )

    return finish(subscription_id, decide, asked=asked)


def convert_trial(
    *, subscription_id: int, price: NewPrice, effective_on: object, today: date, asked: Asked
) -> Recorded:
    """From that day a trial is paid for; it stays the same subscription. Raises as ``renew``."""
    day = read_effective_day(effective_on, today=today)

    def decide(view: SubscriptionView) -> Change | list[FieldError]:
        if not view.is_trial:
            return [FieldError("subscription", "is no trial")]
        if errors := check_effective_day(view.holding(), day, today=today):
            return errors
        change = _priced(view, OperationKind.CONVERT_TRIAL, day, price)
        if isinstance(change, list):
            return change
        return _with(
            change,
            {"is_trial": False},
            {"is_trial": False},
            event=Event.CONVERT_TRIAL,
            summary=f"Paid for from {in_words(day)}",
        )

    return finish(subscription_id, decide, asked=asked)


def _priced(
    view: SubscriptionView,
    kind: OperationKind,
    day: date,
    price: NewPrice,
    *,
    quantity: int | None = None,
) -> Change | list[FieldError]:
    errors = check_living(view.holding())
    if price.unit_price is not None or price.currency:
        errors += check_currency(view.price_currency, price.currency)
    currency = view.price_currency or price.currency
    cost_currency = view.cost_currency or (currency if price.unit_cost is not None else "")
    known = replace(view, price_currency=currency, cost_currency=cost_currency)
    if price.unit_cost is not None and not known.cost_currency:
        errors.append(FieldError("unit_cost", "has no currency yet: give the price with one"))
    not_sent = by_months(view)
    accepted = price.accepted or bool(not_sent)
    errors += check_large_change(view, price.unit_price, price.unit_cost, accepted=accepted)
    moves = quantity is not None and quantity != view.quantity
    if moves and view.status is SubscriptionStatus.SUSPENDED:
        # What is billed of it meanwhile is the connection's rule.
        errors.append(FieldError("quantity", "cannot be changed while it is suspended"))
    if errors:
        return errors
    # Where one amount is said, the other is that of the day; where none is, both stay.
    says_one = (price.unit_price is None) != (price.unit_cost is None)
    held = as_of(view, day) if says_one else view
    new_price = held.unit_price if price.unit_price is None else price.unit_price
    new_cost = held.unit_cost if price.unit_cost is None else price.unit_cost
    same = (new_price, new_cost) == (view.unit_price, view.unit_cost) and not moves
    return Change(
        kind=kind,
        event=Event.UPDATE_SUBSCRIPTION,
        before={
            "quantity": view.quantity,
            "unit_price": as_text(view.unit_price),
            "unit_cost": as_text(view.unit_cost),
        },
        after={
            **amounts_of(known, unit_price=new_price, unit_cost=new_cost),
            **({"quantity": quantity} if moves else {}),
            "price_from": PriceDay.OWN_DAY.value,
            "because": dict(price.because or {}),
        },
        effective_on=day,
        fields={
            "unit_price": new_price,
            "unit_cost": new_cost,
            "price_currency": known.price_currency,
            "cost_currency": known.cost_currency,
            "promotion_ends_on": price.promotion_ends_on,
            **({"quantity": quantity} if moves else {}),
        },
        summary=f"{kind.label}: unit price {as_text(new_price) or 'none'} from {in_words(day)}",
        not_applicable=lambda _: UNCHANGED if same else not_sent,
    )


def _with(
    change: Change,
    after: Mapping[str, Any],
    fields: Mapping[str, Any],
    *,
    event: Event,
    summary: str,
) -> Change:
    """The same operation, about something more."""
    return Change(
        kind=change.kind,
        event=event,
        before=change.before,
        after={**change.after, **after},
        effective_on=change.effective_on,
        fields={**change.fields, **fields},
        summary=f"{summary}. {change.summary}",
        not_applicable=change.not_applicable,
    )
