"""What was scheduled happens, on the day after a term's last one or on a day of its own.

As operations of that day: a renewal, a change of offer, the extended service term. Once, also when
no worker was there for days; what is recorded first on the day itself waits for it (``finish``). A
term that somebody has said renews does so without anything being scheduled (``undecided``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from tallystick.audit.record import Actor
from tallystick.catalog.add_offer import OfferFacts, known_or_added
from tallystick.catalog.terms import BillingCycle, Term
from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.identity.roles import Role
from tallystick.kit.clock import civil_day
from tallystick.kit.days import in_words
from tallystick.kit.ids import correlation_id
from tallystick.kit.log import logger
from tallystick.kit.problem import InvalidInput, NotFound, Problem
from tallystick.ledger.record import Origin, Recorded
from tallystick.ledger.wake import Wake
from tallystick.operations.change_offer import NewOffer, change_offer
from tallystick.operations.finish import SCHEDULE, Asked
from tallystick.operations.keep_refused import forget_refused, keep_refused
from tallystick.operations.move_line import ChosenLine
from tallystick.operations.offer_price import price_of_offer, with_what_is_said
from tallystick.operations.renew import NewPrice, renew
from tallystick.subscriptions.models import ScheduledChange, Subscription
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.queries import view_of as view_of_subscription
from tallystick.subscriptions.refused import ids_to_wait
from tallystick.subscriptions.scheduled import (
    LIVING,
    ScheduledView,
    ids_scheduled_until,
    view_of,
)
from tallystick.subscriptions.status import EndOfTerm
from tallystick.subscriptions.undecided import renews_by_itself

log = logger("operations.carry_out")

TRIAL = "is a trial, and what is paid for it then is not known: record that it converts to paid"


@dataclass(frozen=True, slots=True)
class Due:
    """What is to happen now to a subscription whose row is held, and the day it counts from."""

    view: SubscriptionView
    scheduled: ScheduledView | None
    on: date

    @property
    def what(self) -> str:
        if self.scheduled is not None:
            return self.scheduled.in_words()
        return f"{self.view.end_of_term.short} from {in_words(self.on)}"


def carry_out_due(*, now: datetime, wake: Wake) -> int:
    """Answers how many. Days count in the tenant's own calendar; harmless to call twice. What was
    refused is tried again after a day, or when something else was recorded of it."""
    ids = {*ids_scheduled_until(now), *_to_go_on(now)} - ids_to_wait(now)
    return sum(carry_out(one, now=now, wake=wake) for one in sorted(ids))


def carry_out(subscription_id: int, *, now: datetime, wake: Wake) -> bool:
    """What is due of one subscription; answers whether anything was. What is refused is kept with
    its reason, and looked at again."""
    try:
        with transaction.atomic():
            due = _due(subscription_id, now=now)
            if due is None:
                return False
            ScheduledChange.objects.filter(subscription_id=subscription_id).delete()
            _carry_out(due, now=now, wake=wake)
            forget_refused(subscription_id)
            return True
    except Problem as problem:
        log.warning("not carried out", subscription=subscription_id, why=str(problem))
        with transaction.atomic():
            due = _due(subscription_id, now=now)  # meanwhile somebody may have decided otherwise
            if due is not None:
                keep_refused(due.view, problem, what=due.what, on=due.on, now=now)
        return False


def carried_out(subscription_id: int, on: date, *, now: datetime, wake: Wake) -> Recorded:
    """What will be recorded by itself on that day, recorded already: for a look, in a transaction
    that is undone. Raises what recording it would raise; NotFound when it has ended."""
    with transaction.atomic():
        row = _held(subscription_id)
        if row is None:
            raise NotFound("There is no such subscription any more. Nothing was recorded.")
        scheduled = _scheduled(row)
        ScheduledChange.objects.filter(subscription_id=row.pk).delete()
        return _carry_out(Due(view_of_subscription(row), scheduled, on), now=now, wake=wake)


def _held(subscription_id: int) -> Subscription | None:
    """In a transaction: the row is held until it ends."""
    return (
        Subscription.objects.select_for_update(of=("self",), no_key=True)
        .select_related("customer", "offer")
        .filter(pk=subscription_id, status__in=LIVING)
        .first()
    )


def _scheduled(row: Subscription) -> ScheduledView | None:
    found = ScheduledChange.objects.filter(subscription_id=row.pk).first()
    return view_of(found) if found is not None else None


def _due(subscription_id: int, *, now: datetime) -> Due | None:
    """In a transaction: the row is held until it ends."""
    row = _held(subscription_id)
    if row is None:
        return None
    scheduled = _scheduled(row)
    day = _due_day(row, scheduled, now=now)
    return Due(view_of_subscription(row), scheduled, day) if day is not None else None


def _to_go_on(now: datetime) -> list[int]:
    """Terms that may have ended somewhere, and go on: somebody has said that they renew, or they
    go on month by month."""
    rows = Subscription.objects.filter(
        Q(end_of_term=EndOfTerm.EXTEND.value)
        | Q(end_of_term=EndOfTerm.RENEW.value, end_said_at__isnull=False),
        status__in=LIVING,
        commitment_ends_on__lt=now.date() + timedelta(days=1),
    )
    return list(rows.values_list("pk", flat=True))


def _due_day(row: Subscription, scheduled: ScheduledView | None, *, now: datetime) -> date | None:
    """The day it counts from; None when that has not come, or nothing is to happen."""
    zone = tenant_zone(row.tenant_id)
    today = civil_day(now, zone)
    last_day = row.commitment_ends_on
    if scheduled is not None and not scheduled.with_next_term:
        return scheduled.on if scheduled.on is not None and scheduled.on <= today else None
    if last_day is None or last_day >= today:
        return None
    then = EndOfTerm(row.end_of_term)
    goes_on = scheduled is not None or then is EndOfTerm.EXTEND
    if then is EndOfTerm.CANCEL or not (
        goes_on or renews_by_itself(then, said_at=row.end_said_at, last_day=last_day, zone=zone)
    ):
        return None
    return last_day + timedelta(days=1)


def _carry_out(due: Due, *, now: datetime, wake: Wake) -> Recorded:
    view, scheduled, day = due.view, due.scheduled, due.on
    if scheduled is None and view.is_trial:
        raise InvalidInput.one("subscription", TRIAL)
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
        return renew(subscription_id=view.id, price=price, quantity=quantity, asked=asked)
    return change_offer(
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
