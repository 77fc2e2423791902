"""May this change be made, and from which day: pure rules over frozen values.

A rule refuses what cannot be billed at all. What Microsoft would not allow (a decrease outside
the window of 7 days) is said as a note, never refused: Tallystick records and bills, it does not
order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tallystick.catalog.terms import OfferKind
from tallystick.kit.days import in_words, parse_day
from tallystick.kit.money import parse_amount, parse_currency
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.subscriptions.status import SubscriptionStatus

LARGEST_QUANTITY = 1_000_000
LARGEST_PRICE = Decimal("1000000000")
# An effective day further away than this is a typing error, not a plan.
FARTHEST = timedelta(days=5 * 366)
# The field that says of a price that moves by more than a factor 3 (``large_change``): it is meant.
ACCEPT = "accept_large_change"
_DIGITS = re.compile(r"[0-9]{1,7}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Holding:
    """What a subscription is at this moment, as far as the rules need it."""

    quantity: int
    status: SubscriptionStatus
    starts_on: date
    commitment_ends_on: date | None
    cancellable_until: datetime | None
    unit_price: Decimal | None
    unit_cost: Decimal | None


def read_quantity(value: object, *, field: str = "quantity") -> int:
    """A whole number from 1 to 1,000,000, written in plain digits. Raises InvalidInput."""
    if isinstance(value, bool) or value is None:
        raise InvalidInput.one(field, "is missing: write a whole number, like 12")
    if isinstance(value, int):
        number = value
    elif isinstance(value, str) and _DIGITS.match(value.strip()):
        number = int(value.strip())
    else:
        raise InvalidInput.one(
            field, f"“{str(value)[:40]}” is not a whole number in plain digits, like 1200"
        )
    if number == 0:
        raise InvalidInput.one(field, "cannot be 0: to end the subscription, cancel it")
    if not 1 <= number <= LARGEST_QUANTITY:
        raise InvalidInput.one(field, f"must be between 1 and {LARGEST_QUANTITY}")
    return number


def read_price(value: object, *, field: str) -> Decimal:
    """An amount of at most four decimals from 0 to 10^9, as text or Decimal. Raises InvalidInput.

    Text is written plainly: ``1234.50``, no thousands marks, no comma, no exponent.
    """
    try:
        amount = parse_amount(value if isinstance(value, str) else _plain(value))
    except ValueError as error:
        raise InvalidInput.one(field, str(error)) from None
    if amount.is_signed():
        raise InvalidInput.one(field, "must not be negative")
    if amount > LARGEST_PRICE:
        raise InvalidInput.one(field, f"must be at most {LARGEST_PRICE:f}")
    return amount


def _plain(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (Decimal, int)):
        raise ValueError("is missing: write an amount, like 12.50")
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def read_effective_day(value: object, *, today: date, field: str = "effective_on") -> date:
    """A day such as 2026-05-03; missing means today. Raises InvalidInput."""
    if value is None or value == "":
        return today
    if isinstance(value, datetime) or not isinstance(value, (date, str)):
        raise InvalidInput.one(field, "must be a day, like 2026-05-03")
    if isinstance(value, date):
        return value
    try:
        return parse_day(value)
    except ValueError as error:
        raise InvalidInput.one(field, str(error)) from None


def check_effective_day(holding: Holding, day: date, *, today: date) -> list[FieldError]:
    if day < holding.starts_on:
        return [
            FieldError(
                "effective_on",
                f"is before the subscription's start ({in_words(holding.starts_on)})",
            )
        ]
    if day > today + FARTHEST:
        return [FieldError("effective_on", "is more than five years away")]
    return []


def check_applied_day(on: date, *, today: date) -> None:
    """A day prices are applied from. Raises InvalidInput naming ``on``."""
    if abs(on - today) > FARTHEST:
        raise InvalidInput.one("on", "is more than five years away")


def check_quantity_change(
    holding: Holding, quantity: int, day: date, *, today: date
) -> list[FieldError]:
    """What forbids it; empty when it may be recorded."""
    if holding.status is not SubscriptionStatus.ACTIVE:
        return [
            FieldError(
                "subscription",
                f"is {holding.status.label.lower()}: its quantity can no longer be changed",
            )
        ]
    errors = check_effective_day(holding, day, today=today)
    if quantity == holding.quantity:
        errors.append(FieldError("quantity", f"is already {quantity}: nothing to record"))
    return errors


def no_price_margin(kind: OfferKind) -> str:
    """Why a subscription of this kind has no price margin to be updated; empty when it has one."""
    if kind is not OfferKind.AZURE_PLAN:
        return ""
    return (
        "is an Azure plan and has no unit price of its own: each month is billed with its total "
        "amount, as it is stated or imported"
    )


def check_price_change(
    holding: Holding, price: Decimal, cost: Decimal | None, day: date, *, today: date
) -> list[FieldError]:
    """What forbids it; empty when it may be recorded. An Active or Suspended one has a price."""
    if holding.status not in {SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED}:
        words = f"is {holding.status.label.lower()}: its price can no longer be changed"
        return [FieldError("subscription", words)]
    errors = check_effective_day(holding, day, today=today)
    if (price, cost) == (holding.unit_price, holding.unit_cost):
        errors.append(FieldError("unit_price", f"is already {price:f}: nothing to record"))
    return errors


def check_currency(known: str, given: str) -> list[FieldError]:
    """The currency of a first price must be said; afterwards it cannot be another."""
    if not known and not given:
        return [FieldError("currency", "is needed: the subscription has no price yet")]
    if known and given and given != known:
        words = f"is {known} for this subscription: a customer's currency cannot be changed"
        return [FieldError("currency", words)]
    if given:
        try:
            parse_currency(given)
        except ValueError as error:
            return [FieldError("currency", str(error))]
    return []


def check_cancellation(holding: Holding, day: date, *, today: date) -> list[FieldError]:
    """What forbids it; empty when it may be recorded."""
    if holding.status not in {SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED}:
        return [FieldError("subscription", f"is {holding.status.label.lower()}: nothing to cancel")]
    return check_effective_day(holding, day, today=today)


def check_suspension(holding: Holding, day: date, *, today: date) -> list[FieldError]:
    """What forbids it; empty when it may be recorded."""
    if holding.status is not SubscriptionStatus.ACTIVE:
        return [FieldError("subscription", f"is {holding.status.label.lower()}: not active")]
    return check_effective_day(holding, day, today=today)


def check_reactivation(holding: Holding, day: date, *, today: date) -> list[FieldError]:
    """What forbids it; empty when it may be recorded."""
    if holding.status is not SubscriptionStatus.SUSPENDED:
        return [FieldError("subscription", f"is {holding.status.label.lower()}: not suspended")]
    return check_effective_day(holding, day, today=today)


def check_living(holding: Holding) -> list[FieldError]:
    """An Active or Suspended one can still be changed."""
    if holding.status in {SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED}:
        return []
    return [FieldError("subscription", f"is {holding.status.label.lower()}: it has ended")]
