"""Make an event the operation it tells of, by the verb a person would use.

What is so already needs no operation; what has no verb is said, never dropped; what a verb refuses
is told in its words. Nothing is stored of what was refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import assert_never

from django.db import transaction

from tallystick.identity.people import tenant_zone
from tallystick.kit.clock import civil_day
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.ledger.record import Recorded
from tallystick.operations.as_of import as_of
from tallystick.operations.cancel import cancel
from tallystick.operations.change_quantity import change_quantity
from tallystick.operations.end import delete_by_vendor
from tallystick.operations.finish import Asked
from tallystick.operations.note import rename, set_end_of_term
from tallystick.operations.reactivate import reactivate
from tallystick.operations.renew import TOLD_WITHIN, NewPrice, renew, renewed_by_itself
from tallystick.operations.suspend import suspend
from tallystick.operations.update_price import update_price
from tallystick.sources.intake import words
from tallystick.sources.intake.another_offer import become_another_offer
from tallystick.sources.intake.became import Became
from tallystick.sources.intake.buy import buy, name_customer
from tallystick.sources.intake.event import Answer, EventType, NeutralEvent
from tallystick.subscriptions.large_change import large_change, moves_far_in_words
from tallystick.subscriptions.queries import SubscriptionView, subscription_by_provider_id
from tallystick.subscriptions.rules import ACCEPT
from tallystick.subscriptions.status import LIVE, SubscriptionStatus


@dataclass(frozen=True, slots=True)
class _Here:
    """An event, the subscription it is about, and who asks."""

    event: NeutralEvent
    view: SubscriptionView
    day: date
    today: date
    asked: Asked
    a_person_said_so: bool


def carry_out(event: NeutralEvent, *, asked: Asked, a_person_said_so: bool = False) -> Became:
    """``a_person_said_so``: somebody has looked at a price that moves far, and at what is late."""
    if not event.succeeded:
        return Became(Answer.UNAPPLIED, words.NOT_DONE_THERE)
    try:
        with transaction.atomic():
            return _carry_out(event, asked, a_person_said_so)
    except InvalidInput as problem:
        held = [error.message for error in problem.errors if error.field == ACCEPT]
        if held:  # a quantity that brings the price of a promotion
            return Became(Answer.UNAPPLIED, words.brings_far(moves_far_in_words(held[0])))
        said = "; ".join(f"{error.field} {error.message}" for error in problem.errors)
        return Became(Answer.REJECTED, said)
    except (Conflicting, NotFound) as problem:
        return Became(Answer.REJECTED, str(problem))


def _carry_out(event: NeutralEvent, asked: Asked, a_person_said_so: bool) -> Became:
    if event.type is EventType.CUSTOMER_CHANGED:
        return name_customer(event, asked)
    zone = tenant_zone(asked.context.tenant_id)
    day = event.effective_on or civil_day(event.happened_at, zone)
    view = subscription_by_provider_id(asked.context, event.subject)
    if event.type is EventType.CREATED:
        return Became(Answer.ACCEPTED, words.KNOWN) if view else buy(event, day, asked)
    if view is None:
        return Became(Answer.UNMAPPED, words.unknown(event.subject))
    here = _Here(event, view, day, civil_day(asked.now, zone), asked, a_person_said_so)
    if not a_person_said_so and (moves := _moves_far(here)):
        return Became(Answer.UNAPPLIED, words.far(moves))
    became = _change(here)
    if became.operation_id is not None and (gap := _contradiction(here)):
        return replace(became, answer=Answer.GAP, because=gap)
    return became


def _change(here: _Here) -> Became:
    """Of a subscription that is recorded here."""
    event, view, after = here.event, here.view, here.event.after
    match event.type:
        case EventType.QUANTITY_CHANGED:
            if after.quantity == view.quantity:
                return _SO_ALREADY
            return _quantity(here)
        case EventType.PRICE_CHANGED:
            return _price(here)
        case EventType.STATUS_CHANGED | EventType.CANCELLED:
            return _status(here, after.status or SubscriptionStatus.CANCELLED)
        case EventType.RENEWED:
            return _renew(here)
        case EventType.RENEWAL_CHANGED:
            is_so = after.end_of_term is view.end_of_term and view.end_is_said
            if after.end_of_term is None or is_so:
                return _SO_ALREADY
            to = after.end_of_term.value
            return _done(
                set_end_of_term(subscription_id=view.id, to=to, today=here.today, asked=here.asked)
            )
        case EventType.RENAMED:
            if after.name is None or after.name == view.friendly_name:
                return _SO_ALREADY
            return _done(
                rename(subscription_id=view.id, name=after.name, today=here.today, asked=here.asked)
            )
        case EventType.EXTENDED | EventType.TRANSITIONED:
            _check_currency(here)
            return become_another_offer(
                event,
                view,
                day=here.day,
                today=here.today,
                asked=here.asked,
                a_person_said_so=here.a_person_said_so,
            )
        case EventType.CREATED | EventType.CUSTOMER_CHANGED:
            raise AssertionError("these are dealt with before")
        case _:
            assert_never(event.type)


def _quantity(here: _Here) -> Became:
    return _done(
        change_quantity(
            subscription_id=here.view.id,
            quantity=here.event.after.quantity,
            effective_on=here.day,
            today=here.today,
            asked=here.asked,
            accept_large_change=here.a_person_said_so,
        )
    )


def _price(here: _Here) -> Became:
    view, after = as_of(here.view, here.day), here.event.after
    price = view.unit_price if after.unit_price is None else after.unit_price
    cost = view.unit_cost if after.unit_cost is None else after.unit_cost
    if (price, cost) == (view.unit_price, view.unit_cost):
        return _SO_ALREADY
    return _done(
        update_price(
            subscription_id=view.id,
            unit_price=price,
            unit_cost=after.unit_cost,
            currency=after.currency or "",
            effective_on=here.day,
            today=here.today,
            asked=here.asked,
            accept_large_change=True,  # it does not move far, or a person has looked at it
            alone=not here.a_person_said_so,
        )
    )


def _status(here: _Here, to: SubscriptionStatus) -> Became:
    view = here.view
    if to is view.status or (to not in LIVE and view.status not in LIVE):
        return _SO_ALREADY
    verb: Callable[..., Recorded]
    match to:
        case SubscriptionStatus.ACTIVE:
            verb = reactivate
        case SubscriptionStatus.SUSPENDED:
            verb = suspend
        case SubscriptionStatus.CANCELLED:
            verb = cancel
        case SubscriptionStatus.DELETED | SubscriptionStatus.EXPIRED:
            verb = delete_by_vendor
        case SubscriptionStatus.DISABLED:
            return Became(Answer.UNAPPLIED, words.DISABLED)
        case _:
            assert_never(to)
    return _done(
        verb(
            subscription_id=view.id, effective_on=here.day, today=here.today, asked=here.asked
        )
    )  # fmt: skip


def _renew(here: _Here) -> Became:
    view, after = here.view, here.event.after
    known, told = view.commitment_ends_on, after.term_ends_on
    if known is not None and told is not None:
        if told == known:
            return _of_a_term_it_has(here)
        if told < known:
            return Became(Answer.UNAPPLIED, words.ENDS_EARLIER)
        # No term is so short: it is the one that is recorded, and ends on another day there.
        if told - known <= TOLD_WITHIN:
            return Became(Answer.UNAPPLIED, words.ENDS_LATER)
    if told is None and renewed_by_itself(view.id, on=here.day):
        return _of_a_term_it_has(here)
    _check_currency(here)
    price = NewPrice(after.unit_price, after.unit_cost, accepted=True)  # as above
    return _done(
        renew(
            subscription_id=view.id,
            price=price,
            quantity=after.quantity,
            ends_on=told,
            asked=here.asked,
        )
    )


def _of_a_term_it_has(here: _Here) -> Became:
    """It was renewed here before: by itself, or by a person. What the source knows better of it,
    quantity or price, is a change of its own; both at once are for a person."""
    view, after = here.view, here.event.after
    other_quantity = after.quantity not in (None, view.quantity)
    other_price = after.unit_price not in (None, view.unit_price) or after.unit_cost not in (
        None,
        view.unit_cost,
    )
    if other_quantity and other_price:
        return Became(Answer.UNAPPLIED, words.RENEWED_OTHERWISE)
    if other_quantity:
        return _quantity(here)
    if other_price:
        _check_currency(here)
        return _price(here)
    return _SO_ALREADY


def _check_currency(here: _Here) -> None:
    """Raises InvalidInput: an amount is never taken for one of another currency."""
    view, after = here.view, here.event.after
    for amount, known in (
        (after.unit_price, view.price_currency),
        (after.unit_cost, view.cost_currency),
    ):
        if amount is not None and after.currency != known:
            words_for = words.other_currency(after.currency or "", known)
            raise InvalidInput.one("currency", words_for)


def _moves_far(here: _Here) -> str:
    """A year's price read as a month's is the dearest mistake a source can make."""
    if here.event.type not in {EventType.PRICE_CHANGED, EventType.RENEWED}:
        return ""
    return large_change(here.view, here.event.after.unit_price, here.event.after.unit_cost)


def _contradiction(here: _Here) -> str:
    """What it says was before is not what was here: something in between was never told."""
    said, was = here.event.before, here.view
    if said.quantity is not None and said.quantity != was.quantity:
        return words.other_before("quantity", said.quantity, was.quantity)
    if said.unit_price is not None and said.unit_price != was.unit_price:
        return words.other_before("unit price", said.unit_price, was.unit_price)
    return ""


def _done(recorded: Recorded) -> Became:
    return Became(Answer.ACCEPTED, "", recorded.operation_id)


_SO_ALREADY = Became(Answer.ACCEPTED, words.SO_ALREADY)
