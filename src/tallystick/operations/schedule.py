"""Schedule what a subscription becomes on a later day, and take it back before.

Scheduling sends nothing and is recorded so. On its day it is carried out by itself (``carry_out``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.identity.roles import Right
from tallystick.kit.days import in_words
from tallystick.kit.problem import FieldError, InvalidInput
from tallystick.ledger.kinds import OperationKind
from tallystick.ledger.record import Recorded
from tallystick.mappings.hold import hold_subscription
from tallystick.operations.amounts import as_text
from tallystick.operations.carry_out import carry_out
from tallystick.operations.change_offer import NewOffer, change_offer, check_new_offer, offer_of
from tallystick.operations.finish import (
    Asked,
    Change,
    already_recorded,
    first_what_is_due,
    record_now,
)
from tallystick.operations.move_line import ChosenLine
from tallystick.operations.renew import NewPrice
from tallystick.subscriptions.large_change import check_large_change
from tallystick.subscriptions.models import ScheduledChange
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.rules import FARTHEST, check_living, read_effective_day
from tallystick.subscriptions.scheduled import ScheduledView, scheduled_of
from tallystick.subscriptions.status import EndOfTerm


@dataclass(frozen=True, slots=True)
class Plan:
    """``on`` None: with the next term. ``then``: what the term does when it ends; None: as it is.
    Of the rest, None leaves it as it is. ``line``: where the other offer is to be billed."""

    on: date | None = None
    then: EndOfTerm | None = None
    offer_id: int | None = None
    quantity: int | None = None
    price: NewPrice = field(default_factory=NewPrice)
    line: ChosenLine | None = None


def schedule(*, subscription_id: int, plan: Plan, today: date, asked: Asked) -> Recorded:
    """It takes the place of what was scheduled before.

    Raises InvalidInput (naming the field), NotFound, NotAllowed, Conflicting.
    """
    recorded = keep_plan(subscription_id, plan, today, asked)
    if plan.on is None:
        carry_out(subscription_id, now=asked.now, wake=asked.wake)  # where the term is over already
    return recorded


def keep_plan(subscription_id: int, plan: Plan, today: date, asked: Asked) -> Recorded:
    """It is scheduled, and not carried out whatever its day. Raises as ``schedule``."""
    asked.context.require(Right.OPERATE)
    first_what_is_due(subscription_id, asked)
    with transaction.atomic():
        view = hold_subscription(asked.context, subscription_id)
        known = already_recorded(asked, view.id)
        if known is not None:
            return known
        if errors := _wrong(view, plan, today=today):
            raise InvalidInput(errors)
        before = scheduled_of([view.id]).get(view.id)
        _keep(view, plan, asked)
        then = plan.then or view.end_of_term
        # Said again it is said: a term that nobody has spoken of does not renew by itself.
        fields = {} if plan.then is None else {"end_of_term": then.value}
        return _record(view, before, then, fields, today, asked)


def change_offer_from(
    *,
    subscription_id: int,
    to: NewOffer,
    line: ChosenLine | None = None,
    effective_on: object = None,
    today: date,
    asked: Asked,
) -> Recorded:
    """Of a later day: scheduled for it, so that until then it is the offer it is. Raises as
    ``schedule``."""
    day = read_effective_day(effective_on, today=today)
    if day <= today:
        return change_offer(
            subscription_id=subscription_id,
            to=to,
            line=line,
            effective_on=day,
            today=today,
            asked=asked,
        )
    if to.ends_on is not None:
        raise InvalidInput.one("ends_on", "is the new offer's own term when the day is a later one")
    plan = Plan(on=day, offer_id=to.offer_id, quantity=to.quantity, price=to.price, line=line)
    return schedule(subscription_id=subscription_id, plan=plan, today=today, asked=asked)


def take_back_scheduled(*, subscription_id: int, today: date, asked: Asked) -> Recorded:
    """Nothing is scheduled any more; what its term does when it ends stays. As ``schedule``."""
    asked.context.require(Right.OPERATE)
    with transaction.atomic():
        view = hold_subscription(asked.context, subscription_id)
        known = already_recorded(asked, view.id)
        if known is not None:
            return known
        before = scheduled_of([view.id]).get(view.id)
        if before is None:
            raise InvalidInput.one("subscription", "has nothing scheduled that could be taken back")
        ScheduledChange.objects.filter(subscription_id=view.id).delete()
        return _record(view, before, view.end_of_term, {}, today, asked)


def _wrong(view: SubscriptionView, plan: Plan, *, today: date) -> list[FieldError]:
    if errors := check_living(view.holding()):
        return errors
    day = plan.on or next_term_on(view)
    if day is None:
        return [FieldError("effective_on", "is needed: it has no term that ends")]
    is_past = plan.on is not None and day <= today
    if is_past or day > today + FARTHEST:
        return [FieldError("effective_on", "must be a later day, and within five years")]
    then = plan.then or view.end_of_term
    if plan.on is None and then is EndOfTerm.CANCEL and _says_more(plan):
        return [FieldError("end_of_term", "is to end it: nothing else can follow")]
    if plan.on is not None and plan.offer_id is None:
        return [FieldError("offer_id", "is needed for a day of its own")]
    errors = plan.price.check(view)
    if plan.offer_id is None:
        said = (plan.price.unit_price, plan.price.unit_cost)
        errors += check_large_change(view, *said, accepted=plan.price.accepted)
    else:
        to = NewOffer(plan.offer_id, plan.price, plan.quantity)
        errors += check_new_offer(
            view, offer_of(view, plan.offer_id), to, day, today=today, price_may_follow=True
        )
    return errors


def _says_more(plan: Plan) -> bool:
    return plan.offer_id is not None or plan.quantity is not None or plan.price != NewPrice()


def next_term_on(view: SubscriptionView) -> date | None:
    """Its first day; None when it has no term that ends."""
    last_day = view.commitment_ends_on
    if last_day is None or last_day == date.max:
        return None
    return last_day + timedelta(days=1)


def _keep(view: SubscriptionView, plan: Plan, asked: Asked) -> None:
    ends = plan.on is None and (plan.then or view.end_of_term) is EndOfTerm.CANCEL
    ScheduledChange.objects.filter(subscription_id=view.id).delete()
    if ends:
        return  # the end of its term does that by itself
    ScheduledChange.objects.create(
        tenant_id=view.tenant_id,
        subscription_id=view.id,
        on=plan.on,
        offer_id=plan.offer_id,
        quantity=plan.quantity,
        unit_price=plan.price.unit_price,
        unit_cost=plan.price.unit_cost,
        contract_id=plan.line.contract_id if plan.line else None,
        line_id=plan.line.line_id if plan.line else None,
        asked_by=asked.context.actor.name[:200],
        created_at=asked.now,
    )


def _record(
    view: SubscriptionView,
    before: ScheduledView | None,
    then: EndOfTerm,
    fields: dict[str, Any],
    today: date,
    asked: Asked,
) -> Recorded:
    """As it is now known, beside what was scheduled before."""

    def decide(_: SubscriptionView) -> Change:
        now = scheduled_of([view.id]).get(view.id)
        if now is not None and fields:
            now = replace(now, then=then)
        words = now.in_words() if now else _without(then, bool(fields))
        return Change(
            kind=OperationKind.SCHEDULE_CHANGE,
            event=Event.UPDATE_SUBSCRIPTION,
            before={"value": before.in_words() if before else "", **_facts(before)},
            after={"value": words, "end_of_term": then.value, **_facts(now)},
            effective_on=today,
            fields=fields,
            summary=f"Scheduled: {words or 'nothing any more'}",
            not_applicable=lambda _: _because(now, then, is_said=view.end_is_said),
        )

    return record_now(view.id, decide, asked=asked)


def _without(then: EndOfTerm, changed: bool) -> str:
    return f"{then.label} when its term ends" if changed else ""


def _because(now: ScheduledView | None, then: EndOfTerm, *, is_said: bool) -> str:
    if now is not None:
        day = "with the next term" if now.on is None else f"on {in_words(now.on)}"
        return f"It takes effect by itself {day}. Nothing is sent now."
    match then:
        case EndOfTerm.CANCEL:
            return "It ends by itself when its term does. Nothing is sent now."
        case EndOfTerm.EXTEND:
            return "It goes on month by month by itself when its term ends. Nothing is sent now."
        case EndOfTerm.RENEW if is_said:
            return "It renews by itself when its term ends, at the price of then. Nothing is sent."
        case _:
            return "Nothing takes effect by itself any more. Nothing is sent."


def _facts(view: ScheduledView | None) -> dict[str, Any]:
    if view is None:
        return {}
    return {
        "takes_effect_on": view.on.isoformat() if view.on else None,
        "offer": view.offer.label() if view.offer else None,
        "offer_id": view.offer_id,
        "scheduled_quantity": view.quantity,
        "scheduled_unit_price": as_text(view.unit_price),
        "scheduled_unit_cost": as_text(view.unit_cost),
    }
