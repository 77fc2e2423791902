"""What was scheduled happens, on the day after a term's last one or on a day of its own.

As operations of that day: a renewal, a change of offer, the extended service term. Once, also when
no worker was there for days; what is recorded first on the day itself waits for it (``finish``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from django.db import transaction

from tallystick.audit.record import Actor
from tallystick.catalog.add_offer import OfferFacts, known_or_added
from tallystick.catalog.terms import BillingCycle, Term
from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.identity.roles import Role
from tallystick.kit.clock import civil_day
from tallystick.kit.ids import correlation_id
from tallystick.kit.log import logger
from tallystick.kit.problem import Problem
from tallystick.ledger.record import Origin
from tallystick.ledger.wake import Wake
from tallystick.operations.change_offer import NewOffer, change_offer
from tallystick.operations.finish import SCHEDULE, Asked
from tallystick.operations.move_line import ChosenLine
from tallystick.operations.offer_price import price_of_offer, with_what_is_said
from tallystick.operations.renew import NewPrice, renew
from tallystick.subscriptions.models import ScheduledChange, Subscription
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.queries import view_of as view_of_subscription
from tallystick.subscriptions.scheduled import (
    LIVING,
    ScheduledView,
    ids_scheduled_until,
    view_of,
)
from tallystick.subscriptions.status import EndOfTerm

log = logger("operations.carry_out")


def carry_out_due(*, now: datetime, wake: Wake) -> int:
    """Answers how many. Days count in the tenant's own calendar; harmless to call twice."""
    ids = {*ids_scheduled_until(now), *_to_be_extended(now)}
    return sum(carry_out(one, now=now, wake=wake) for one in sorted(ids))


def carry_out(subscription_id: int, *, now: datetime, wake: Wake) -> bool:
    """What is due of one subscription; answers whether anything was. What cannot be done is
    logged, and looked at again."""
    try:
        with transaction.atomic():
            row = (
                Subscription.objects.select_for_update(of=("self",), no_key=True)
                .select_related("customer", "offer")
                .filter(pk=subscription_id, status__in=LIVING)
                .first()
            )
            if row is None:
                return False
            found = ScheduledChange.objects.filter(subscription_id=row.pk).first()
            scheduled = view_of(found) if found is not None else None
            day = _due_day(row, scheduled, today=civil_day(now, tenant_zone(row.tenant_id)))
            if day is None:
                return False
            ScheduledChange.objects.filter(subscription_id=row.pk).delete()
            _carry_out(view_of_subscription(row), scheduled, day, now=now, wake=wake)
            return True
    except Problem as problem:
        log.warning("not carried out", subscription=subscription_id, why=str(problem))
        return False


def _to_be_extended(now: datetime) -> list[int]:
    """Terms that may have ended somewhere, and go on month by month."""
    rows = Subscription.objects.filter(
        end_of_term=EndOfTerm.EXTEND.value,
        status__in=LIVING,
        commitment_ends_on__lt=now.date() + timedelta(days=1),
    )
    return list(rows.values_list("pk", flat=True))


def _due_day(row: Subscription, scheduled: ScheduledView | None, *, today: date) -> date | None:
    """The day it counts from; None when that has not come, or nothing is to happen."""
    last_day = row.commitment_ends_on
    ended = last_day is not None and last_day < today
    if scheduled is not None and not scheduled.with_next_term:
        return scheduled.on if scheduled.on is not None and scheduled.on <= today else None
    if last_day is None or not ended:
        return None
    then = EndOfTerm(row.end_of_term)
    if then is EndOfTerm.CANCEL or (scheduled is None and then is not EndOfTerm.EXTEND):
        return None
    return last_day + timedelta(days=1)


def _carry_out(
    view: SubscriptionView,
    scheduled: ScheduledView | None,
    day: date,
    *,
    now: datetime,
    wake: Wake,
) -> None:
    by = f", for {scheduled.asked_by}" if scheduled else ""
    actor = Actor(ref="system", name=f"Tallystick{by}"[:200])
    asked = Asked(
        context=Context(view.tenant_id, None, Role.OPERATOR, actor),
        origin=Origin(SCHEDULE, f"term/{view.id}/{day.isoformat()}"),
        correlation_id=correlation_id(),
        now=now,
        wake=wake,
    )
    quantity = scheduled.quantity if scheduled else None
    extended = view.end_of_term is EndOfTerm.EXTEND and (
        scheduled is None or scheduled.with_next_term
    )
    offer = _offer(view, scheduled, asked) if extended or (scheduled and scheduled.offer) else None
    price = NewPrice()
    if scheduled is not None:  # whoever scheduled it has said that it is meant
        said = (scheduled.unit_price, scheduled.unit_cost)
        price = NewPrice(*said, accepted=said != (None, None))
    if offer is None or offer[0] == view.offer_id:
        same = (view.offer_id, view.offer)
        price = _priced(asked.context, view, same, price, day, extended=False)
        renew(subscription_id=view.id, price=price, quantity=quantity, asked=asked)
        return
    change_offer(
        subscription_id=view.id,
        to=NewOffer(
            offer[0],
            _priced(asked.context, view, offer, price, day, extended=extended),
            quantity,
            extended=extended,
        ),
        line=_line(scheduled),
        effective_on=day,
        today=day,
        asked=asked,
    )


def _offer(
    view: SubscriptionView, scheduled: ScheduledView | None, asked: Asked
) -> tuple[int, OfferFacts]:
    """The scheduled one; in the extended service term the same product, month by month."""
    if scheduled is not None and scheduled.offer_id is not None and scheduled.offer is not None:
        return scheduled.offer_id, scheduled.offer
    facts = replace(view.offer, term=Term.MONTH, billing_cycle=BillingCycle.MONTHLY)
    offer_id = known_or_added(
        facts,
        tenant_id=view.tenant_id,
        actor=asked.context.actor,
        now=asked.now,
        correlation_id=asked.correlation_id,
    )
    return offer_id, facts


def _priced(
    context: Context,
    view: SubscriptionView,
    offer: tuple[int, OfferFacts],
    said: NewPrice,
    day: date,
    *,
    extended: bool,
) -> NewPrice:
    """What was said when it was scheduled, and for the rest what the price rules come to."""
    found = price_of_offer(context, view, *offer, on=day, extended=extended)
    return with_what_is_said(found, said)


def _line(scheduled: ScheduledView | None) -> ChosenLine | None:
    if scheduled is None or scheduled.contract_id is None:
        return None
    return ChosenLine(scheduled.contract_id, scheduled.line_id)
