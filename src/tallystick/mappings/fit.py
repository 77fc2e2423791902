"""Which line bills a subscription that has another offer now, or why none does.

The new offer's service on the contract that bills it already, where that fits; else on the only
other contract of the company that does. Where several fit, a person chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tallystick.catalog.add_offer import is_same_product
from tallystick.identity.context import Context
from tallystick.kit.days import in_words
from tallystick.mappings.choose import CYCLES, PERIODS, why_unmappable
from tallystick.mappings.map_subscription import Place
from tallystick.mappings.models import OfferMapping, SubscriptionMapping
from tallystick.mappings.places import ContractOption, Places, place_on, places_for
from tallystick.subscriptions.queries import SubscriptionView


@dataclass(frozen=True, slots=True)
class Fit:
    """``place`` None: ``why`` says what is missing and ``do`` how to repair it.

    ``period``: ``monthly``, ``yearly``; what kind of line it has to be.
    """

    place: Place | None
    period: str
    why: str = ""
    do: str = ""


def fit(
    context: Context, connection_id: int, view: SubscriptionView, *, from_on: date, left: int
) -> Fit:
    """``view`` with the new offer; ``left``: the contract that bills it now. Raises NotFound."""
    period = period_of(view)
    places = places_for(context, connection_id, [view], today=from_on)[view.id]
    if places.missing:
        return Fit(None, period, places.missing, _repair(view, period))
    options = [one for one in places.options if not one.wrong]
    chosen = next((one for one in options if one.contract.id == left), None)
    if chosen is None and len(options) == 1:
        chosen = options[0]
    if chosen is None:
        return _nothing_clear(places, options, period, from_on)
    free = [line for line in chosen.lines if not line.taken]
    if len(free) > 1:
        why = f"{len(free)} lines of {places.service_name} are free on {chosen.contract.name}."
        return Fit(None, period, why, CHOOSE)
    line_id = free[0].line_id if free else None
    return Fit(place_on(places, chosen.contract, line_id), period)


CHOOSE = "Choose the line, then press Sync."


def period_of(view: SubscriptionView) -> str:
    """``monthly`` or ``yearly``."""
    return PERIODS[months_of(view)]


def months_of(view: SubscriptionView) -> int:
    """Of the period of its line; what has no cycle of its own is billed month by month."""
    return CYCLES.get(view.offer.billing_cycle, 1)


def _repair(view: SubscriptionView, period: str) -> str:
    if why_unmappable(view.offer):
        return "Decide on what waits, and unmap the subscription."
    return f"Map the offer to a {period} service, then press Sync."


def _nothing_clear(
    places: Places, options: Sequence[ContractOption], period: str, from_on: date
) -> Fit:
    if options:
        names = ", ".join(one.contract.name for one in options)
        return Fit(None, period, f"{len(options)} contracts fit ({names}).", CHOOSE)
    return Fit(
        None,
        period,
        f"{places.company_name} has no {period} contract in Autotask that bills from "
        f"{in_words(from_on)}.",
        "Make one in Autotask and refresh the list, then press Sync.",
    )


def stays(
    mapping: SubscriptionMapping, billed: SubscriptionView | None, now: SubscriptionView
) -> bool:
    """Whether the line it has can bill the new offer, at another price: it is of that offer's
    service, or that has none and is the same product with the same period.

    ``billed``: with the offer the line bills; None: not known.
    """
    service = (
        OfferMapping.objects.filter(connection_id=mapping.connection_id, offer_id=now.offer_id)
        .values_list("service_id", flat=True)
        .first()
    )
    if service is not None:
        return service == mapping.service_id
    if billed is None or why_unmappable(now.offer):
        return False
    return is_same_product(billed.offer, now.offer) and period_of(billed) == period_of(now)
