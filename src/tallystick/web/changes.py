"""The *Change* menu of a subscription: what can be done now, and why the rest cannot. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.urls import reverse

from tallystick.catalog.terms import OfferKind
from tallystick.operations.acts import Act
from tallystick.operations.possible import LIVING, Possible
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.status import SubscriptionStatus

_OWN_FORMS = {
    Act.QUANTITY: "change-quantity",
    Act.PRICE: "price-margin",
    Act.CANCEL: "cancel",
}
CHANGE_OFFER = "Change offer"
APART_FIRST = "It is billed on one line together with others: bill it apart first."


@dataclass(frozen=True, slots=True)
class Entry:
    """``note``: what the commitment says of it, or why it is not possible now."""

    label: str
    href: str
    note: str


@dataclass(frozen=True, slots=True)
class Changes:
    possible: Sequence[Entry]
    not_now: Sequence[Entry]


def changes_of(
    view: SubscriptionView, found: Sequence[Possible], *, together: bool = False
) -> Changes:
    """An act that has a form is never left out without a word. ``together``: a line bills it with
    others."""
    if together:
        found = [replace(one, why_not=APART_FIRST) if _is_alone(one) else one for one in found]
    changes = Changes(
        possible=[
            Entry(one.act.label, _href(view.id, one.act), one.brief)
            for one in found
            if not one.why_not
        ],
        not_now=[Entry(one.act.label, "", one.why_not) for one in found if one.why_not],
    )
    if view.offer.kind is OfferKind.AZURE_PLAN and view.status in LIVING:
        amounts = Entry("Azure amounts", reverse("azure-amounts", args=[view.id]), "")
        changes = replace(changes, possible=[amounts, *changes.possible])
    if view.status is SubscriptionStatus.ACTIVE and not together:
        offer = Entry(CHANGE_OFFER, reverse("change-offer", args=[view.id]), "")
        return replace(changes, possible=[*changes.possible, offer])
    active = view.status is SubscriptionStatus.ACTIVE
    why = APART_FIRST if active else f"It is {view.status.label.lower()}."
    offer = Entry(CHANGE_OFFER, "", why)
    return replace(changes, not_now=[*changes.not_now, offer])


def _is_alone(one: Possible) -> bool:
    """What only one with a line of its own may do, and could do now."""
    return one.act is Act.CONVERT_TRIAL and not one.why_not


def _href(subscription_id: int, act: Act) -> str:
    if act in _OWN_FORMS:
        return reverse(_OWN_FORMS[act], args=[subscription_id])
    return reverse("change", args=[subscription_id, act.word])
