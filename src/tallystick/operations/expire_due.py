"""Terms that have ended, of subscriptions that were to end with them: each expires by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from tallystick.audit.record import SYSTEM
from tallystick.identity.context import Context
from tallystick.identity.people import tenant_zone
from tallystick.identity.roles import Role
from tallystick.kit.clock import civil_day
from tallystick.kit.ids import correlation_id
from tallystick.kit.log import logger
from tallystick.kit.problem import Problem
from tallystick.ledger.record import Origin
from tallystick.ledger.wake import Wake
from tallystick.operations.end import expire
from tallystick.operations.finish import Asked
from tallystick.subscriptions.models import Subscription
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
    for row in due:
        today = civil_day(now, tenant_zone(row.tenant_id))
        if row.commitment_ends_on is None or row.commitment_ends_on >= today:
            continue
        asked = Asked(
            context=Context(row.tenant_id, None, Role.OPERATOR, SYSTEM),
            origin=Origin(SOURCE, f"expire/{row.pk}/{row.commitment_ends_on.isoformat()}"),
            correlation_id=correlation_id(),
            now=now,
            wake=wake,
        )
        try:
            expire(subscription_id=row.pk, today=today, asked=asked)
            ended += 1
        except Problem as problem:
            log.warning("not expired", subscription=row.pk, why=str(problem))
    return ended
