"""A change of offer, and the extended service term, as somebody else tells of them.

Where no price is said, the price rules say it. What is said is measured by that: a year's price
read as a month's is the dearest mistake a source can make.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tallystick.catalog.add_offer import OfferFacts, known_or_added
from tallystick.catalog.terms import BillingCycle, Term
from tallystick.kit.problem import InvalidInput
from tallystick.operations.change_offer import NewOffer, change_offer
from tallystick.operations.finish import Asked
from tallystick.operations.offer_price import price_of_offer, with_what_is_said
from tallystick.operations.renew import NewPrice
from tallystick.sources.intake import words
from tallystick.sources.intake.became import Became
from tallystick.sources.intake.event import Answer, EventType, NeutralEvent
from tallystick.subscriptions.large_change import large_change
from tallystick.subscriptions.queries import SubscriptionView


def become_another_offer(
    event: NeutralEvent,
    view: SubscriptionView,
    *,
    day: date,
    today: date,
    asked: Asked,
    a_person_said_so: bool,
) -> Became:
    """Raises InvalidInput, NotFound, Conflicting."""
    after, extended = event.after, event.type is EventType.EXTENDED
    facts = _facts(event, view)
    offer_id = offer_for(facts, asked)
    if offer_id == view.offer_id and (view.extended or not extended):
        return _has_it(event, view)
    expected = price_of_offer(asked.context, view, offer_id, facts, on=day, extended=extended)
    as_expected = replace(view, unit_price=expected.unit_price, unit_cost=expected.unit_cost)
    moves = large_change(as_expected, after.unit_price, after.unit_cost)
    if moves and not a_person_said_so:
        return Became(Answer.UNAPPLIED, words.far(moves))
    said = NewPrice(after.unit_price, after.unit_cost, accepted=True)
    recorded = change_offer(
        subscription_id=view.id,
        to=NewOffer(
            offer_id,
            with_what_is_said(expected, said),
            None if after.quantity == view.quantity else after.quantity,
            ends_on=None if extended else after.term_ends_on,
            extended=extended,
        ),
        effective_on=day,
        today=today,
        asked=asked,
    )
    return Became(Answer.ACCEPTED, "", recorded.operation_id)


def _facts(event: NeutralEvent, view: SubscriptionView) -> OfferFacts:
    """In the extended service term the same product, month by month, unless another is said."""
    if event.product is not None:
        return event.product
    if event.type is EventType.EXTENDED:
        return replace(view.offer, term=Term.MONTH, billing_cycle=BillingCycle.MONTHLY)
    raise InvalidInput.one("data.product", "is missing: what did it become?")


def _has_it(event: NeutralEvent, view: SubscriptionView) -> Became:
    """Recorded here before, as a scheduled change or by a person; or only in part."""
    differs = [
        words.differs(name, said, here)
        for name, said, here in (
            ("quantity", event.after.quantity, view.quantity),
            ("unit price", event.after.unit_price, view.unit_price),
            ("unit cost", event.after.unit_cost, view.unit_cost),
        )
        if said is not None and said != here
    ]
    if differs:
        return Became(Answer.UNAPPLIED, words.has_offer_but(", ".join(differs)))
    return Became(Answer.ACCEPTED, words.SO_ALREADY)


def offer_for(said: OfferFacts, asked: Asked) -> int:
    return known_or_added(
        said,
        tenant_id=asked.context.tenant_id,
        actor=asked.context.actor,
        now=asked.now,
        correlation_id=asked.correlation_id,
    )
