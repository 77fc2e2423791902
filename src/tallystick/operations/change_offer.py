"""Change of offer: from a day on the subscription is another offer, billed on a line of that.

Another billing cycle or term, the extended service term, an upgrade to another product. Where the
line it has can bill the new offer, only quantity and price change on it. Otherwise it moves: the
new offer's line is set and proved first, then the earlier one goes to 0 from the same day
(``take_over``). Without a line that fits it is recorded all the same, and stops visibly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.catalog.add_offer import OfferFacts, is_same_product
from tallystick.catalog.queries import get_offer
from tallystick.catalog.terms import OfferKind
from tallystick.connections.policies import PriceDay
from tallystick.identity.roles import Right
from tallystick.kit.days import add_months, in_words
from tallystick.kit.problem import FieldError, InvalidInput, NotFound
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.mappings.fit import months_of
from tallystick.mappings.hold import hold_subscription
from tallystick.operations.amounts import amounts_of, as_text
from tallystick.operations.as_of import as_of
from tallystick.operations.finish import (
    Asked,
    Change,
    already_recorded,
    finish,
    first_what_is_due,
)
from tallystick.operations.move_line import ChosenLine, Moving, move_line
from tallystick.operations.offer_price import measure_of
from tallystick.operations.renew import LONGEST_TERM, NewPrice
from tallystick.subscriptions.large_change import check_large_change
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import check_effective_day, read_effective_day, read_quantity
from tallystick.subscriptions.status import SubscriptionStatus

MONTHLY_AMOUNTS = frozenset({OfferKind.AZURE_PLAN, OfferKind.AZURE_RESERVATION})


@dataclass(frozen=True, slots=True)
class NewOffer:
    """What it becomes. ``quantity`` None: as it is. ``ends_on``: the last day of the term that
    begins with it; None: as long as the offer's. ``extended``: the vendor's extended service term,
    which ends any day."""

    offer_id: int
    price: NewPrice
    quantity: int | None = None
    ends_on: date | None = None
    extended: bool = False

    @classmethod
    def read(
        cls,
        offer_id: int,
        *,
        quantity: object = None,
        unit_price: object = None,
        unit_cost: object = None,
        ends_on: date | None = None,
        accepted: bool = False,
    ) -> NewOffer:
        """From what a person typed or a program sent. Raises InvalidInput naming the field."""
        wanted = None if quantity is None else read_quantity(quantity)
        price = NewPrice.read(unit_price, unit_cost, accepted=accepted)
        return cls(offer_id, price, wanted, ends_on)


def change_offer(
    *,
    subscription_id: int,
    to: NewOffer,
    line: ChosenLine | None = None,
    effective_on: object = None,
    today: date,
    asked: Asked,
) -> Recorded:
    """Record it. Raises InvalidInput (naming the field), NotFound, NotAllowed, Conflicting.

    ``line`` None: the only one that fits, if there is one.
    """
    asked.context.require(Right.OPERATE)
    first_what_is_due(subscription_id, asked)
    day = read_effective_day(effective_on, today=today)
    with transaction.atomic():
        view = hold_subscription(asked.context, subscription_id)
        known = already_recorded(asked, view.id)
        if known is not None:
            return known
        offer = offer_of(view, to.offer_id)
        if errors := check_new_offer(view, offer, to, day, today=today):
            raise InvalidInput(errors)
        then = replace(view, offer_id=to.offer_id, offer=offer)
        moving = move_line(view, then, line, day, asked)
        change = _change(view, then, to, day, moving)
        return finish(view.id, lambda _: change, asked=asked)


def offer_of(view: SubscriptionView, offer_id: int) -> OfferFacts:
    """Raises InvalidInput."""
    try:
        return get_offer(tenant_id=view.tenant_id, offer_id=offer_id)
    except NotFound:
        raise InvalidInput.one("offer_id", "is no offer that is known here") from None


def check_new_offer(
    view: SubscriptionView,
    offer: OfferFacts,
    to: NewOffer,
    day: date,
    *,
    today: date,
    price_may_follow: bool = False,
) -> list[FieldError]:
    """What forbids it. ``price_may_follow``: the price rules say it on the day itself."""
    holding = view.holding()
    if holding.status is not SubscriptionStatus.ACTIVE:
        words = f"is {holding.status.label.lower()}: its offer can be changed while it is active"
        return [FieldError("subscription", words)]
    errors = check_effective_day(holding, day, today=today)
    if to.offer_id == view.offer_id:
        errors.append(FieldError("offer_id", "is the offer it has: nothing to record"))
    elif MONTHLY_AMOUNTS & {view.offer.kind, offer.kind}:
        errors.append(FieldError("offer_id", "is billed by its monthly amounts: no such change"))
    errors += to.price.check(view)
    errors += _missing_price(view, offer, to.price, may_follow=price_may_follow)
    if to.ends_on is not None and not day <= to.ends_on <= day + LONGEST_TERM:
        words = f"must be from {in_words(day)} on, and within five years"
        errors.append(FieldError("ends_on", words))
    if errors:
        return errors
    said = (to.price.unit_price, to.price.unit_cost)
    return check_large_change(measure_of(view, offer), *said, accepted=to.price.accepted)


def _missing_price(
    view: SubscriptionView, offer: OfferFacts, price: NewPrice, *, may_follow: bool
) -> list[FieldError]:
    """A price is per billing cycle, and of a product: neither is taken for another's."""
    before, after = view.offer.billing_cycle, offer.billing_cycle
    if not is_same_product(view.offer, offer):
        words = "is needed: it is another product"
    elif before is not after and not may_follow:
        words = f"is needed: the billing cycle changes from {before.label} to {after.label}"
    else:
        return []
    return [
        FieldError(field, words)
        for field in ("unit_price", "unit_cost")
        if getattr(view, field) is not None and getattr(price, field) is None
    ]


def _change(
    view: SubscriptionView, then: SubscriptionView, to: NewOffer, day: date, moving: Moving
) -> Change:
    held = as_of(view, day)
    price = held.unit_price if to.price.unit_price is None else to.price.unit_price
    cost = held.unit_cost if to.price.unit_cost is None else to.price.unit_cost
    quantity = view.quantity if to.quantity is None else to.quantity
    says_units = moving.anew or quantity != view.quantity
    term = _term(view, then.offer, to, day)
    return Change(
        kind=OperationKind.CHANGE_OFFER,
        event=Event.CHANGE_OFFER,
        before={
            "offer": view.offer.label(),
            "offer_id": view.offer_id,
            "quantity": view.quantity,
            "unit_price": as_text(held.unit_price),
            "unit_cost": as_text(held.unit_cost),
        },
        after={
            "offer": then.offer.label(),
            "offer_id": then.offer_id,
            "period_months": months_of(then),
            **amounts_of(view, unit_price=price, unit_cost=cost),
            **({"quantity": quantity} if says_units else {}),
            **{field: _as_json(value) for field, value in term.items()},
            "price_from": PriceDay.OWN_DAY.value,
            "because": dict(to.price.because or {}),
        },
        effective_on=day,
        fields={
            "offer_id": then.offer_id,
            "quantity": quantity,
            "unit_price": price,
            "unit_cost": cost,
            "promotion_ends_on": to.price.promotion_ends_on,
            **term,
        },
        summary=f"{view.offer.label()} becomes {then.offer.label()} from {in_words(day)}",
        only_lane_id=moving.lane_id,
    )


def _term(view: SubscriptionView, offer: OfferFacts, to: NewOffer, day: date) -> dict[str, Any]:
    """What becomes of the term: nothing while it runs, unless that is said."""
    if to.extended:
        return {"commitment_ends_on": None, "cancellable_until": None, "extended": True}
    last_day, months = view.commitment_ends_on, offer.term.months
    begins = view.extended or (last_day is not None and day > last_day)
    if to.ends_on is None and (not begins or months is None):
        return {"commitment_ends_on": None, "extended": False} if begins else {}
    until = to.ends_on
    if until is None and months is not None:
        until = add_months(day, months) - timedelta(days=1)
    return {"commitment_ends_on": until, "cancellable_until": None, "extended": False}


def _as_json(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
