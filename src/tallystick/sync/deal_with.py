"""A person says that a second writer is dealt with: it is told again only when seen anew."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tallystick.audit.events import Event
from tallystick.audit.record import record
from tallystick.connections.queries import get_connection, subject_on
from tallystick.identity.context import Context
from tallystick.identity.roles import Right
from tallystick.kit.problem import Conflicting, InvalidInput, NotFound
from tallystick.ledger.group import lanes_of
from tallystick.ledger.models import Lane
from tallystick.ledger.sightings import keep_dealt_with, second_writers
from tallystick.subscriptions.queries import get_subscription

LONGEST = 1000


def deal_with(
    subscription_id: int,
    connection_id: int,
    *,
    reason: str,
    context: Context,
    now: datetime,
    correlation_id: str,
) -> None:
    """Nothing is sent or compared because of it.

    Raises NotFound, NotAllowed, InvalidInput (reason), Conflicting (nothing was seen).
    """
    context.require(Right.RESOLVE)
    reason = reason.replace("\x00", "").strip()
    if not reason:
        raise InvalidInput.one("reason", "is needed: somebody will ask")
    if len(reason) > LONGEST:
        raise InvalidInput.one("reason", f"is too long: at most {LONGEST} characters")
    connection = get_connection(context, connection_id)
    view = get_subscription(context, subscription_id)
    with transaction.atomic():
        lanes = {
            lane.pk: lane
            for lane in Lane.objects.select_for_update(no_key=True)
            .filter(lanes_of([view.id]), connection_id=connection.id, open=True)
            .order_by("pk")
        }
        if not lanes:
            raise NotFound("The subscription is not mapped to this connection.")
        found = second_writers(lanes, now=now)
        if not found:
            raise Conflicting(
                "Nothing is open here: nobody else was seen to change this line, or somebody has "
                "dealt with it. Nothing was changed."
            )
        for lane_id, writer in found.items():
            keep_dealt_with(lanes[lane_id], reason=reason, person=context.actor.name, now=now)
            record(
                Event.SECOND_WRITER_DEALT_WITH,
                actor=context.actor,
                now=now,
                subject=subject_on(view.subject(), connection),
                correlation_id=correlation_id,
                summary=reason,
                details={"reason": reason, "was": writer.in_words()},
            )
