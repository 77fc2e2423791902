"""One subscription as Pax8 writes it, as a row of a list. Pure.

Facts of its OpenAPI description. Only final states count: what is pending is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from tallystick.catalog.terms import BillingCycle, OfferKind, Term
from tallystick.kit.days import vendor_day
from tallystick.kit.money import round_money
from tallystick.sources.intake.event import CustomerSaid
from tallystick.sources.moments import Moment, vendor_moment
from tallystick.sources.unread import Unread
from tallystick.subscriptions.status import SubscriptionStatus

# Its ``vendorSkuId`` came in 2026 and is missing for most; the product's id tells offers apart.
SKU: Final = "pax8"
_STATUSES = {
    "Active": SubscriptionStatus.ACTIVE,
    "Activated": SubscriptionStatus.ACTIVE,
    "Converted": SubscriptionStatus.ACTIVE,
    "Cancelled": SubscriptionStatus.CANCELLED,
}
_CYCLES = {
    "Monthly": BillingCycle.MONTHLY,
    "Annual": BillingCycle.ANNUAL,
    "3-Year": BillingCycle.TRIENNIAL,
    "One-Time": BillingCycle.ONE_TIME,
}
_TERMS = {
    "": Term.NONE,
    "Monthly": Term.MONTH,
    "1-Month": Term.MONTH,
    "Annual": Term.YEAR,
    "1-Year": Term.YEAR,
    "3-Year": Term.THREE_YEARS,
    "5-Year": Term.FIVE_YEARS,
}


def read_subscription(said: Mapping[str, Any], company: CustomerSaid) -> dict[str, str] | Unread:
    """The row, by the columns of a list; or why there is none."""
    subject = _text(said, "id").lower()
    status, cycle = _text(said, "status"), _text(said, "billingTerm")
    commitment = said.get("commitmentTerm")
    committed = commitment if isinstance(commitment, Mapping) else {}
    term = _text(committed, "term")
    if not subject:
        return Unread("", "It has no id.")
    if status not in _STATUSES:
        return Unread(subject, f"Its status “{status[:40]}” is not final, or not known here.")
    if cycle not in _CYCLES:
        return Unread(subject, f"Its billing term “{cycle[:40]}” is not known here.")
    if term not in _TERMS:
        return Unread(subject, f"Its commitment “{term[:40]}” is not known here.")
    product_id = _text(said, "productId")
    if not product_id:
        return Unread(subject, "It names no product.")
    try:
        starts_on = vendor_day(_text(said, "billingStart") or _text(said, "startDate"))
        ends = _text(committed, "endDate")
        ends_on = vendor_day(ends).isoformat() if ends else ""
        price, cost = _amount(said, "price"), _amount(said, "partnerCost")
    except ValueError as error:
        return Unread(subject, f"It cannot be read: {error}.")
    return {
        "customer_id": company.id,
        "customer": company.name,
        "offer_id": f"{product_id}:{SKU}",
        "offer": _text(said, "productName") or product_id,
        "term": _TERMS[term].value,
        "billing_cycle": _CYCLES[cycle].value,
        "subscription_id": subject,
        "quantity": _text(said, "quantity").removesuffix(".0"),
        "unit_price": price,
        "unit_cost": cost,
        "currency": _text(said, "currencyCode") if price or cost else "",
        "starts_on": starts_on.isoformat(),
        "ends_on": ends_on,
        "status": _STATUSES[status].value,
        "kind": OfferKind.NCE_LICENCE.value,
    }


def changed_at(said: Mapping[str, Any]) -> Moment | None:
    """``updatedDate``, without one ``createdDate``: a moment, or a day (then its beginning)."""
    for name in ("updatedDate", "createdDate"):
        if text := _text(said, name):
            try:
                return vendor_moment(text if "T" in text else f"{text}T00:00:00")
            except ValueError:
                return None
    return None


def counts_from(said: Mapping[str, Any]) -> str:
    """The day of a change: when its start lies after it, the start (inferred); else its own."""
    changed = (_text(said, "updatedDate") or _text(said, "createdDate"))[:10]
    return max(changed, _text(said, "startDate")[:10])


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return " ".join(str(value).split()) if isinstance(value, (str, int, float)) else ""


def _amount(said: Mapping[str, Any], name: str) -> str:
    """As it was written, rounded to the four decimals that are billed. Raises ValueError."""
    text = _text(said, name)
    if not text:
        return ""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"its {name} is no amount") from None
    if not amount.is_finite():
        raise ValueError(f"its {name} is no amount")
    return f"{round_money(amount):f}"
