"""One subscription as Partner Center writes it, as a row of a list. Pure.

Facts of https://learn.microsoft.com/partner-center/developer/subscription-resources, and of its
samples where those differ from it. Days are taken as written, the first ten characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tallystick.catalog.terms import BillingCycle, OfferKind, Term
from tallystick.kit.days import vendor_day
from tallystick.sources.intake.event import CustomerSaid
from tallystick.sources.unread import Unread
from tallystick.subscriptions.status import EndOfTerm, SubscriptionStatus

# "A date far, far away" stands for no end: 9999-12-10, and years nobody commits to.
NO_END_FROM: Final = 2100
# https://learn.microsoft.com/partner-center/developer/get-a-list-of-available-catalog-items
AZURE_PLAN: Final = "DZH318Z0BPS6"
LEGACY_SKU: Final = "legacy"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z", re.IGNORECASE | re.ASCII)
_TERMS = {term.value.lower(): term for term in Term} | {"": Term.NONE, "noterm": Term.NONE}
_CYCLES = {cycle.value: cycle for cycle in BillingCycle} | {
    "": BillingCycle.NONE,
    "onetime": BillingCycle.ONE_TIME,
}
_STATUSES = {one.value: one for one in SubscriptionStatus}
_KINDS = {
    "azureplan": OfferKind.AZURE_PLAN,
    "azurereservation": OfferKind.AZURE_RESERVATION,
    "savingsplan": OfferKind.SAVINGS_PLAN,
    "onlineservicesnce": OfferKind.NCE_LICENCE,
    "saas": OfferKind.MARKETPLACE,
}


class Said:
    """A JSON object whose names are found in either spelling: ``quantity``, ``Quantity``."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self._found = {name[:1].lower() + name[1:]: value for name, value in found.items()}

    def text(self, name: str) -> str:
        value = self._found.get(name)
        return " ".join(str(value).split()) if isinstance(value, (str, int, float)) else ""

    def get(self, name: str) -> Any:
        return self._found.get(name)

    def inner(self, name: str) -> Said:
        found = self._found.get(name)
        return Said(found if isinstance(found, Mapping) else {})


def read_subscription(found: Mapping[str, Any], customer: CustomerSaid) -> dict[str, str] | Unread:
    """The row, by the columns of a list; or why there is none."""
    said = Said(found)
    subject = said.text("id").lower()
    if not subject:
        return Unread("", "It has no id.")
    said_status, said_term = said.text("status").lower(), said.text("termDuration")
    said_cycle = said.text("billingCycle")
    status, term = _STATUSES.get(said_status), _TERMS.get(said_term.lower())
    cycle = _CYCLES.get(said_cycle.lower())
    if status is None:
        return Unread(subject, f"Its status “{said_status[:40]}” is not final, or not known here.")
    if term is None:
        return Unread(subject, f"Its term “{said_term[:40]}” is not known here.")
    if cycle is None:
        return Unread(subject, f"Its billing cycle “{said_cycle[:40]}” is not known here.")
    product_id, sku_id = _offer(said.text("offerId"))
    if not product_id:
        return Unread(subject, "It names no offer.")
    try:
        starts_on = vendor_day(said.text("effectiveStartDate") or said.text("creationDate"))
        ends = said.text("commitmentEndDate") or said.text("commitmentEndDateTime")
        ends_on = vendor_day(ends) if ends else None
    except ValueError as error:
        return Unread(subject, f"One of its days cannot be read: {error}.")
    if ends_on is not None and ends_on.year >= NO_END_FROM:
        ends_on = None
    kind = _kind(said, product_id)
    return {
        "customer_id": customer.id,
        "customer": customer.name,
        "offer_id": f"{product_id}:{sku_id}",
        "offer": said.text("offerName") or f"{product_id}:{sku_id}",
        "term": term.value,
        "billing_cycle": cycle.value,
        "subscription_id": subject,
        "subscription": said.text("friendlyName")[:300],
        "quantity": said.text("quantity").removesuffix(".0"),
        "starts_on": starts_on.isoformat(),
        "ends_on": "" if ends_on is None else ends_on.isoformat(),
        "status": status.value,
        "end_of_term": _end_of_term(said, kind),
        "cancel_by": said.text("cancellationAllowedUntilDate"),
        "next_term": _next_term(said),
        "kind": kind.value,
    }


def _offer(offer_id: str) -> tuple[str, str]:
    """``product:sku:availability``: the last "can only be relied on within a short time". A GUID
    or ``MS-AZR-0145P`` is an offer from before the new commerce."""
    product, _, rest = offer_id.partition(":")
    sku = rest.partition(":")[0]
    return product, sku or (LEGACY_SKU if product else "")


def _kind(said: Said, product_id: str) -> OfferKind:
    if product_id == AZURE_PLAN or said.text("billingType").lower() == "usage":
        return OfferKind.AZURE_PLAN
    if _GUID.match(product_id):
        return OfferKind.LEGACY_LICENCE
    if (known := _KINDS.get(said.inner("productType").text("id").lower())) is not None:
        return known
    if said.get("isMicrosoftProduct") is False:
        return OfferKind.MARKETPLACE
    return OfferKind.NCE_LICENCE


def _next_term(said: Said) -> str:
    """What was scheduled for it (``scheduledNextTermInstructions``), in words: ``12 licences, 1
    year, monthly``; empty when nothing was. What is not known here stands as it was told."""
    told = said.inner("scheduledNextTermInstructions")
    product = told.inner("product")
    quantity = told.text("quantity").removesuffix(".0")
    term, cycle = product.text("termDuration"), product.text("billingCycle")
    known_term, known_cycle = _TERMS.get(term.lower()), _CYCLES.get(cycle.lower())
    offer = ":".join(part for part in (product.text("productId"), product.text("skuId")) if part)
    parts = [
        f"{quantity} licences" if quantity else "",
        (known_term.label if known_term else term) if term else "",
        (known_cycle.label.lower() if known_cycle else cycle) if cycle else "",
        offer if offer != ":".join(_offer(said.text("offerId"))) else "",
    ]
    return ", ".join(part for part in parts if part)[:300]


def _end_of_term(said: Said, kind: OfferKind) -> str:
    """Since 4 May 2026 a licence that does not renew goes on month by month (extended service
    term), unless a cancellation is scheduled. Where that is told is inferred (``scheduledActions``:
    no page of Microsoft's that says so was seen)."""
    renews = said.get("autoRenewEnabled")
    if not isinstance(renews, bool):
        return ""
    if renews:
        return EndOfTerm.RENEW.value
    actions = said.get("scheduledActions")
    for action in actions if isinstance(actions, list) else []:
        if isinstance(action, Mapping) and Said(action).text("actionType").lower() == "cancel":
            return EndOfTerm.CANCEL.value
    return (EndOfTerm.EXTEND if kind is OfferKind.NCE_LICENCE else EndOfTerm.CANCEL).value
