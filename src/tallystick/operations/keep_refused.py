"""Keep that what was to happen by itself was refused, for the person who can do something about it.

The first time has an audit log; the tries after it are counted.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import F

from tallystick.audit.events import Event, Status
from tallystick.audit.record import SYSTEM, record
from tallystick.kit.ids import correlation_id
from tallystick.kit.problem import InvalidInput, Problem
from tallystick.subscriptions.models import RefusedChange
from tallystick.subscriptions.queries import SubscriptionView
from tallystick.subscriptions.refused import AGAIN_AFTER, sentence_of


def keep_refused(
    view: SubscriptionView,
    problem: Problem,
    *,
    what: str,
    on: date,
    now: datetime,
    asks: str = "",
) -> None:
    """In a transaction that holds the subscription, after it was found to be still due. ``asks``:
    what a person is asked for, whatever field is wrong."""
    errors = problem.errors if isinstance(problem, InvalidInput) else ()
    because = sentence_of(errors) if errors else str(problem)
    asks = asks or (errors[0].field[:60] if errors else "")
    said: dict[str, Any] = {
        "what": what[:400],
        "on": on,
        "because": because,
        "asks": asks,
        "next_at": now + AGAIN_AFTER,
    }
    known = RefusedChange.objects.filter(subscription_id=view.id)
    if known.update(tries=F("tries") + 1, **said):
        return
    RefusedChange.objects.create(
        tenant_id=view.tenant_id, subscription_id=view.id, since_at=now, tries=1, **said
    )
    record(
        Event.UPDATE_SUBSCRIPTION,
        actor=SYSTEM,
        now=now,
        subject=view.subject(),
        correlation_id=correlation_id(),
        status=Status.FAILED,
        summary=f"{what}: refused. {because}"[:500],
        details={"what": what, "effective_on": on.isoformat(), "because": because, "asks": asks},
    )


def forget_refused(subscription_id: int, *, asks: str | None = None) -> None:
    """It has happened, or it was decided otherwise. ``asks``: only what this was wrong with."""
    rows = RefusedChange.objects.filter(subscription_id=subscription_id)
    (rows if asks is None else rows.filter(asks=asks)).delete()


def ask_again(subscription_id: int, *, now: datetime) -> None:
    """Something else of it is so now: perhaps what was refused may happen."""
    RefusedChange.objects.filter(subscription_id=subscription_id).update(next_at=now)
