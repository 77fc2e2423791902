"""Terms that have ended, of subscriptions that were to end with them: each expires by itself.

What is refused is kept with its reason, and tried again after a day.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from tallystick.audit.record import SYSTEM
from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.identity.roles import Role
from tallystick.kit.clock import civil_day
from tallystick.kit.days import in_words
from tallystick.kit.ids import correlation_id
from tallystick.kit.log import logger
from tallystick.kit.problem import Problem
from tallystick.ledger.record import Origin
from tallystick.ledger.wake import Wake
from tallystick.operations.end import expire
from tallystick.operations.finish import Asked
from tallystick.operations.keep_refused import keep_refused
from tallystick.subscriptions.models import Subscription
from tallystick.subscriptions.queries import view_of
from tallystick.subscriptions.refused import ids_to_wait
from tallystick.subscriptions.status import EndOfTerm, SubscriptionStatus

log = logger("operations.expire_due")

SOURCE = "schedule"
LIVING = (SubscriptionStatus.ACTIVE.value, SubscriptionStatus.SUSPENDED.value)
# It is another day somewhere: who has not got there yet is looked at again.
EARLIEST = timedelta(days=1)


def expire_due(*, now: datetime, wake: Wake) -> int:
    """Answers how many. The last day counts to its end in the tenant's own calendar; harmless to
    call twice: a term ends once."""
    ended = 0
    due = Subscription.objects.filter(
        end_of_term=EndOfTerm.CANCEL.value,
        status__in=LIVING,
        commitment_ends_on__lt=(now + EARLIEST).date(),
    ).order_by("commitment_ends_on", "pk")
    waits = ids_to_wait(now)
    for row in due:
        today = civil_day(now, tenant_zone(row.tenant_id))
        last_day = row.commitment_ends_on
        if row.pk in waits or last_day is None or last_day >= today:
            continue
        asked = Asked(
            context=Context(row.tenant_id, None, Role.OPERATOR, SYSTEM),
            origin=Origin(SOURCE, f"expire/{row.pk}/{last_day.isoformat()}"),
            correlation_id=correlation_id(),
            now=now,
            wake=wake,
        )
        try:
            expire(subscription_id=row.pk, today=today, asked=asked)
            ended += 1
        except Problem as problem:
            log.warning("not expired", subscription=row.pk, why=str(problem))
            _keep(row.pk, problem, last_day, now=now)
    return ended


def _keep(subscription_id: int, problem: Problem, last_day: date, *, now: datetime) -> None:
    """Unless it is no longer to end that day: then nothing was refused."""
    with transaction.atomic():
        row = (
            Subscription.objects.select_for_update(of=("self",), no_key=True)
            .select_related("customer", "offer")
            .filter(
                pk=subscription_id,
                end_of_term=EndOfTerm.CANCEL.value,
                status__in=LIVING,
                commitment_ends_on=last_day,
            )
            .first()
        )
        if row is not None:
            what = f"{EndOfTerm.CANCEL.label} after {in_words(last_day)}"
            day = last_day + timedelta(days=1)
            keep_refused(view_of(row), problem, what=what, on=day, now=now)
