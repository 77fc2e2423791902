"""The benefit of a promotion ends within a term: the price without it is recorded by itself.

Only where the price was made by the rules under that promotion, and is still that: then the rules
say what comes after it, too. What does not come out so is kept with its reason, and a person
records *Promotion ends*.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction

from tallystick.audit.record import SYSTEM
from tallystick.catalog.because import because_of
from tallystick.catalog.explained import CannotPrice, Explained, Price
from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.identity.roles import Role
from tallystick.kit.clock import civil_day
from tallystick.kit.days import in_words
from tallystick.kit.ids import correlation_id
from tallystick.kit.log import logger
from tallystick.kit.problem import InvalidInput, Problem
from tallystick.ledger.price_steps import PriceStep, steps_after
from tallystick.ledger.queries import price_steps
from tallystick.ledger.record import Origin
from tallystick.ledger.wake import Wake
from tallystick.operations.as_of import as_of
from tallystick.operations.finish import SCHEDULE, Asked
from tallystick.operations.keep_refused import forget_refused, keep_refused
from tallystick.operations.renew import NewPrice, end_promotion
from tallystick.subscriptions.large_change import large_change
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.pricing import price_to_record
from tallystick.subscriptions.queries import SubscriptionView, view_of
from tallystick.subscriptions.refused import PROMOTION, ids_to_wait
from tallystick.subscriptions.scheduled import LIVING

log = logger("operations.end_promotions")

# It is another day somewhere: who has not got there yet is looked at again.
EARLIEST = timedelta(days=1)
NOT_THE_RULES = "is not what the price rules come to under it, so they do not say what follows"


def end_promotions_due(*, now: datetime, wake: Wake) -> int:
    """Answers how many. The last day counts to its end in the tenant's own calendar; harmless to
    call twice: a price that follows has no promotion that ends."""
    due = Subscription.objects.filter(
        promotion_ends_on__lt=(now + EARLIEST).date(), status__in=LIVING
    ).order_by("promotion_ends_on", "pk")
    waits = ids_to_wait(now, promotion=True)
    return sum(_end(row.pk, now=now, wake=wake) for row in due if row.pk not in waits)


def _end(subscription_id: int, *, now: datetime, wake: Wake) -> bool:
    """Whether it was recorded. In one transaction: what was found due is still so."""
    with transaction.atomic():
        row = (
            Subscription.objects.select_for_update(of=("self",), no_key=True)
            .select_related("customer", "offer")
            .filter(pk=subscription_id, promotion_ends_on__isnull=False, status__in=LIVING)
            .first()
        )
        if row is None or row.promotion_ends_on is None:
            return False
        view, last_day = view_of(row), row.promotion_ends_on
        today = civil_day(now, tenant_zone(row.tenant_id))
        if last_day >= today:
            return False
        day = last_day + timedelta(days=1)
        later = steps_after(price_steps([view.id])[view.id], last_day)
        if later and later[0].on == day:
            _leave(row)
            return False
        # By its number, too: a quantity of an earlier day may bring the promotion back.
        source_id = f"promotion/{view.id}/{day.isoformat()}/{view.last_sequence}"
        asked = Asked(
            context=Context(view.tenant_id, None, Role.OPERATOR, SYSTEM),
            origin=Origin(SCHEDULE, source_id),
            correlation_id=correlation_id(),
            now=now,
            wake=wake,
        )
        try:
            with transaction.atomic():
                _refuse_over(later)
                price = _price_after(asked.context, view, last_day, day)
                end_promotion(
                    subscription_id=view.id,
                    price=price,
                    effective_on=day,
                    today=today,
                    asked=asked,
                )
        except Problem as problem:
            log.warning("promotion not ended", subscription=view.id, why=str(problem))
            what = f"Promotion ends, price without it from {in_words(day)}"
            keep_refused(view, problem, what=what, on=day, now=now, asks=PROMOTION)
            return False
        return True


def _leave(row: Subscription) -> None:
    """What it is sold for from the day after is recorded: there is nothing left to end."""
    row.promotion_ends_on = None
    row.save(update_fields=["promotion_ends_on"])
    forget_refused(row.pk, asks=PROMOTION)


def _refuse_over(later: Sequence[PriceStep]) -> None:
    """What is recorded now would count over a price of a later day. Raises InvalidInput."""
    if later:
        raise InvalidInput.one(
            PROMOTION,
            f"is another one from {in_words(later[0].on)}, by operation {later[0].sequence}: what "
            "is recorded for an earlier day counts from then on, too. Record that price again "
            "afterwards",
        )


def _price_after(context: Context, view: SubscriptionView, last_day: date, day: date) -> NewPrice:
    """Raises InvalidInput: a person says it."""
    under, after = (price_to_record(context, view, on=one) for one in (last_day, day))
    if isinstance(after, CannotPrice):
        raise InvalidInput.one(PROMOTION, f"is not known without it: {after.reason}")
    if not _is_what_it_has(as_of(view, last_day), under):
        raise InvalidInput.one(PROMOTION, NOT_THE_RULES)
    if moves := large_change(view, after.unit_price, after.unit_cost):
        raise InvalidInput.one(PROMOTION, f"moves by more than a factor 3 without it: {moves}")
    because = because_of(after.because, "The promotion's benefit has ended")
    return NewPrice(after.unit_price, after.unit_cost, because)


def _is_what_it_has(view: SubscriptionView, under: Price) -> bool:
    return isinstance(under, Explained) and (
        view.unit_price == under.unit_price and under.unit_cost in {None, view.unit_cost}
    )
