"""Purchase: a customer has a new subscription. Recorded; billed once it is mapped.

A price or a cost that is left out is what price lists, promotions and margin rules come to on its
first day, where they come to one; the operation keeps why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from tallystick.audit.events import Event
from tallystick.catalog.because import because_of
from tallystick.catalog.explained import Explained
from tallystick.catalog.models import Offer
from tallystick.identity.roles import Right
from tallystick.kit.days import in_words
from tallystick.kit.money import parse_currency, round_money
from tallystick.kit.problem import Conflicting, FieldError, InvalidInput
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.operations.amounts import as_text
from tallystick.operations.finish import Asked, Change, already_recorded, write
from tallystick.subscriptions.models import Customer, Subscription
from tallystick.subscriptions.pricing import benefit_ends_on, price_to_record
from tallystick.subscriptions.queries import SubscriptionView, view_of
from tallystick.subscriptions.rules import read_quantity
from tallystick.subscriptions.status import EndOfTerm, SubscriptionStatus

LARGEST_AMOUNT = Decimal("1000000000")
MOST_DECIMALS = 4
BY_PRICES = "Left out of the order, so made from price lists and margin rules"


@dataclass(frozen=True, slots=True)
class Order:
    """What was bought; prices are per unit per billing cycle, taxes excluded."""

    customer_id: int
    offer_id: int
    provider_id: str
    quantity: object
    starts_on: date
    commitment_ends_on: date | None = None
    cancellable_until: datetime | None = None
    friendly_name: str = ""
    unit_price: Decimal | None = None
    unit_cost: Decimal | None = None
    price_currency: str = ""
    cost_currency: str = ""
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    is_trial: bool = False
    end_of_term: EndOfTerm | None = None  # None: nobody has said what happens when its term ends


def purchase(order: Order, *, asked: Asked) -> tuple[int, Recorded]:
    """Record it; answers the subscription's id. Raises InvalidInput, NotAllowed, Conflicting."""
    context = asked.context
    context.require(Right.OPERATE)
    quantity = read_quantity(order.quantity)
    if errors := _check(order):
        raise InvalidInput(errors)
    with transaction.atomic():
        customer = Customer.objects.filter(**context.scope(), pk=order.customer_id).first()
        if customer is None:
            raise InvalidInput.one("customer_id", "there is no such customer")
        offer = Offer.objects.filter(tenant_id=context.tenant_id, pk=order.offer_id).first()
        if offer is None:
            raise InvalidInput.one("offer_id", "there is no such offer")
        known = Subscription.objects.filter(
            tenant_id=context.tenant_id, provider_id=order.provider_id
        ).first()
        if known is not None:
            recorded = already_recorded(asked, known.pk)
            if recorded is not None:
                return known.pk, recorded
            raise _recorded_already(order.provider_id)
        row = _add(
            tenant_id=context.tenant_id,
            reseller_id=customer.reseller_id,
            customer=customer,
            offer=offer,
            provider_id=order.provider_id,
            friendly_name=order.friendly_name,
            quantity=quantity,
            status=order.status.value,
            starts_on=order.starts_on,
            commitment_ends_on=order.commitment_ends_on,
            cancellable_until=order.cancellable_until,
            unit_price=order.unit_price,
            unit_cost=order.unit_cost,
            price_currency=order.price_currency,
            cost_currency=order.cost_currency,
            is_trial=order.is_trial,
            end_of_term=(order.end_of_term or EndOfTerm.RENEW).value,
            end_said_at=asked.now if order.end_of_term is not None else None,
            created_at=asked.now,
        )
        view = view_of(row)
        made = _made(view, asked)
        bought = replace(view, **made.fields)
        change = Change(
            kind=OperationKind.PURCHASE,
            event=Event.PURCHASE_SUBSCRIPTION,
            before={"quantity": 0},
            after={
                "quantity": quantity,
                "unit_price": as_text(bought.unit_price),
                "unit_cost": as_text(bought.unit_cost),
                **made.after,
                **({"is_trial": True} if order.is_trial else {}),
                **({"end_of_term": order.end_of_term.value} if order.end_of_term else {}),
            },
            effective_on=order.starts_on,
            fields=made.fields,
            summary=f"{'Trial of' if order.is_trial else 'Bought'} {quantity} from "
            f"{in_words(order.starts_on)}",
        )
        return row.pk, write(row, view, change, asked=asked)


@dataclass(frozen=True, slots=True)
class Made:
    """What the price engine adds to an order: amounts that were left out, and why they are so."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def _made(view: SubscriptionView, asked: Asked) -> Made:
    """Nothing that was ordered is changed; what a trial costs is never guessed."""
    if view.is_trial:
        return Made()
    if view.unit_price is not None and view.unit_cost is not None:
        return Made()
    price = price_to_record(asked.context, view, on=view.starts_on)
    if not isinstance(price, Explained):
        return Made()
    fields: dict[str, Any] = {}
    if view.unit_price is None:
        fields |= {
            "unit_price": price.unit_price,
            "price_currency": price.price_currency,
            "promotion_ends_on": benefit_ends_on(price, view),
        }
    if view.unit_cost is None and price.unit_cost is not None:
        fields |= {"unit_cost": price.unit_cost, "cost_currency": price.cost_currency}
    if not fields:
        return Made()
    return Made(fields, {"because": because_of(price.because, BY_PRICES)})


def _add(**fields: Any) -> Subscription:
    """Raises Conflicting when somebody else recorded it at this very moment."""
    try:
        with transaction.atomic():
            return Subscription.objects.create(**fields)
    except IntegrityError:
        raise _recorded_already(fields["provider_id"]) from None


def _recorded_already(provider_id: str) -> Conflicting:
    return Conflicting(
        f"A subscription with the provider id “{provider_id}” is already recorded. "
        "Nothing was changed."
    )


def _check(order: Order) -> list[FieldError]:
    errors = []
    if not order.provider_id.strip() or len(order.provider_id) > 100:  # noqa: PLR2004 - the column's width
        errors.append(FieldError("provider_id", "must have 1 to 100 characters"))
    if "\x00" in order.provider_id or "\x00" in order.friendly_name:
        errors.append(FieldError("provider_id", "must not contain a NUL character"))
    if len(order.friendly_name) > 300:  # noqa: PLR2004 - the column's width
        errors.append(FieldError("friendly_name", "must have at most 300 characters"))
    if order.commitment_ends_on and order.commitment_ends_on < order.starts_on:
        errors.append(FieldError("commitment_ends_on", "is before the start"))
    errors += _check_money("unit_price", order.unit_price, "price_currency", order.price_currency)
    errors += _check_money("unit_cost", order.unit_cost, "cost_currency", order.cost_currency)
    return errors


def _check_money(
    field: str, amount: Decimal | None, currency_field: str, currency: str
) -> list[FieldError]:
    """At most four decimals, as Autotask keeps; with a currency."""
    errors = []
    if amount is not None:
        if not amount.is_finite() or amount.is_signed() or amount > LARGEST_AMOUNT:
            errors.append(FieldError(field, f"must be between 0 and {LARGEST_AMOUNT:f}"))
        elif amount != round_money(amount, places=MOST_DECIMALS):
            errors.append(FieldError(field, f"must have at most {MOST_DECIMALS} decimals"))
        if not currency:
            errors.append(FieldError(currency_field, f"is needed with {field}"))
    if currency:
        try:
            parse_currency(currency)
        except ValueError as error:
            errors.append(FieldError(currency_field, str(error)))
    return errors
