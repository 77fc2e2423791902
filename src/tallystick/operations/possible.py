"""What can be done to a subscription now, what cannot and why, and what a commitment says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import assert_never

from tallystick.catalog.terms import OfferKind
from tallystick.kit.days import in_words
from tallystick.operations.acts import Act
from tallystick.subscriptions.commitment import Commitment
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.status import SubscriptionStatus

LIVING = frozenset({SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED})
NO_PRICE = "It has no price yet: Update price margin sets the first one."
NO_UNIT_PRICE = "An Azure plan is billed by its monthly amounts: it has no unit price."


@dataclass(frozen=True, slots=True)
class Possible:
    """``why_not``: empty when it can be done. ``note``: what the commitment makes of it, and
    ``brief`` the same in a few words."""

    act: Act
    why_not: str = ""
    note: str = ""
    brief: str = ""


def possible(view: SubscriptionView, held: Commitment) -> list[Possible]:
    """Every act, in the order of ``Act``."""
    return [_possible(act, view, held) for act in Act]


def _possible(act: Act, view: SubscriptionView, held: Commitment) -> Possible:
    note = _note(act, held)
    return Possible(act, why_not(act, view), note, _brief(act, held) if note else "")


def why_not(act: Act, view: SubscriptionView) -> str:
    """A sentence; empty when it can be done. The verb asks again, under the lock."""
    if view.status not in LIVING:
        return f"It is {view.status.label.lower()}: nothing of it can be changed any more."
    match act:
        case Act.QUANTITY:
            suspended = view.status is SubscriptionStatus.SUSPENDED
            return "It is suspended: reactivate it first." if suspended else ""
        case Act.PRICE:
            return NO_UNIT_PRICE if view.offer.kind is OfferKind.AZURE_PLAN else ""
        case Act.SUSPEND:
            suspended = view.status is SubscriptionStatus.SUSPENDED
            return "It is suspended already." if suspended else ""
        case Act.REACTIVATE:
            active = view.status is SubscriptionStatus.ACTIVE
            return "It is active: there is nothing to reactivate." if active else ""
        case Act.RENEW | Act.END_OF_TERM:
            return _term(view)
        case Act.END_PROMOTION:
            if view.offer.kind is OfferKind.AZURE_PLAN:
                return NO_UNIT_PRICE
            return "" if view.price_currency else NO_PRICE
        case Act.CONVERT_TRIAL:
            return "" if view.is_trial else "It is no trial: it is paid for already."
        case Act.RENAME | Act.PURCHASE_ORDER | Act.DELETED | Act.CANCEL:
            return ""
        case _:
            assert_never(act)


def _term(view: SubscriptionView) -> str:
    endless = view.commitment_ends_on in {None, date.max}
    return "It has no term that could end." if endless else ""


def _note(act: Act, held: Commitment) -> str:
    """The commitment guard: Microsoft's rule, which refuses nothing here."""
    if act is Act.QUANTITY:
        return held.about_fewer()
    if act is Act.CANCEL:
        return held.why_no_cancelling()
    if act is Act.SUSPEND and held.committed and held.last_day is not None:
        return (
            f"It is committed until {in_words(held.last_day)}: suspending stops the service, "
            "not Microsoft's billing."
        )
    return ""


def _brief(act: Act, held: Commitment) -> str:
    if act is Act.SUSPEND:
        return "Microsoft's billing goes on"
    if act is Act.QUANTITY and held.reducible:
        return f"Microsoft takes back {held.reducible} of {held.quantity} now"
    until = "" if held.last_day is None else f" until {in_words(held.last_day)}"
    return f"{'More at any time, fewer not' if act is Act.QUANTITY else 'Committed'}{until}"
